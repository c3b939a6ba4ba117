// SPDX-License-Identifier: MIT
// chain.cpp: one strategy after another, each counting attempts from its own start.
#include <tenax/wait/chain.hpp>

#include <memory>

#include <tenax/wait/constant.hpp>
#include <tenax/wait/exponential.hpp>
#include <tenax/wait/linear.hpp>
#include <tenax/wait/random.hpp>
#include <tenax/wait/retry_after.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using tenax::optional_duration;
using tests::at;

namespace {

constexpr auto growing = tenax::wait::linear({.first = 1s, .step = 1s});

/// A strategy with a member `times`, which means nothing to a chain.
struct own_strategy {
  std::uint32_t times = 5;
  constexpr tenax::duration operator()(tenax::attempt_info const&) const { return 7s; }
};

}  // namespace

TEST_CASE("Each link of a chain answers one wait, and the last one answers all others") {
  constexpr auto w = tenax::wait::chain(tenax::wait::constant(5s), tenax::wait::constant(3s), growing);
  STATIC_REQUIRE(w(at(1)) == 5s);
  STATIC_REQUIRE(w(at(2)) == 3s);
  STATIC_REQUIRE(w(at(3)) == 1s);
  STATIC_REQUIRE(w(at(4)) == 2s);
  STATIC_REQUIRE(w(at(103)) == 101s);
  STATIC_REQUIRE(tenax::wait::chain(growing)(at(4)) == 4s);
}

TEST_CASE("wait::repeat makes a link answer more waits") {
  constexpr auto w = tenax::wait::chain(tenax::wait::repeat(3, tenax::wait::none),
                                        tenax::wait::exponential({.base = 100ms, .max = 5s}));
  STATIC_REQUIRE(w(at(1)) == 0s);
  STATIC_REQUIRE(w(at(3)) == 0s);
  STATIC_REQUIRE(w(at(4)) == 100ms);
  STATIC_REQUIRE(w(at(5)) == 200ms);
  STATIC_REQUIRE(w(at(4'294'967'295)) == 5s);
}

TEST_CASE("A repeated link counts attempts from its own start") {
  constexpr auto w = tenax::wait::chain(tenax::wait::constant(9s), tenax::wait::repeat(2, growing),
                                        tenax::wait::repeat(2, growing), tenax::wait::none);
  STATIC_REQUIRE(w(at(1)) == 9s);
  STATIC_REQUIRE(w(at(2)) == 1s);
  STATIC_REQUIRE(w(at(3)) == 2s);
  STATIC_REQUIRE(w(at(4)) == 1s);
  STATIC_REQUIRE(w(at(5)) == 2s);
  STATIC_REQUIRE(w(at(6)) == 0s);
}

TEST_CASE("Outside of a chain, wait::repeat is its strategy; as the last link, it answers all other waits") {
  STATIC_REQUIRE(tenax::wait::repeat(2, growing)(at(7)) == 7s);
  STATIC_REQUIRE(tenax::wait::chain(tenax::wait::none, tenax::wait::repeat(2, growing))(at(9)) == 8s);
}

TEST_CASE("A chain can last up to the greatest attempt number") {
  constexpr auto w =
      tenax::wait::chain(tenax::wait::repeat(4'294'967'295, tenax::wait::none), tenax::wait::constant(1s));
  STATIC_REQUIRE(w(at(1)) == 0s);
  STATIC_REQUIRE(w(at(4'294'967'295)) == 0s);
  STATIC_REQUIRE(tenax::wait::chain(tenax::wait::repeat(4'294'967'294, tenax::wait::none),
                                    tenax::wait::constant(1s))(at(4'294'967'295)) == 1s);
}

TEST_CASE("A chain is partial if one of its links is") {
  constexpr auto w = tenax::wait::chain(tenax::wait::retry_after, tenax::wait::constant(2s));
  STATIC_REQUIRE(w(at(1)) == optional_duration());
  STATIC_REQUIRE(w(tenax::attempt_info{.server_wait = 4s}) == optional_duration(4s));
  STATIC_REQUIRE(w(at(2)) == optional_duration(2s));
}

TEST_CASE("A chain passes on the other members of the attempt") {
  tenax::fixed_random high(tenax::highest_draw);
  auto const w = tenax::wait::chain(tenax::wait::none, tenax::wait::decorrelated({.base = 1s, .max = 1min}));
  CHECK(w(tenax::attempt_info{.number = 2, .previous_wait = 4s, .random = &high}) == 12s - 1ns);

  auto const by_result = tenax::wait::chain(tenax::wait::none, [](tenax::attempt<int> const& a) {
    return a.result.value() * std::chrono::seconds(a.number);
  });
  tenax::outcome<int> const ten(10);
  CHECK(by_result(tenax::attempt<int>{at(1), ten}) == 0s);
  CHECK(by_result(tenax::attempt<int>{at(2), ten}) == 10s);
  CHECK(by_result(tenax::attempt<int>{at(3), ten}) == 20s);
}

TEST_CASE("A member `times` of a user-defined strategy is not mistaken for a number of repetitions") {
  constexpr auto w = tenax::wait::chain(own_strategy{}, tenax::wait::constant(1s));
  CHECK(w(at(1)) == 7s);
  CHECK(w(at(2)) == 1s);
}

TEST_CASE("wait::repeat rejects invalid numbers") {
  tests::check_rejected("wait::repeat: times", "0", [] { return tenax::wait::repeat(0, tenax::wait::none); });
}
