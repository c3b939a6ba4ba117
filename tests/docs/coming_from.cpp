// SPDX-License-Identifier: MIT
// coming_from.cpp: the snippets of docs/coming-from/.
#include <atomic>
#include <thread>

#include <tenax/gate/bulkhead.hpp>
#include <tenax/gate/circuit_breaker.hpp>
#include <tenax/gate/rate_limiter.hpp>
#include <tenax/gate/retry_budget.hpp>

#include "docs.hpp"

namespace {

int calls = 0;
int fetch_page() {
  if (++calls < 3) throw network_error("reset");
  return calls;
}

// [loop]
int fetch_with_a_loop() {
  auto delay = 100ms;
  for (int i = 0;; ++i) {
    try {
      return fetch_page();
    } catch (network_error const&) {
      if (i == 4) throw;
      std::this_thread::sleep_for(delay);
      delay *= 2;
    }
  }
}
// [/loop]

struct stop_flag {
  std::atomic<bool> const* flag;
  bool stop_requested() const { return flag->load(); }
};

}  // namespace

TEST_CASE("coming from a loop") {
  // [policy]
  auto const polite = tenax::retrying{}
                          .when(tenax::when::exception<network_error>)
                          .wait(tenax::wait::exponential({.base = 100ms, .max = 5s}).full())
                          .stop(tenax::stop::after_attempts(5) || tenax::stop::deadline(30s));
  auto const fetch = [&] { return polite(fetch_page); };
  // [/policy]
  virtual_time clock;
  calls = 0;
  CHECK(polite.environment(std::ref(clock))(fetch_page) == 3);
  static_cast<void>(fetch);
  static_cast<void>(fetch_with_a_loop);

  // [block]
  int page = 0;
  for (auto& attempt : polite.attempts()) {
    attempt([&] { page = fetch_page(); });
  }
  // [/block]
  CHECK(page == 4);
}

TEST_CASE("coming from tenacity") {
  virtual_time clock;
  std::atomic<bool> done = false;
  // [tenacity]
  auto const retry = tenax::retrying{}
                         .when(tenax::when::exception<network_error> ||
                               tenax::when::result([](int n) { return n == 0; }))
                         .wait(tenax::wait::exponential({.base = 1s, .max = 60s}).full())
                         .stop(tenax::stop::after_attempts(5) || tenax::stop::deadline(30s))
                         .cancel_with(stop_flag{&done})
                         .before_sleep(tenax::log_to(stderr));
  auto const fetch = retry.wrap(fetch_page);  // as the decorator does
  // [/tenacity]
  calls = 0;
  CHECK(retry.environment(std::ref(clock))(fetch_page) == 3);
  static_cast<void>(fetch);
}

TEST_CASE("coming from Polly") {
  virtual_time clock;
  // [polly]
  tenax::circuit_breaker<> breaker({.failures = 5, .open_for = 30s});
  tenax::bulkhead places({.at_once = 10});

  auto const pipeline = tenax::retrying{}
                            .when(tenax::when::exception<network_error>)
                            .wait(tenax::wait::exponential({.base = 2s, .max = 30s}).full())
                            .stop(tenax::stop::after_attempts(4) || tenax::stop::deadline(1min))
                            .through(std::ref(breaker))
                            .through(std::ref(places))
                            .before_sleep([](tenax::attempt_info const& a) {
                              std::printf("retry %u\n", static_cast<unsigned>(a.number));
                            });
  // [/polly]
  calls = 0;
  CHECK(pipeline.environment(std::ref(clock))(fetch_page) == 3);
}

TEST_CASE("coming from backon") {
  virtual_time clock;
  // [backon]
  auto const policy = tenax::retrying{}
                          .when(tenax::when::exception<network_error>)
                          .wait(tenax::wait::exponential({.base = 1s, .max = 60s}).additive(1s))
                          .stop(tenax::stop::after_attempts(4))
                          .before_sleep(tenax::log_to(stderr));
  // [/backon]
  calls = 0;
  CHECK(policy.environment(std::ref(clock))(fetch_page) == 3);
}

TEST_CASE("coming from failsafe-go") {
  virtual_time clock;
  // [failsafe]
  tenax::circuit_breaker<> breaker({.failures = 5, .open_for = 1min});
  tenax::rate_limiter limiter(tenax::per_second(100));
  tenax::retry_budget budget;

  auto const policy =
      tenax::retrying{}
          .when(tenax::when::exception<network_error>)
          .wait(tenax::wait::exponential({.base = 100ms, .max = 5s}).proportional(0.25))
          .stop(tenax::stop::after_attempts(5) || tenax::stop::deadline(30s))
          .through(std::ref(breaker))
          .through(std::ref(limiter))
          .through(std::ref(budget));
  auto const report = policy.environment(std::ref(clock)).try_call(fetch_page);
  // [/failsafe]
  CHECK(report.has_value());
}
