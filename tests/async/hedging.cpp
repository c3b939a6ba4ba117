// SPDX-License-Identifier: MIT
// hedging.cpp: the delay and the options of hedging. The tests of hedged calls are in asio_hedging.hpp.
#include <tenax/hedging.hpp>

#include <functional>
#include <type_traits>

#include <tenax/gate/retry_budget.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("A hedge starts after the given delay, or at the percentile once that is known") {
  tenax::retry_budget budget;
  tenax::hedging fixed(budget, {.after = 50ms});
  for (int i = 0; i < 100; ++i) fixed.record(1s);
  CHECK(fixed.delay() == 50ms);

  tenax::hedging live(budget, {.after = 50ms, .percentile = 0.95});
  CHECK(live.delay() == 50ms);
  for (int i = 0; i < 90; ++i) live.record(10ms);
  for (int i = 0; i < 10; ++i) live.record(1s);
  CHECK(live.delay() >= 1s);
  for (int i = 0; i < 900; ++i) live.record(10ms);
  CHECK(live.delay() <= 12ms);
}

TEST_CASE("A hedging takes its budget directly, or by std::ref") {
  tenax::retry_budget budget;
  auto const reference = std::ref(budget);
  tenax::hedging plain(std::ref(budget));
  tenax::hedging named(reference, {.after = 50ms});
  tenax::testing::virtual_time clock;
  tenax::hedging elsewhere(std::ref(budget), {.after = 50ms}, std::ref(clock));
  static_assert(std::is_same_v<decltype(plain), tenax::hedging<tenax::retry_budget>>);
  static_assert(std::is_same_v<decltype(named), tenax::hedging<tenax::retry_budget>>);
  CHECK(&plain.budget() == &budget);
  CHECK(&named.budget() == &budget);
  CHECK(&elsewhere.budget() == &budget);
  CHECK(&elsewhere.environment().get() == &clock);
  CHECK(named.delay() == 50ms);
}

TEST_CASE("A hedging refuses invalid options") {
  tenax::retry_budget budget;
  CHECK_THROWS_WITH(tenax::hedging(budget, {.after = 0ms}), ContainsSubstring("hedging: after"));
  CHECK_THROWS_WITH(tenax::hedging(budget, {.percentile = 1.5}), ContainsSubstring("hedging: percentile"));
  CHECK_THROWS_WITH(tenax::hedging(budget, {.at_most = 1}), ContainsSubstring("hedging: at_most"));
  CHECK_THROWS_WITH(tenax::hedging(budget, {.at_most = 9}), ContainsSubstring("hedging: at_most"));
}
