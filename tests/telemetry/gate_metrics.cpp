// SPDX-License-Identifier: MIT
// gate_metrics.cpp: the numbers of gates, and their lines on a page for Prometheus.
#include <tenax/telemetry/gate_metrics.hpp>

#include <map>
#include <stdexcept>
#include <string>

#include <tenax/gate/adaptive_rate_limiter.hpp>
#include <tenax/gate/adaptive_throttle.hpp>
#include <tenax/gate/bulkhead.hpp>
#include <tenax/gate/circuit_breaker.hpp>
#include <tenax/gate/concurrency_limiter.hpp>
#include <tenax/gate/in_flight_retry_budget.hpp>
#include <tenax/gate/keyed.hpp>
#include <tenax/gate/rate_limiter.hpp>
#include <tenax/gate/retry_budget.hpp>
#include <tenax/gate/retry_quota.hpp>
#include <tenax/gate/windowed_retry_budget.hpp>
#include <tenax/shared/rate_limiter.hpp>
#include <tenax/telemetry/prometheus.hpp>
#include <tenax/tenax.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "../shared/machines.hpp"
#include "catch.hpp"

using namespace std::chrono_literals;
using tenax::testing::virtual_time;

namespace {

/// Takes all values, as an exporter does.
struct values {
  std::map<std::string, double> of{};
  void gauge(tenax::metric const& m, double value) {
    CHECK(m.kind == tenax::instrument::gauge);
    CHECK(of.emplace(m.name, value).second);
  }
  void gauge(tenax::metric const& m, double value, tenax::circuit_state s) {
    CHECK(of.emplace(m.name + std::string(" ") + to_string(s), value).second);
  }
  void counter(tenax::metric const& m, std::uint64_t value) {
    CHECK(m.kind == tenax::instrument::counter);
    CHECK(of.emplace(m.name, static_cast<double>(value)).second);
  }
};

template <class Gate>
std::map<std::string, double> numbers_of(Gate& gate, virtual_time& clock) {
  values v;
  tenax::visit_gate_metrics(gate, v, clock);
  return v.of;
}

using numbers = std::map<std::string, double>;

}  // namespace

TEST_CASE("A circuit breaker tells its state") {
  virtual_time clock;
  tenax::circuit_breaker breaker;
  CHECK(numbers_of(breaker, clock) == numbers{{"tenax.gate.circuit closed", 1},
                                              {"tenax.gate.circuit half-open", 0},
                                              {"tenax.gate.circuit isolated", 0},
                                              {"tenax.gate.circuit open", 0}});
  breaker.open(clock.now());
  CHECK(numbers_of(breaker, clock)["tenax.gate.circuit open"] == 1);
  CHECK(numbers_of(breaker, clock)["tenax.gate.circuit closed"] == 0);
}

TEST_CASE("Bulkheads and limiters of concurrency tell their places") {
  virtual_time clock;
  tenax::bulkhead slots({.at_once = 2});
  {
    tenax::bulkhead::ticket t;
    static_cast<void>(slots.admit(t, {}, clock.now()));
    CHECK(numbers_of(slots, clock) == numbers{{"tenax.gate.in_flight", 1}, {"tenax.gate.queue", 0}});
  }
  tenax::concurrency_limiter limiter({.start = 5});
  auto const found = numbers_of(limiter, clock);
  CHECK(found.at("tenax.gate.limit") == 5);
  CHECK(found.at("tenax.gate.in_flight") == 0);
  CHECK(found.at("tenax.gate.admitted") == 0);
  CHECK(found.at("tenax.gate.refused") == 0);
}

TEST_CASE("Rate limiters tell their rate, or for how long another attempt would wait") {
  virtual_time clock;
  tenax::rate_limiter limiter(tenax::rate{.permits = 1, .per = 4s, .burst = 1});
  CHECK(numbers_of(limiter, clock) == numbers{{"tenax.gate.wait", 0}});
  CHECK(limiter.try_acquire(1, clock));
  clock.sleep(1s);
  CHECK(numbers_of(limiter, clock) == numbers{{"tenax.gate.wait", 3}});
  tenax::adaptive_rate_limiter adaptive({.start = tenax::per_second(8)});
  auto const found = numbers_of(adaptive, clock);
  CHECK(found.at("tenax.gate.rate") == 8);
  CHECK(found.at("tenax.gate.wait") == 0);
  CHECK(found.at("tenax.gate.throttled") == 0);
}

