// SPDX-License-Identifier: MIT
// 08_testing_your_policy.cpp: shows how to test your own policy, at compile time and in virtual time.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <vector>

#include <tenax/tenax.hpp>
#include <tenax/testing/script.hpp>
#include <tenax/testing/virtual_time.hpp>

using namespace std::chrono_literals;

struct network_error : std::runtime_error {
  using runtime_error::runtime_error;
};

// The policy under test, a constant.
constexpr auto polite = tenax::retrying{}
                            .when(tenax::when::exception<network_error>)
                            .wait(tenax::wait::exponential({.base = 1s, .max = 8s}))
                            .stop(tenax::stop::after_attempts(6) || tenax::stop::deadline(20s))
                            .max_server_wait(15s);

// Checks at compile time.
static_assert(polite.strategy({.number = 3}) == 4s);
static_assert(tenax::worst_case(polite).attempts == 6);
static_assert(tenax::worst_case(polite).total_wait <= 20s, "no caller waits longer than that");

// Stands for the CHECK or EXPECT of your test framework.
void check(bool holds, char const* what) {
  std::printf("%s: %s\n", holds ? "passed" : "failed", what);
  if (!holds) std::exit(1);
}

// Checks in virtual time: the clock moves only when the call sleeps.
void gives_up_before_the_deadline() {
  tenax::testing::virtual_time clock;
  tenax::testing::script<int> down;
  down.throws(network_error("connection refused")).repeats_last();

  auto const report = polite.environment(std::ref(clock)).try_call(std::ref(down));

  check(clock.sleeps() == std::vector<tenax::duration>{1s, 2s, 4s, 8s}, "waits longer each time");
  // The next wait, of 8 s, would end after 20 s.
  check(report.reason == tenax::stop_reason::deadline && report.elapsed == 15s, "gives up before the deadline");
}

void waits_as_long_as_the_server_asks() {
  tenax::testing::virtual_time clock;
  tenax::testing::script<int> throttled;
  throttled.throws(tenax::retry_after(10s, network_error("slow down"))).returns(7);

  auto const value = polite.environment(std::ref(clock))(std::ref(throttled));

  check(value == 7 && clock.slept() == 10s, "waits as long as the server asks");
}

void does_not_hide_bugs() {
  tenax::testing::script<int> broken;
  broken.throws(std::logic_error("a bug")).returns(7);

  auto const report = polite.try_call(std::ref(broken));

  check(report.reason == tenax::stop_reason::not_retryable && broken.calls() == 1, "does not hide bugs");
}

int main() {
  gives_up_before_the_deadline();
  waits_as_long_as_the_server_asks();
  does_not_hide_bugs();
}
