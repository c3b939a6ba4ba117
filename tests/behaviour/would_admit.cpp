// SPDX-License-Identifier: MIT
// would_admit.cpp: if a gate would refuse the retry, the call ends before the wait, and its report names the gate's
// reason.
#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include <tenax/gate/circuit_breaker.hpp>
#include <tenax/gate/keyed.hpp>
#include <tenax/gate/rate_limiter.hpp>
#include <tenax/gate/retry_budget.hpp>
#include <tenax/gate/windowed_retry_budget.hpp>
#include <tenax/tenax.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "../catch.hpp"
#include "../gates.hpp"

using namespace std::chrono_literals;
using tenax::stop_reason;

namespace {

/// Calls that fail, with waits of a second.
struct failing {
  tenax::testing::virtual_time clock{};
  std::vector<std::string> log{};
  int calls = 0;

  auto policy() {
    return tenax::retrying{}
        .wait(tenax::wait::constant(1s))
        .stop(tenax::stop::after_attempts(5))
        .environment(std::ref(clock))
        .before_sleep(tenax::log_to([this](std::string_view line) { log.emplace_back(line); }));
  }
  template <class Policy>
  tenax::report<int> operator()(Policy const& policy) {
    return policy.try_call([this]() -> int {
      ++calls;
      throw std::runtime_error("down");
    });
  }
};

}  // namespace

TEST_CASE("would_admit: a circuit that opens ends the call that opened it, before a wait") {
  failing down;
  tenax::circuit_breaker breaker({.failures = 2, .open_for = 10s, .open_jitter = 0});
  auto const report = down(down.policy().through(std::ref(breaker)));
  CHECK(report.reason == stop_reason::refused_by_gate);
  CHECK(report.attempts == 2);
  CHECK(report.waited == 1s);
  CHECK(down.clock.now().time_since_epoch() == 1s);
  CHECK(report.refusal == std::string("circuit open"));
  CHECK(report.retry_after == 10s);
  CHECK(report.result.exception_as<std::runtime_error>()->what() == std::string("down"));
  CHECK(down.log.size() == 1);

  SECTION("but not if the wait is longer than the circuit stays open") {
    auto const patient = down.policy().through(std::ref(breaker)).wait(tenax::wait::constant(10s));
    breaker.close(down.clock.now());
    down.calls = 0;
    auto const twice_as_long = down(patient);  // the circuit stays open for that long after the probe
    CHECK(twice_as_long.attempts == 3);
    CHECK(twice_as_long.retry_after == 20s);
  }
  SECTION("and an isolated circuit has no time at which it closes") {
    auto const policy = down.policy().through(std::ref(breaker));
    breaker.close(down.clock.now());
    auto const isolated = policy.try_call([&]() -> int {
      breaker.isolate(down.clock.now());
      throw std::runtime_error("down");
    });
    CHECK(isolated.attempts == 1);
    CHECK(isolated.refusal == std::string("circuit isolated"));
    CHECK_FALSE(isolated.retry_after);
  }
}

TEST_CASE("would_admit: an exhausted budget refuses before the wait") {
  failing down;
  auto const check = [&](auto& budget) {
    auto const before = down.clock.now();
    auto const report = down(down.policy().through(std::ref(budget)));
    CHECK(report.reason == stop_reason::refused_by_gate);
    CHECK(report.attempts == 2);
    CHECK(down.clock.now() - before == 1s);
    CHECK(report.refusal == std::string("retry budget exhausted"));
  };
  tenax::retry_budget tokens({.tokens = 4});
  check(tokens);
  tenax::windowed_retry_budget windowed({.ratio = 0, .window = 10s, .min_per_second = 0.1});
  check(windowed);
  CHECK(windowed.balance(down.clock.now()) == 0);
  // Asking in advance takes no token.
  CHECK(windowed.balance(down.clock.now() + 11s) == 1);
}

TEST_CASE("would_admit: the gate of a key is asked, and not created") {
  failing down;
  tenax::keyed<std::string, tenax::circuit_breaker<>> breakers(
      [] { return tenax::circuit_breaker({.failures = 1, .open_jitter = 0}); });
  CHECK(breakers["a"].would_admit({}, {}, {}).how == tenax::admission::kind::go);
  CHECK(breakers.size() == 0);
  auto const report = down(down.policy().through(breakers["a"]));
  CHECK(report.attempts == 1);
  CHECK(report.waited == 0s);
  CHECK(report.refusal == std::string("circuit open"));
}

TEST_CASE("would_admit: every gate is asked, whichever comes first") {
  failing down;
  tenax::circuit_breaker breaker({.failures = 1, .open_jitter = 0});
  tenax::retry_budget budget;
  tests::test_gate other;
  auto const base = down.policy();
  CHECK(down(base.through(std::ref(other)).through(std::ref(breaker)).through(std::ref(budget))).waited == 0s);
  breaker.close(down.clock.now());
  CHECK(down(base.through(std::ref(budget)).through(std::ref(breaker)).through(std::ref(other))).waited == 0s);
  CHECK(other.told == 2);
  CHECK(other.held() == 0);
}

TEST_CASE("would_admit: if a gate's wait would pass the deadline, the report has the length of that wait") {
  failing down;
  tenax::rate_limiter limiter(tenax::per_minute(1));
  auto const policy = down.policy().through(std::ref(limiter)).stop(tenax::stop::deadline(5s));
  REQUIRE(policy.try_call([] { return 1; }));
  auto const report = down(policy);
  CHECK(report.reason == stop_reason::expired_on_entry);
  CHECK(report.refusal == std::string("a gate's wait would pass the deadline"));
  CHECK(report.retry_after == 1min);
}
