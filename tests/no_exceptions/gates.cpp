// SPDX-License-Identifier: MIT
// gates.cpp: the gates in a build without exceptions: in a policy, alone, and called directly.
#include <functional>
#include <string>

#include <tenax/gate/adaptive_throttle.hpp>
#include <tenax/gate/bulkhead.hpp>
#include <tenax/gate/call.hpp>
#include <tenax/gate/circuit_breaker.hpp>
#include <tenax/gate/in_flight_retry_budget.hpp>
#include <tenax/gate/keyed.hpp>
#include <tenax/gate/retry_budget.hpp>
#include <tenax/gate/retry_quota.hpp>
#include <tenax/gate/windowed_retry_budget.hpp>
#include <tenax/tenax.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "check.hpp"

using namespace std::chrono_literals;
using tenax::admission;
using tenax::circuit_state;
using tenax::stop_reason;

int main() {
  using result = expected<int, int>;
  auto const down = [] { return result::failure(503); };
  tenax::testing::virtual_time clock;
  auto const base = tenax::retrying{}.wait(tenax::wait::none).environment(std::ref(clock));

  int changes = 0;
  tenax::circuit_breaker breaker({.failures = 2}, [&](circuit_state, circuit_state, tenax::time_point) { ++changes; });
  auto const report = base.through(std::ref(breaker)).try_call(down);
  CHECK(report.reason == stop_reason::refused_by_gate);
  CHECK(report.attempts == 2);
  CHECK(breaker.state() == circuit_state::open);
  CHECK(changes == 1);
  breaker.close(clock.now());
  CHECK(tenax::call_through(breaker, [] { return 3; }, clock) == 3);
  CHECK(!tenax::call_through(breaker, down, clock).has_value());

  tenax::retry_budget budget({.tokens = 2});
  CHECK(base.through(std::ref(budget)).try_call(down).attempts == 1);
  tenax::windowed_retry_budget windowed;
  CHECK(base.through(std::ref(windowed)).try_call(down).attempts == 2);

  tenax::in_flight_retry_budget in_flight({.ratio = 0, .min_retries = 1});
  CHECK(base.through(std::ref(in_flight)).try_call(down).attempts == 3);
  tenax::retry_quota quota({.tokens = 14});
  CHECK(base.through(std::ref(quota)).try_call(down).attempts == 2);

  tenax::bulkhead places({.at_once = 1, .queue = 0});
  CHECK(tenax::call_through(places, [&] { return places.running(); }, clock) == 1);
  tenax::bulkhead::ticket busy;
  CHECK(places.admit(busy, {}, clock.now()).admitted());
  CHECK(base.through(std::ref(places)).try_call(down).attempts == 0);

  tenax::adaptive_throttle throttle;
  CHECK(tenax::call_through(throttle, [] { return 3; }, clock) == 3);

  tenax::keyed<std::string, tenax::bulkhead> hosts([] { return tenax::bulkhead({.at_once = 1}); });
  CHECK(base.through(hosts["a"]).try_call([] { return result(3); }).succeeded());
  CHECK(tenax::call_through(hosts["b"], [] { return 4; }, clock) == 4);
  CHECK(hosts.size() == 2);
  return failed_checks;
}
