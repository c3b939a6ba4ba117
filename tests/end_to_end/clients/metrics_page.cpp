// SPDX-License-Identifier: MIT
// metrics_page.cpp: prints a page of metrics about calls that really happened.
#include <chrono>
#include <cstdio>
#include <functional>
#include <stdexcept>

#include <tenax/gate/adaptive_rate_limiter.hpp>
#include <tenax/gate/adaptive_throttle.hpp>
#include <tenax/gate/bulkhead.hpp>
#include <tenax/gate/circuit_breaker.hpp>
#include <tenax/gate/concurrency_limiter.hpp>
#include <tenax/gate/in_flight_retry_budget.hpp>
#include <tenax/gate/rate_limiter.hpp>
#include <tenax/gate/retry_budget.hpp>
#include <tenax/telemetry.hpp>
#include <tenax/tenax.hpp>

using namespace std::chrono_literals;

int main() {
  tenax::counters catalogue("catalogue"), orders("a \"strange\\name\"");
  tenax::call_metrics metrics("catalogue");
  auto const base = tenax::retrying{}.wait(tenax::wait::constant(1ms)).stop(tenax::stop::after_attempts(4));
  for (int i = 0; i < 12; ++i) {
    int failures = i % 6;
    auto const operation = [&] {
      if (failures-- > 0) throw std::runtime_error("down");
    };
    static_cast<void>(base.observe(std::ref(catalogue)).observe(std::ref(metrics)).try_call(operation));
    static_cast<void>(base.observe(std::ref(orders)).try_call(operation));
  }
  tenax::prometheus_page page;
  page.add(catalogue);
  page.add(orders);
  page.add(metrics);
  tenax::circuit_breaker breaker;
  breaker.open();
  tenax::bulkhead slots({.at_once = 4});
  tenax::concurrency_limiter places;
  tenax::adaptive_rate_limiter adaptive({.start = tenax::per_second(8)});
  tenax::rate_limiter limiter(tenax::per_second(100));
  tenax::retry_budget budget;
  tenax::in_flight_retry_budget in_flight;
  tenax::adaptive_throttle throttle;
  page.add("catalogue", breaker);
  page.add("slots", slots);
  page.add("places", places);
  page.add("adaptive", adaptive);
  page.add("limiter", limiter);
  page.add("budget", budget);
  page.add("in flight", in_flight);
  page.add("throttle", throttle);
  std::fputs(page.text().c_str(), stdout);
}
