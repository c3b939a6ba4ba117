// SPDX-License-Identifier: MIT
// jitter.cpp: jitter spreads a wait and keeps the cap: it neither vanishes at the cap nor exceeds it.
#include <tenax/wait/jitter.hpp>

#include <cmath>

#include <tenax/wait/constant.hpp>
#include <tenax/wait/exponential.hpp>
#include <tenax/wait/fibonacci.hpp>
#include <tenax/wait/linear.hpp>
#include <tenax/wait/polynomial.hpp>
#include <tenax/wait/sequence.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using tenax::duration;
using tests::at;

namespace {

tenax::fixed_random low(tenax::lowest_draw);
tenax::fixed_random middle(tenax::middle_draw);
tenax::fixed_random high(tenax::highest_draw);

struct ends {
  duration least;
  duration most;  // exclusive, if the interval is not empty
  friend bool operator==(ends const&, ends const&) = default;
};

/// The interval that a strategy draws from after attempt `n`.
template <class W>
ends interval(W const& w, std::uint32_t n) {
  return {w(at(n, &low)), w(at(n, &high)) + 1ns};
}

/// 1s, 2s, 4s, 8s, 10s, 10s, ...
constexpr auto capped = tenax::wait::exponential({.base = 1s, .max = 10s});

}  // namespace

TEST_CASE("Full jitter draws from zero to the wait") {
  CHECK(interval(capped.full(), 1) == ends{0s, 1s});
  CHECK(interval(capped.full(), 3) == ends{0s, 4s});
  CHECK(capped.full()(at(3, &middle)) == 2s);
  CHECK(tenax::wait::constant(0s).full()(at(1, &high)) == 0s);
}

TEST_CASE("Equal jitter keeps half of the wait and draws the other half") {
  CHECK(interval(capped.equal(), 1) == ends{500ms, 1s});
  CHECK(interval(capped.equal(), 3) == ends{2s, 4s});
  CHECK(capped.equal()(at(3, &middle)) == 3s);
  CHECK(tenax::wait::constant(0s).equal()(at(1, &high)) == 0s);
  CHECK(tenax::wait::constant(1ns).equal()(at(1, &high)) <= 1ns);
}

TEST_CASE("Proportional jitter draws around the wait") {
  CHECK(interval(capped.proportional(0.25), 1) == ends{750ms, 1250ms});
  CHECK(interval(capped.proportional(0.25), 4) == ends{6s, 10s});
  CHECK(interval(tenax::wait::constant(1s).proportional(1.0), 1) == ends{0s, 2s});
  CHECK(capped.proportional(0.25)(at(1, &middle)) == 1s);
  CHECK(tenax::wait::constant(1s).proportional(0.0)(at(1, &high)) == 1s);
}

TEST_CASE("Additive jitter draws on top of the wait") {
  CHECK(interval(capped.additive(500ms), 1) == ends{1s, 1500ms});
  CHECK(interval(capped.additive(2s), 4) == ends{8s, 10s});
  CHECK(capped.additive(500ms)(at(1, &middle)) == 1250ms);
  CHECK(tenax::wait::constant(1s).additive(0s)(at(1, &high)) == 1s);
}

TEST_CASE("At the cap, jitter neither vanishes nor exceeds it") {
  for (std::uint32_t const n : {5U, 6U, 64U, 0x8000'0000U, 0xffff'ffffU}) {
    CAPTURE(n);
    CHECK(interval(capped.full(), n) == ends{0s, 10s});
    CHECK(interval(capped.equal(), n) == ends{5s, 10s});
    CHECK(interval(capped.proportional(0.25), n) == ends{7500ms, 10s});
    CHECK(interval(capped.additive(500ms), n) == ends{9500ms, 10s});
  }
}

TEST_CASE("Jitter that is wider than the cap uses the whole interval below it") {
  CHECK(interval(capped.additive(1min), 1) == ends{0s, 10s});
  CHECK(interval(capped.additive(10s), 9) == ends{0s, 10s});
  CHECK(interval(capped.proportional(1.0), 9) == ends{0s, 10s});
}

TEST_CASE("Jitter applies to every strategy that has a formula") {
  CHECK(interval(tenax::wait::constant(4s).full(), 9) == ends{0s, 4s});
  CHECK(interval(tenax::wait::linear({.first = 1s, .step = 1s, .max = 3s}).full(), 9) == ends{0s, 3s});
  CHECK(interval(tenax::wait::fibonacci({.unit = 1s, .max = 6s}).equal(), 6) == ends{3s, 6s});
  CHECK(interval(tenax::wait::polynomial({.base = 1s, .max = 8s}).additive(1s), 3) == ends{7s, 8s});
  CHECK(interval(tenax::wait::sequence{1s, 2s}.proportional(0.5), 2) == ends{1s, 3s});
}

TEST_CASE("Without a cap, jitter ends at the longest duration") {
  constexpr auto longest = duration::max();
  auto const forever = tenax::wait::constant(std::chrono::hours::max());
  CHECK(forever.full()(at(1, &low)) == 0s);
  CHECK(forever.full()(at(1, &high)) == longest - 1ns);
  CHECK(forever.equal()(at(1, &low)) >= longest / 2);
  CHECK(forever.proportional(0.5)(at(1, &high)) == longest - 1ns);
  CHECK(forever.additive(1h)(at(1, &low)) == longest - 1h);
  CHECK(forever.additive(1h)(at(1, &high)) == longest - 1ns);
  CHECK(forever.additive(std::chrono::hours::max())(at(1, &low)) == 0s);
}

TEST_CASE("Proportional jitter never turns negative, however long the wait is") {
  for (auto const d : {duration::max(), duration::max() - 1ns, duration::max() - 100ns,
                       duration((std::int64_t{1} << 53) + 3), duration(3), duration(1)}) {
    CAPTURE(d.count());
    auto const w = tenax::wait::constant(d).proportional(1.0);
    CHECK(w(at(1, &low)) >= 0s);
    CHECK(w(at(1, &high)) >= 0s);
    CHECK(tenax::wait::constant(d).proportional(1.0 - 1e-16)(at(1, &low)) >= 0s);
  }
}

TEST_CASE("Strategies with jitter work in constant expressions, where they draw the middle") {
  STATIC_REQUIRE(capped.full()(at(3)) == 2s);
  STATIC_REQUIRE(capped.equal()(at(3)) == 3s);
  STATIC_REQUIRE(capped.proportional(0.5)(at(2)) == 2s);
  STATIC_REQUIRE(capped.additive(1s)(at(2)) == 2500ms);
}

TEST_CASE("Jitter rejects invalid parameters") {
  using seconds = std::chrono::duration<double>;
  tests::check_rejected("proportional: share", "-0.1", [] { return capped.proportional(-0.1); });
  tests::check_rejected("proportional: share", "1.5", [] { return capped.proportional(1.5); });
  tests::check_rejected("proportional: share", "nan", [] { return capped.proportional(std::fabs(NAN)); });
  tests::check_rejected("proportional: share", "inf", [] { return capped.proportional(INFINITY); });
  tests::check_rejected("additive: most", "-1s", [] { return capped.additive(-1s); });
  tests::check_rejected("additive: most", "not a number", [] { return capped.additive(seconds(NAN)); });
}