TEST_CASE("A shared limit tells whether its store answers, and the part of the rate that this machine has") {
  tests::machines world(tenax::per_second(100).with_burst(5));
  for (int i = 0; i < 2; ++i) world.add(4);
  world.start();
  world.run_for(2s);
  values v;
  tenax::visit_gate_metrics(*world.all[0].limiter, v, world.time.environment());
  CHECK(v.of.at("tenax.gate.store_up") == 1);
  CHECK(v.of.at("tenax.gate.rate") == Approx(50));
  CHECK(v.of.at("tenax.gate.wait") == 0);
  CHECK(v.of.at("tenax.gate.admitted") > 90);
  CHECK(v.of.at("tenax.gate.queue") >= 1);
}

TEST_CASE("Budgets tell their tokens, and a throttle how many attempts it refuses") {
  virtual_time clock;
  tenax::retry_budget budget({.tokens = 10});
  CHECK(numbers_of(budget, clock) == numbers{{"tenax.gate.tokens", 10}});
  tenax::retry_quota quota;
  CHECK(numbers_of(quota, clock) == numbers{{"tenax.gate.tokens", quota.tokens()}});
  tenax::windowed_retry_budget windowed;
  CHECK(numbers_of(windowed, clock) ==
        numbers{{"tenax.gate.tokens", static_cast<double>(windowed.balance(clock.now()))}});
  tenax::in_flight_retry_budget in_flight;
  CHECK(numbers_of(in_flight, clock) == numbers{{"tenax.gate.in_flight", 0}, {"tenax.gate.retries", 0}});
  tenax::adaptive_throttle throttle;
  CHECK(numbers_of(throttle, clock) == numbers{{"tenax.gate.refusal_probability", 0}});
}

TEST_CASE("A page has the numbers of gates, each kind of gate once under a name") {
  virtual_time clock;
  tenax::circuit_breaker breaker;
  tenax::retry_budget budget({.tokens = 10});
  tenax::rate_limiter limiter(tenax::rate{.permits = 1, .per = 1s, .burst = 1});
  CHECK(limiter.try_acquire(1, clock));
  clock.sleep(250ms);
  tenax::prometheus_page page;
  page.add("payments", breaker);
  page.add("payments", budget);
  page.add("payments", limiter, clock);
  CHECK(page.text() ==
        "# HELP tenax_gate_circuit 1 for the present state of the circuit, 0 for the others.\n"
        "# TYPE tenax_gate_circuit gauge\n"
        "tenax_gate_circuit{gate=\"payments\",state=\"closed\"} 1\n"
        "tenax_gate_circuit{gate=\"payments\",state=\"open\"} 0\n"
        "tenax_gate_circuit{gate=\"payments\",state=\"half-open\"} 0\n"
        "tenax_gate_circuit{gate=\"payments\",state=\"isolated\"} 0\n"
        "# HELP tenax_gate_tokens Tokens that are left.\n"
        "# TYPE tenax_gate_tokens gauge\n"
        "tenax_gate_tokens{gate=\"payments\"} 10\n"
        "# HELP tenax_gate_wait_seconds Time for which another attempt would wait now.\n"
        "# TYPE tenax_gate_wait_seconds gauge\n"
        "tenax_gate_wait_seconds{gate=\"payments\"} 0.75\n");
  auto const before = page.text();
  CHECK_THROWS_WITH(page.add("payments", breaker),
                    "tenax: prometheus_page: two gates have the same name: tenax_gate_circuit{gate=\"payments\","
                    "state=\"closed\"} is there already; give each gate a name of its own");
  tenax::adaptive_rate_limiter second;  // has a rate, and a wait as well
  CHECK_THROWS_AS(page.add("payments", second, clock), std::invalid_argument);
  CHECK(page.text() == before);
  page.add("orders", breaker);
}

TEST_CASE("The gates of a keyed are added one by one, and no policy is a gate") {
  tenax::keyed<std::string, tenax::retry_budget> hosts([] { return tenax::retry_budget({.tokens = 10}); });
  static_cast<void>(tenax::retrying{}.through(hosts["a"]).try_call([] { return 1; }));
  tenax::prometheus_page page;
  hosts.for_each([&](std::string const& key, auto& gate) { page.add(key, gate); });
  CHECK(page.text().find("tenax_gate_tokens{gate=\"a\"} 10\n") != std::string::npos);
  STATIC_REQUIRE_FALSE(tenax::measured_gate<tenax::keyed<std::string, tenax::retry_budget>>);
  STATIC_REQUIRE_FALSE(tenax::measured_gate<int>);
  STATIC_REQUIRE(tenax::measured_gate<tenax::circuit_breaker<>>);
  STATIC_REQUIRE(tenax::measured_gate<tenax::shared::rate_limiter>);
}
