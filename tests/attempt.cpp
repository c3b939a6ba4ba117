// SPDX-License-Identifier: MIT
// attempt.cpp: `attempt_info` and `attempt<T>` made by hand: defaults, random draws, the deadline as a point in time.
#include <tenax/attempt.hpp>

#include "catch.hpp"

using namespace std::chrono_literals;
using tenax::attempt_info;

TEST_CASE("The default attempt_info is the first attempt, with no time passed and no deadline") {
  constexpr attempt_info first;
  STATIC_REQUIRE(first.number == 1);
  STATIC_REQUIRE(first.elapsed == 0s);
  STATIC_REQUIRE(first.waited == 0s);
  STATIC_REQUIRE(first.previous_wait == 0s);
  STATIC_REQUIRE(first.upcoming_wait == 0s);
  STATIC_REQUIRE(first.source == tenax::wait_source::strategy);
  STATIC_REQUIRE_FALSE(first.server_wait.has_value());
  STATIC_REQUIRE(first.time_left == tenax::duration::max());
  STATIC_REQUIRE(first.random == nullptr);
  CHECK_FALSE(first.stop_requested());
}

TEST_CASE("A draw comes from the attempt's source, else from this thread's own; at compile time it is the middle") {
  tenax::fixed_random low(tenax::lowest_draw), high(tenax::highest_draw);
  CHECK(attempt_info{.random = &low}.draw(1s, 3s) == 1s);
  CHECK(attempt_info{.random = &high}.draw(1s, 3s) == 3s - 1ns);
  CHECK(attempt_info{}.draw(5s, 5s) == 5s);
  auto const drawn = attempt_info{}.draw(1s, 1h);
  CHECK(drawn >= 1s);
  CHECK(drawn < 1h);
  STATIC_REQUIRE(attempt_info{}.draw(1s, 3s) == 2s);
}

TEST_CASE("An attempt<T> has the numbers and the outcome of a finished attempt") {
  static constexpr tenax::outcome<int> result(7);
  constexpr tenax::attempt a{attempt_info{.number = 3}, result};
  STATIC_REQUIRE(std::is_same_v<decltype(a)::value_type, int>);
  STATIC_REQUIRE(a.number == 3);
  STATIC_REQUIRE(a.result.value() == 7);
  CHECK(&a.result == &result);
}

namespace {

/// A clock that counts seconds, close to the end of its range.
struct coarse_clock {
  using duration = std::chrono::seconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<coarse_clock>;
  static inline time_point time{};
  static time_point now() { return time; }
};

}  // namespace

TEST_CASE("The deadline as a point in time saturates, and is never before the deadline") {
  tenax::attempt_info info;
  CHECK(info.deadline<std::chrono::system_clock>() == std::chrono::system_clock::time_point::max());
  CHECK(info.deadline() == std::chrono::steady_clock::time_point::max());
  info.time_left = 1500ms;
  coarse_clock::time = coarse_clock::time_point(10s);
  CHECK(info.deadline<coarse_clock>() == coarse_clock::time_point(12s));
  coarse_clock::time = coarse_clock::time_point::max() - 1s;
  CHECK(info.deadline<coarse_clock>() == coarse_clock::time_point::max());
  auto const before = std::chrono::system_clock::now();
  auto const deadline = info.deadline<std::chrono::system_clock>();
  CHECK(deadline >= before + 1500ms);
  CHECK(deadline <= std::chrono::system_clock::now() + 1500ms);
}

TEST_CASE("is_retry() is true for an attempt after a failure") {
  CHECK_FALSE(tenax::attempt_info{}.is_retry());
  CHECK(tenax::attempt_info{.number = 2}.is_retry());
  CHECK_FALSE(tenax::attempt_info{.number = 2, .polls = true}.is_retry());
}
