// SPDX-License-Identifier: MIT
// dry_run.cpp: gates that only tell what they would do.
#include <tenax/gate/dry_run.hpp>

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include <tenax/gate/adaptive_rate_limiter.hpp>
#include <tenax/gate/adaptive_throttle.hpp>
#include <tenax/gate/bulkhead.hpp>
#include <tenax/gate/call.hpp>
#include <tenax/gate/circuit_breaker.hpp>
#include <tenax/gate/concurrency_limiter.hpp>
#include <tenax/gate/in_flight_retry_budget.hpp>
#include <tenax/gate/keyed.hpp>
#include <tenax/gate/rate_limiter.hpp>
#include <tenax/gate/retry_budget.hpp>
#include <tenax/gate/retry_quota.hpp>
#include <tenax/gate/windowed_retry_budget.hpp>
#include <tenax/tenax.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "catch.hpp"
#include "gates.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using tenax::admission;
using tenax::dry_run;
using tenax::dry_run_counter;
using snapshot = dry_run_counter::snapshot;

namespace {

template <class G>
using trial_of = decltype(dry_run(std::declval<std::reference_wrapper<G>>(),
                                  std::declval<std::reference_wrapper<dry_run_counter>>()));

template <class... G>
inline constexpr bool all_can_be_tried = (tenax::gate_view<trial_of<G>> && ...);
static_assert(all_can_be_tried<tenax::rate_limiter<1>, tenax::rate_limiter<2>, tenax::adaptive_rate_limiter,
                               tenax::circuit_breaker<>, tenax::retry_budget, tenax::windowed_retry_budget,
                               tenax::in_flight_retry_budget, tenax::retry_quota, tenax::bulkhead,
                               tenax::concurrency_limiter, tenax::adaptive_throttle, tests::test_gate>);

struct lost : std::runtime_error {
  lost() : runtime_error("lost") {}
};

}  // namespace

TEST_CASE("dry_run: attempts pass, and the answers of the gate are counted") {
  tenax::testing::virtual_time clock;
  tenax::rate_limiter limiter(tenax::per_second(1));
  dry_run_counter counter;
  auto const policy =
      tenax::retrying{}.environment(std::ref(clock)).through(dry_run(std::ref(limiter), std::ref(counter)));
  for (int i = 0; i < 3; ++i) CHECK(policy.try_call([] { return 1; }));
  CHECK(clock.sleeps().empty());
  // The two attempts that would have waited are forgotten.
  CHECK(counter.read() == snapshot{.admitted = 1, .delayed = 2, .waiting = 2s});
  clock.sleep(1s);
  CHECK(policy.try_call([] { return 1; }));
  CHECK(counter.read() == snapshot{.admitted = 2, .delayed = 2, .waiting = 2s});
}

TEST_CASE("dry_run: a breaker opens, refuses nothing, and closes again") {
  tenax::testing::virtual_time clock;
  tenax::circuit_breaker breaker({.failures = 2, .open_for = 10s, .open_jitter = 0});
  std::vector<std::string> answers;
  auto const tell = [&answers](tenax::attempt_info const& info, admission const& a) {
    answers.push_back(std::to_string(info.number) + " " + (a.admitted() ? "go" : a.reason));
  };
  auto const policy = tenax::retrying{}
                          .environment(std::ref(clock))
                          .wait(tenax::wait::constant(1s))
                          .stop(tenax::stop::after_attempts(4))
                          .through(dry_run(std::ref(breaker), tell));
  auto const r = policy.try_call([]() -> int { throw lost(); });
  CHECK(r.attempts == 4);
  CHECK(breaker.state() == tenax::circuit_state::open);
  // A retry that would be refused is told once, before its wait.
  CHECK(answers == std::vector<std::string>{"1 go", "2 go", "3 circuit open", "4 circuit open"});
  answers.clear();
  clock.sleep(20s);
  CHECK(policy([] { return 1; }) == 1);
  CHECK(answers == std::vector<std::string>{"1 go"});
  CHECK(breaker.state() == tenax::circuit_state::closed);
}

