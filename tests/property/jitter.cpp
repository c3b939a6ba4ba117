// SPDX-License-Identifier: MIT
// jitter.cpp: jitter stays within its bounds, has the right mean, and neither vanishes at the cap nor exceeds it.
#include <tenax/tenax.hpp>

#include <cmath>

#include "../catch.hpp"
#include "cases.hpp"

using namespace std::chrono_literals;
using tenax::duration;

namespace {

constexpr int runs = 4'000;

struct spread {
  double mean = 0;
  duration least = duration::max();
  duration most = duration::min();
};

constexpr int draws = 20'000;

/// The waits of many clients after attempt `n`.
template <class W>
spread sample(W const& w, std::uint32_t n, std::uint64_t seed) {
  tenax::seeded_random random(seed);
  spread s;
  for (int i = 0; i < draws; ++i) {
    duration const d = w(tenax::attempt_info{.number = n, .random = &random});
    s.mean += static_cast<double>(d.count()) / draws;
    if (d < s.least) s.least = d;
    if (d > s.most) s.most = d;
  }
  return s;
}

/// Checks that draws are uniform over [low, high): bounds, mean within four standard errors, both ends reached.
template <class W>
void check_uniform(W const& w, std::uint32_t n, duration low, duration high, std::uint64_t seed) {
  auto const s = sample(w, n, seed);
  auto const width = static_cast<double>((high - low).count());
  auto const standard_error = width / std::sqrt(12.0 * draws);
  CAPTURE(n, low.count(), high.count(), s.mean, s.least.count(), s.most.count());
  CHECK(s.least >= low);
  CHECK(s.most < high);
  CHECK(std::fabs(s.mean - (static_cast<double>(low.count()) + width / 2)) < 4 * standard_error);
  CHECK(s.least < low + (high - low) / 100);
  CHECK(s.most > high - (high - low) / 100);
}

}  // namespace

TEST_CASE("Jitter of any strategy and size stays within its bounds and the cap") {
  tests::cases draw(31);
  tenax::fixed_random low(tenax::lowest_draw), high(tenax::highest_draw);
  tenax::random_source* const sources[] = {&low, &draw.random(), &high};
  for (int i = 0; i < runs; ++i) {
    auto const base = draw.wait();
    auto const max = draw.at_least(base);
    auto const w = tenax::wait::linear({.first = base, .step = draw.wait(), .max = max});
    tenax::attempt_info const a{.number = draw.attempt(), .random = sources[i % 3]};
    auto const plain = w(a);
    auto const share = draw.share();
    auto const on_top = draw.wait();
    CAPTURE(base.count(), max.count(), plain.count(), share, on_top.count());

    auto const full = w.full()(a);
    REQUIRE(full >= duration::zero());
    REQUIRE((plain == duration::zero() ? full == plain : full < plain));

    auto const equal = w.equal()(a);
    REQUIRE(equal >= plain / 2);
    REQUIRE(equal <= plain);

    auto const proportional = w.proportional(share)(a);
    REQUIRE(proportional >= duration::zero());
    REQUIRE(proportional <= max);
    auto const offset = static_cast<double>(std::chrono::abs(proportional - plain).count());
    REQUIRE(offset <= share * static_cast<double>(plain.count()) * (1 + 0x1p-50) + 1);

    auto const additive = w.additive(on_top)(a);
    REQUIRE(additive >= duration::zero());
    REQUIRE(additive <= max);
    REQUIRE(additive <= tenax::saturating_add(plain, on_top));
    // The interval starts below the wait only if it does not fit below the cap as a whole.
    REQUIRE((additive >= plain || on_top > max - plain));
  }
}

TEST_CASE("Below the cap, jitter is uniform over its interval") {
  auto const w = tenax::wait::exponential({.base = 1s, .max = 1h});
  check_uniform(w.full(), 3, 0s, 4s, 1);
  check_uniform(w.equal(), 3, 2s, 4s, 2);
  check_uniform(w.proportional(0.25), 3, 3s, 5s, 3);
  check_uniform(w.additive(500ms), 3, 4s, 4500ms, 4);
  check_uniform(tenax::wait::uniform(1s, 3s), 3, 1s, 3s, 5);
  check_uniform(tenax::wait::decorrelated({.base = 1s, .max = 1h}), 1, 1s, 3s, 6);
}

TEST_CASE("At the cap, jitter is as uniform as below, and inside it") {
  auto const w = tenax::wait::exponential({.base = 1s, .max = 10s});
  for (std::uint32_t const n : {5U, 63U, 64U, 65U, 0x8000'0000U, 0xffff'ffffU}) {
    check_uniform(w.full(), n, 0s, 10s, n);
    check_uniform(w.equal(), n, 5s, 10s, n + 1U);
    check_uniform(w.proportional(0.25), n, 7500ms, 10s, n + 2U);
    check_uniform(w.additive(500ms), n, 9500ms, 10s, n + 3U);
  }
}

TEST_CASE("Just below the cap, jitter is cut or moved down to fit, not lost") {
  auto const w = tenax::wait::linear({.first = 9s, .step = 0s, .max = 10s});
  check_uniform(w.proportional(0.5), 1, 4500ms, 10s, 1);
  check_uniform(w.additive(4s), 1, 6s, 10s, 2);
  check_uniform(w.additive(500ms), 1, 9s, 9500ms, 3);
}

TEST_CASE("Clients that failed at the same time do not retry at the same time, at any attempt") {
  auto const w = tenax::wait::exponential({.base = 100ms, .max = 5s});
  for (std::uint32_t const n : {1U, 3U, 6U, 7U, 20U, 100U, 0xffff'ffffU}) {
    for (auto const& s : {sample(w.full(), n, n), sample(w.equal(), n, n), sample(w.proportional(0.1), n, n),
                          sample(w.additive(50ms), n, n)}) {
      CAPTURE(n);
      CHECK(s.most - s.least > 9ms);
      CHECK(s.most <= 5s);
    }
  }
}

TEST_CASE("The same seed gives the same waits") {
  tests::cases draw(32);
  for (int i = 0; i < 100; ++i) {
    auto const seed = draw.number(~std::uint64_t{0});
    tenax::seeded_random one(seed), other(seed);
    auto const w = tenax::wait::exponential({.base = 1s}).full();
    for (std::uint32_t n = 1; n < 10; ++n) {
      REQUIRE(w(tenax::attempt_info{.number = n, .random = &one}) ==
              w(tenax::attempt_info{.number = n, .random = &other}));
    }
  }
}