TEST_CASE("dry_run: budgets refuse no retry, and a retry that they would refuse costs nothing") {
  tenax::testing::virtual_time clock;
  dry_run_counter counter;
  auto const run = [&](auto& budget) {
    auto const policy = tenax::retrying{}
                            .environment(std::ref(clock))
                            .stop(tenax::stop::after_attempts(8))
                            .through(dry_run(std::ref(budget), std::ref(counter)));
    return policy.try_call([]() -> int { throw lost(); }).attempts;
  };
  SECTION("retry_quota") {
    tenax::retry_quota quota({.tokens = 42, .retry_cost = 14});
    CHECK(run(quota) == 8);
    CHECK(counter.read() == snapshot{.admitted = 4, .refused = 4});
    CHECK(quota.tokens() == 0);
  }
  SECTION("in_flight_retry_budget") {
    tenax::in_flight_retry_budget budget({.ratio = 0.5, .min_retries = 0});
    CHECK(run(budget) == 8);
    CHECK(counter.read().refused > 0);
    CHECK(budget.in_flight() == 0);
    CHECK(budget.retries() == 0);
  }
  SECTION("retry_budget") {
    tenax::retry_budget budget({.tokens = 4});
    CHECK(run(budget) == 8);
    CHECK(counter.read() == snapshot{.admitted = 2, .refused = 6});
  }
}

TEST_CASE("dry_run: places are held only by attempts that were admitted, and given back") {
  tenax::bulkhead places({.at_once = 1, .queue = 1});
  dry_run_counter counter;
  auto const trial = dry_run(std::ref(places), std::ref(counter));
  using ticket = decltype(trial)::ticket;
  ticket first, second;
  CHECK(tests::asked(trial, first) == tests::verdict::go);
  CHECK(tests::asked(trial, second) == tests::verdict::go);
  CHECK(tests::asked(trial, second) == tests::verdict::go);  // again, after a wait at another gate
  CHECK(places.running() == 1);
  CHECK(places.waiting() == 0);
  CHECK(counter.read().admitted == 1);
  CHECK(counter.read().delayed == 1);
  tests::tell(trial, second, tests::kind::success);
  CHECK(places.running() == 1);
  auto moved = std::move(first);
  tests::tell(trial, moved, tests::kind::success);
  CHECK(places.running() == 0);
  CHECK(tests::asked(trial, first) == tests::verdict::go);
  first = {};
  CHECK(places.running() == 0);
}

TEST_CASE("dry_run: tries the gate of a key, and works without a policy") {
  tenax::testing::virtual_time clock;
  tenax::keyed<int, tenax::rate_limiter<1>> limiters([] { return tenax::rate_limiter(tenax::per_second(1)); });
  dry_run_counter counter;
  for (int key : {1, 2, 1}) {
    CHECK(tenax::call_through(dry_run(limiters[key], std::ref(counter)), [] { return 1; }, clock) == 1);
  }
  CHECK(counter.read() == snapshot{.admitted = 2, .delayed = 1, .waiting = 1s});
}

TEST_CASE("dry_run: an exception of the observer ends the call, and gives back what the gate granted") {
  tenax::bulkhead places({.at_once = 1});
  auto const refuse = [](tenax::attempt_info const&, admission const&) { throw std::logic_error("broken"); };
  auto const policy = tenax::retrying{}.through(dry_run(std::ref(places), refuse));
  CHECK_THROWS_AS(policy([] {}), std::logic_error);
  CHECK(places.running() == 0);
}

TEST_CASE("dry_run: the sum of the waits does not overflow") {
  dry_run_counter counter;
  for (int i = 0; i < 3; ++i) counter({}, admission::wait((tenax::duration::max)()));
  CHECK(counter.read() == snapshot{.delayed = 3, .waiting = (tenax::duration::max)()});
}
