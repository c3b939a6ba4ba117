// SPDX-License-Identifier: MIT
// worst_case.cpp: the computed bounds of a policy are never exceeded by a call.
#include <tenax/worst_case.hpp>

#include <algorithm>
#include <functional>
#include <string>

#include <tenax/any_retrying.hpp>
#include <tenax/gate/adaptive_rate_limiter.hpp>
#include <tenax/gate/adaptive_throttle.hpp>
#include <tenax/gate/bulkhead.hpp>
#include <tenax/gate/circuit_breaker.hpp>
#include <tenax/gate/concurrency_limiter.hpp>
#include <tenax/gate/dry_run.hpp>
#include <tenax/gate/in_flight_retry_budget.hpp>
#include <tenax/gate/keyed.hpp>
#include <tenax/gate/rate_limiter.hpp>
#include <tenax/gate/retry_budget.hpp>
#include <tenax/gate/retry_quota.hpp>
#include <tenax/gate/windowed_retry_budget.hpp>
#include <tenax/tenax.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "catch.hpp"

using namespace std::chrono_literals;
using tenax::worst_case;

namespace {

/// A policy that ignores server waits.
constexpr auto alone = tenax::retrying{}.max_server_wait(0s);

struct steady {
  static constexpr bool never_shrinks = true;
  constexpr auto operator()(tenax::attempt_info const& a) const { return std::chrono::seconds(a.number); }
};

struct open_gate {
  struct ticket {};
  static tenax::admission admit(ticket&, tenax::attempt_info const&, tenax::time_point) { return {}; }
  static void record(ticket&, tenax::feedback const&, tenax::time_point) {}
};

/// A gate of a user that knows its longest wait.
struct patient_gate : open_gate {
  static constexpr std::chrono::milliseconds longest_wait() { return 250ms; }
};

/// The longest wait of three attempts without waits between them, at this gate.
template <class Gate>
tenax::duration waiting_at(Gate const& gate) {
  auto const bounds = worst_case(alone.wait(tenax::wait::none).through(gate));
  CHECK(bounds.own_wait == bounds.total_wait);
  return bounds.own_wait;
}
constexpr auto without_limit = tenax::duration::max();

}  // namespace

TEST_CASE("The attempts are those of the stop condition") {
  STATIC_REQUIRE(worst_case(alone).attempts == 3);
  STATIC_REQUIRE(worst_case(alone).attempts_bounded);
  STATIC_REQUIRE(worst_case(alone.stop(tenax::stop::after_attempts(1))).attempts == 1);
  STATIC_REQUIRE(worst_case(alone.stop(tenax::stop::after_attempts(5) || tenax::stop::deadline(1min))).attempts == 5);
  STATIC_REQUIRE(worst_case(alone.stop(tenax::stop::after_attempts(5) || tenax::stop::after_attempts(2))).attempts ==
                 2);
  STATIC_REQUIRE(worst_case(alone.stop(tenax::stop::after_attempts(5) && tenax::stop::after_attempts(2))).attempts ==
                 5);
  STATIC_REQUIRE_FALSE(
      worst_case(alone.stop(tenax::stop::after_attempts(5) && tenax::stop::deadline(1min))).attempts_bounded);
  STATIC_REQUIRE_FALSE(worst_case(alone.stop(tenax::stop::deadline(1min))).attempts_bounded);
  STATIC_REQUIRE_FALSE(worst_case(alone.stop(tenax::stop::never)).attempts_bounded);
}

TEST_CASE("The waits of all attempts but the last are added up") {
  STATIC_REQUIRE(worst_case(alone.stop(tenax::stop::after_attempts(1)).wait(tenax::wait::constant(1s))).total_wait ==
                 0s);
  STATIC_REQUIRE(worst_case(alone.stop(tenax::stop::after_attempts(4)).wait(tenax::wait::constant(1s))).total_wait ==
                 3s);
  STATIC_REQUIRE(
      worst_case(alone.stop(tenax::stop::after_attempts(4)).wait(tenax::wait::exponential({.base = 1s, .max = 3s})))
          .own_wait == 6s);
  STATIC_REQUIRE(
      worst_case(alone.stop(tenax::stop::after_attempts(6)).wait(tenax::wait::fibonacci({.unit = 1s}))).own_wait ==
      12s);
  STATIC_REQUIRE(worst_case(alone.stop(tenax::stop::after_attempts(100)).wait(tenax::wait::none)).total_wait == 0s);
  STATIC_REQUIRE(
      worst_case(alone.stop(tenax::stop::after_attempts(4)).wait(tenax::wait::sequence{1s, 2s, 4s, 8s})).own_wait ==
      7s);
}

TEST_CASE("Jitter counts with its longest wait") {
  constexpr auto three = alone.stop(tenax::stop::after_attempts(3));
  STATIC_REQUIRE(worst_case(three.wait(tenax::wait::constant(1s).full())).own_wait == 2s - 2ns);
  STATIC_REQUIRE(worst_case(three.wait(tenax::wait::constant(1s).proportional(0.5))).own_wait == 3s - 2ns);
  STATIC_REQUIRE(worst_case(three.wait(tenax::wait::constant(1s) + tenax::wait::uniform(0s, 500ms))).own_wait ==
                 3s - 2ns);
  // 3s - 1ns at most after the first attempt, three times as much after the second.
  STATIC_REQUIRE(worst_case(three.wait(tenax::wait::decorrelated({.base = 1s, .max = 1min}))).own_wait == 12s - 5ns);
}

TEST_CASE("A deadline bounds the waiting, whatever else is allowed") {
  constexpr auto forever = alone.wait(tenax::wait::constant(1s));
  STATIC_REQUIRE(worst_case(forever.stop(tenax::stop::deadline(30s))).total_wait == 30s);
  STATIC_REQUIRE(worst_case(forever.stop(tenax::stop::deadline(30s).clip_last_wait())).total_wait == 30s);
  STATIC_REQUIRE(worst_case(forever.stop(tenax::stop::deadline(30s) || tenax::stop::after_attempts(5))).own_wait == 4s);
  STATIC_REQUIRE(worst_case(forever.stop(tenax::stop::deadline(2s) || tenax::stop::after_attempts(5))).own_wait == 2s);
  STATIC_REQUIRE(worst_case(forever.stop(tenax::stop::deadline(30s))).bounded());
}

TEST_CASE("Waits that a server may ask for count, up to max_server_wait") {
  constexpr auto three = tenax::retrying{}.wait(tenax::wait::constant(1s)).stop(tenax::stop::after_attempts(3));
  STATIC_REQUIRE(worst_case(three).own_wait == 2s);
  STATIC_REQUIRE(worst_case(three).total_wait == 10min);
  STATIC_REQUIRE(worst_case(three.max_server_wait(30s)).total_wait == 1min);
  STATIC_REQUIRE(worst_case(three.max_server_wait(500ms)).total_wait == 2s);
  STATIC_REQUIRE(worst_case(three.max_server_wait(30s, tenax::too_long::clamp)).total_wait == 1min);
  // Waits above 30 s are ignored then, but shorter ones are obeyed.
  STATIC_REQUIRE(worst_case(three.max_server_wait(30s, tenax::too_long::ignore)).total_wait == 1min);
  // Each of the two waits is at most 30 s longer than the own one.
  STATIC_REQUIRE(worst_case(three.max_server_wait(30s, tenax::too_long::lengthen)).total_wait ==
                 1min + worst_case(three).own_wait);
  STATIC_REQUIRE(worst_case(three.stop(tenax::stop::deadline(10s))).total_wait == 10s);

  constexpr auto on_top = three.wait(
      tenax::wait::first_of(tenax::wait::retry_after + tenax::wait::uniform(0s, 1s), tenax::wait::constant(2s)));
  STATIC_REQUIRE(worst_case(on_top.max_server_wait(30s)).total_wait == 62s - 2ns);
  STATIC_REQUIRE(worst_case(on_top.max_server_wait(30s)).own_wait == 4s);
}

TEST_CASE("Without a limit on attempts or time, the waiting is unbounded") {
  CHECK_FALSE(worst_case(alone.stop(tenax::stop::never).wait(tenax::wait::constant(1s))).bounded());
  CHECK_FALSE(worst_case(alone.stop(tenax::stop::never).wait(tenax::wait::constant(1ns))).bounded());
  CHECK_FALSE(worst_case(alone.stop(tenax::stop::after_elapsed(10s)).wait(tenax::wait::constant(1s))).bounded());
  CHECK(worst_case(alone.stop(tenax::stop::never).wait(tenax::wait::constant(1s))).own_wait == tenax::duration::max());
  CHECK(worst_case(alone.stop(tenax::stop::never).wait(tenax::wait::none)).bounded());
  CHECK_FALSE(worst_case(alone.stop(tenax::stop::never)
                             .wait(tenax::wait::chain(tenax::wait::repeat(2'000, tenax::wait::none),
                                                      tenax::wait::constant(1s))))
                  .bounded());
}

TEST_CASE("With reset_on_progress, neither the attempts nor the waits of a call are bounded without a deadline") {
  constexpr auto again = alone.wait(tenax::wait::constant(1s)).reset_on_progress();
  STATIC_REQUIRE_FALSE(worst_case(again).attempts_bounded);
  STATIC_REQUIRE(worst_case(again).attempts == worst_case(again.stop(tenax::stop::never)).attempts);
  STATIC_REQUIRE_FALSE(worst_case(again).bounded());
  STATIC_REQUIRE(worst_case(again).own_wait == without_limit);
  STATIC_REQUIRE_FALSE(worst_case(again.named("x").attempt_timeout(1s)).bounded());
  STATIC_REQUIRE_FALSE(worst_case(again.wait(tenax::wait::none).max_server_wait(1s)).bounded());
  STATIC_REQUIRE(worst_case(again.wait(tenax::wait::none).max_server_wait(1s)).own_wait == 0s);
  STATIC_REQUIRE_FALSE(worst_case(again.wait(tenax::wait::sequence{1s, 0s})).bounded());

  constexpr auto in_time = again.stop(tenax::stop::after_attempts(3) || tenax::stop::deadline(10s));
  STATIC_REQUIRE_FALSE(worst_case(in_time).attempts_bounded);
  STATIC_REQUIRE(worst_case(in_time).total_wait == 10s);
  STATIC_REQUIRE(worst_case(in_time.wait(tenax::wait::none)).total_wait == 0s);

  // The attempt that makes progress is number 1 of the new count.
  STATIC_REQUIRE(worst_case(again.stop(tenax::stop::after_attempts(1))).attempts == 1);
  STATIC_REQUIRE(worst_case(again.stop(tenax::stop::after_attempts(1))).total_wait == 0s);

  patient_gate gate;
  CHECK_FALSE(worst_case(again.wait(tenax::wait::none).through(std::ref(gate))).bounded());
  CHECK_FALSE(worst_case(again.wait(tenax::wait::none).through(std::ref(gate)).max_gate_wait(1s)).bounded());
  CHECK(worst_case(in_time.through(std::ref(gate))).total_wait == 10s);
  CHECK_FALSE(worst_case(tenax::any_retrying(again).policy()).bounded());

  tenax::testing::virtual_time clock;
  auto const call = [&](auto const& policy) {
    int calls = 0;
    return policy.environment(std::ref(clock)).try_call([&] {
      if (++calls < 30) throw tenax::made_progress(std::runtime_error("broken"));
    });
  };
  CHECK(call(again).attempts == 30);
  CHECK(call(again.stop(tenax::stop::after_attempts(1))).attempts == 1);
  CHECK(call(in_time).waited <= 10s);
}

TEST_CASE("A setter changes the worst case of an any_retrying") {
  tenax::any_retrying const given = tenax::retrying{}.wait(tenax::wait::constant(1s));
  CHECK(worst_case(given.policy()).total_wait == 10min);
  CHECK(worst_case(given.max_server_wait(30s).policy()).total_wait == 1min);
  CHECK(worst_case(given.max_server_wait(0s).policy()).total_wait == 2s);
  CHECK_FALSE(worst_case(given.reset_on_progress().policy()).bounded());
  CHECK(worst_case(tenax::any_retrying(given.max_server_wait(30s)).policy()).total_wait == 1min);
  CHECK(worst_case(given.max_server_wait(0s).stop(tenax::stop::after_attempts(2)).policy()).total_wait == 1s);
}

TEST_CASE("The waiting of many attempts is not underestimated") {
  constexpr auto many = alone.stop(tenax::stop::after_attempts(5'000));
  CHECK(worst_case(many.wait(tenax::wait::constant(1s))).own_wait == 4'999s);
  CHECK(worst_case(many.wait(tenax::wait::linear({.first = 1s, .step = 1s}))).own_wait >= 12'497'500s);
  CHECK(worst_case(
            many.wait(tenax::wait::chain(tenax::wait::repeat(2'000, tenax::wait::none), tenax::wait::constant(1min))))
            .own_wait >= 2'999min);
}

TEST_CASE("A strategy that can answer anything has no bound of its own") {
  auto const own = [](tenax::attempt<int> const& a) { return std::chrono::seconds(a.result.value()); };
  CHECK_FALSE(worst_case(alone.wait(own)).bounded());
  CHECK(worst_case(alone.wait(own).stop(tenax::stop::after_attempts(3) || tenax::stop::deadline(5s))).total_wait == 5s);
  CHECK(worst_case(alone.wait(tenax::wait::at_most(2s, own))).own_wait == 4s);
}

TEST_CASE("A user-defined strategy that reads waited is called with the sum of all waits") {
  constexpr auto six = alone.stop(tenax::stop::after_attempts(6));
  constexpr auto longer_each_time = [](tenax::attempt_info const& a) { return a.waited + 1s; };
  STATIC_REQUIRE(worst_case(six.wait(longer_each_time)).total_wait == 31s);
  constexpr auto as_long_again = [](tenax::attempt_info const& a) { return std::max<tenax::duration>(1s, a.elapsed); };
  STATIC_REQUIRE(worst_case(six.wait(as_long_again)).total_wait == 16s);
  constexpr auto what_is_left = [](tenax::attempt_info const& a) {
    return 10s - std::min<tenax::duration>(a.waited, 9s);
  };
  STATIC_REQUIRE(worst_case(six.wait(what_is_left)).total_wait == 10s + 4 * 1s);
  STATIC_REQUIRE(worst_case(six.wait(tenax::wait::none + longer_each_time)).total_wait == 31s);
  STATIC_REQUIRE(worst_case(six.wait(tenax::wait::chain(tenax::wait::constant(1s), longer_each_time))).total_wait ==
                 31s);
  STATIC_REQUIRE(worst_case(six.wait(tenax::wait::at_most(4s, longer_each_time))).total_wait == 15s);
}

TEST_CASE("A user-defined strategy is called with both ends of every draw") {
  constexpr auto six = alone.stop(tenax::stop::after_attempts(6));
  constexpr auto less = [](tenax::attempt_info const& a) { return 10s - a.draw(0s, 9s); };
  STATIC_REQUIRE(worst_case(six.wait(less)).total_wait == 50s);
  constexpr auto difference = [](tenax::attempt_info const& a) { return a.draw(1s, 10s) - a.draw(0s, 9s); };
  STATIC_REQUIRE(worst_case(six.wait(difference)).total_wait == 50s - 5ns);
  constexpr auto many = [](tenax::attempt_info const& a) {
    return a.draw(0s, 1s) + a.draw(0s, 1s) + a.draw(0s, 1s) + a.draw(0s, 1s) + a.draw(0s, 1s);
  };
  STATIC_REQUIRE_FALSE(worst_case(six.wait(many)).bounded());
}

TEST_CASE("A user-defined strategy that follows the server is called with the longest obeyed wait") {
  constexpr auto one_more = [](tenax::attempt_info const& a) {
    return a.server_wait.value_or(tenax::duration(1s)) + 1s;
  };
  constexpr auto three = tenax::retrying{}.wait(one_more).stop(tenax::stop::after_attempts(3)).max_server_wait(30s);
  STATIC_REQUIRE(worst_case(three).own_wait == 4s);
  STATIC_REQUIRE(worst_case(three).total_wait == 62s);
  STATIC_REQUIRE_FALSE(worst_case(three.max_server_wait(tenax::duration::max())).bounded());
}

TEST_CASE("A strategy that shrinks after many attempts is bounded in each of its parts") {
  constexpr auto many = alone.stop(tenax::stop::after_attempts(2'500));
  constexpr auto slow_in_the_middle =
      tenax::wait::chain(tenax::wait::repeat(1'500, tenax::wait::constant(1ms)),
                         tenax::wait::repeat(500, tenax::wait::constant(1h)), tenax::wait::none);
  STATIC_REQUIRE(worst_case(many.wait(slow_in_the_middle)).total_wait == 1500ms + 500h);
  STATIC_REQUIRE(worst_case(many.wait(slow_in_the_middle + tenax::wait::constant(1s))).total_wait ==
                 1500ms + 500h + 2'499s);
  STATIC_REQUIRE(worst_case(alone.stop(tenax::stop::never).wait(slow_in_the_middle)).total_wait == 1500ms + 500h);
  STATIC_REQUIRE(worst_case(many.wait(tenax::wait::chain(tenax::wait::repeat(3, tenax::wait::none),
                                                         tenax::wait::exponential({.max = 1s}))))
                     .bounded());
  STATIC_REQUIRE(worst_case(many.wait(tenax::wait::sequence{3s, 1s}.full())).own_wait == 3s + 2'498s - 2'499ns);
  // After a thousand attempts the previous wait is unknown, so it is assumed to be long.
  CHECK(worst_case(many.wait(tenax::wait::min_of(tenax::wait::linear({.first = 1ms, .step = 1ms}),
                                                 tenax::wait::decorrelated())))
            .own_wait >= worst_case(many.wait(tenax::wait::linear({.first = 1ms, .step = 1ms}))).own_wait);
}

TEST_CASE("A user-defined strategy has no bound after a thousand attempts, unless it declares never_shrinks") {
  constexpr auto by_number = [](tenax::attempt_info const& a) {
    return std::chrono::seconds(a.number == 1'700 ? 900 : 0);
  };
  STATIC_REQUIRE(worst_case(alone.stop(tenax::stop::after_attempts(1'001)).wait(by_number)).total_wait == 0s);
  CHECK_FALSE(worst_case(alone.stop(tenax::stop::after_attempts(2'500)).wait(by_number)).bounded());
  CHECK_FALSE(worst_case(alone.stop(tenax::stop::never).wait(by_number)).bounded());
  CHECK(worst_case(alone.stop(tenax::stop::after_attempts(2'500) || tenax::stop::deadline(1min)).wait(by_number))
            .total_wait == 1min);
  CHECK(worst_case(alone.stop(tenax::stop::after_attempts(2'000)).wait(steady{})).own_wait >= 1'999'000s);
  CHECK(worst_case(alone.stop(tenax::stop::after_attempts(2'000)).wait(steady{})).bounded());
}

TEST_CASE("A user-defined strategy is not called after ten years of waiting") {
  constexpr auto doubling = [](tenax::attempt_info const& a) { return 2 * a.waited + 1s; };
  STATIC_REQUIRE_FALSE(worst_case(alone.stop(tenax::stop::after_attempts(100)).wait(doubling)).bounded());
}

TEST_CASE("Gates can make a call wait for as long as its deadline allows") {
  open_gate gate;
  auto const gated = alone.wait(tenax::wait::none).through(std::ref(gate));
  CHECK_FALSE(worst_case(gated).bounded());
  CHECK(worst_case(gated).attempts == 3);
  CHECK(worst_case(gated.stop(tenax::stop::deadline(10s))).total_wait == 10s);
  CHECK(worst_case(gated.stop(tenax::stop::deadline(10s))).own_wait == 10s);
}

TEST_CASE("A limit on the waits at gates bounds the waits of a call") {
  open_gate gate;
  auto const gated = alone.wait(tenax::wait::constant(1s)).through(std::ref(gate)).max_gate_wait(2s);
  CHECK(worst_case(gated).own_wait == 8s);  // two waits between three attempts, and three at the gate
  CHECK(worst_case(gated.max_gate_wait(0s)).own_wait == 2s);
  CHECK(worst_case(gated.stop(tenax::stop::after_attempts(3) || tenax::stop::deadline(5s))).own_wait == 5s);
  CHECK_FALSE(worst_case(gated.wait(tenax::wait::none).stop(tenax::stop::never)).bounded());
  CHECK(worst_case(alone.wait(tenax::wait::constant(1s)).max_gate_wait(2s)).own_wait == 2s);
}

TEST_CASE("Gates that never make attempts wait do not change the worst case") {
  tenax::retry_budget budget;
  tenax::windowed_retry_budget windowed;
  tenax::in_flight_retry_budget in_flight;
  tenax::retry_quota quota;
  tenax::adaptive_throttle throttle;
  tenax::circuit_breaker<> breaker;
  auto const ignore = [](auto const&...) {};
  tenax::circuit_breaker observed({}, ignore);
  CHECK(waiting_at(std::ref(budget)) == 0s);
  CHECK(waiting_at(std::ref(windowed)) == 0s);
  CHECK(waiting_at(std::ref(in_flight)) == 0s);
  CHECK(waiting_at(std::ref(quota)) == 0s);
  CHECK(waiting_at(std::ref(throttle)) == 0s);
  CHECK(waiting_at(std::ref(breaker)) == 0s);
  CHECK(waiting_at(std::ref(observed)) == 0s);

  auto const several = alone.wait(tenax::wait::constant(1s)).through(std::ref(budget)).through(std::ref(breaker));
  CHECK(worst_case(several).own_wait == 2s);
  CHECK(worst_case(several.max_gate_wait(5s)).own_wait == 2s);
  CHECK(worst_case(several.max_server_wait(30s)).total_wait == 1min);
  CHECK(worst_case(several.wait(tenax::wait::none).stop(tenax::stop::never)).bounded());

  // A constant for a gate that is one object of the program.
  static tenax::retry_budget shared;
  constexpr auto guarded = alone.wait(tenax::wait::constant(1s)).through(std::ref(shared));
  STATIC_REQUIRE(worst_case(guarded).total_wait == 2s);
}

TEST_CASE("Gates that may make attempts wait without limit leave the worst case without limit") {
  tenax::rate_limiter limiter(tenax::per_second(10).with_burst(5));
  tenax::rate_limiter two(tenax::per_second(10), tenax::per_minute(100).with_burst(20));
  tenax::adaptive_rate_limiter adaptive;
  CHECK(waiting_at(std::ref(limiter)) == without_limit);
  CHECK(waiting_at(std::ref(two)) == without_limit);
  CHECK(waiting_at(limiter.with_weight(2)) == without_limit);
  CHECK(waiting_at(std::ref(adaptive)) == without_limit);
  tenax::retry_budget budget;
  auto const both = alone.through(std::ref(budget)).through(std::ref(limiter));
  CHECK_FALSE(worst_case(both).bounded());
  CHECK(worst_case(both.wait(tenax::wait::none).max_gate_wait(2s)).own_wait == 6s);
}

TEST_CASE("Gates that know their longest wait add it for every attempt") {
  tenax::bulkhead places({.max_wait = 2s});
  tenax::bulkhead no_queue({.queue = 0});
  tenax::concurrency_limiter found({.max_wait = 3s});
  tenax::concurrency_limiter found_no_queue({.queue = 0});
  patient_gate own;
  CHECK(waiting_at(std::ref(places)) == 6s);
  CHECK(waiting_at(std::ref(no_queue)) == 0s);
  CHECK(waiting_at(std::ref(found)) == 9s);
  CHECK(waiting_at(found.with_priority(tenax::priority::high)) == 9s);
  CHECK(waiting_at(std::ref(found_no_queue)) == 0s);
  CHECK(waiting_at(std::ref(own)) == 750ms);

  auto const both = alone.wait(tenax::wait::constant(1s)).through(std::ref(own)).through(std::ref(places));
  CHECK(worst_case(both).own_wait == 2s + 3 * 2250ms);
  CHECK(worst_case(both.max_gate_wait(1s)).own_wait == 2s + 3 * 1s);
  CHECK(worst_case(both.max_gate_wait(1h)).own_wait == 2s + 3 * 2250ms);
  CHECK_FALSE(worst_case(both.wait(tenax::wait::none).stop(tenax::stop::never)).bounded());
  CHECK(worst_case(tenax::any_retrying(both).policy()).own_wait == 2s + 3 * 2250ms);
}

TEST_CASE("Views of gates know what holds for all gates of the type") {
  tenax::keyed<std::string, tenax::circuit_breaker<>> breakers([] { return tenax::circuit_breaker<>(); });
  tenax::keyed<std::string, tenax::bulkhead> bulkheads([] { return tenax::bulkhead(); });
  tenax::keyed<std::string, patient_gate> own([] { return patient_gate(); });
  CHECK(waiting_at(breakers["a"]) == 0s);
  CHECK(waiting_at(bulkheads["a"]) == without_limit);  // each of them may have a limit of its own
  CHECK(waiting_at(own["a"]) == 750ms);

  tenax::rate_limiter limiter(tenax::per_second(10));
  auto const ignore = [](auto const&...) {};
  CHECK(waiting_at(tenax::dry_run(std::ref(limiter), ignore)) == 0s);
  CHECK(waiting_at(tenax::dry_run(bulkheads["a"], ignore)) == 0s);
}

TEST_CASE("An attempt waits at a gate no longer than the gate's longest wait") {
  auto const waited_while_full = [](auto& gate) {
    tenax::testing::virtual_time clock;
    typename std::remove_reference_t<decltype(gate)>::ticket held;
    REQUIRE(gate.admit(held, {}, clock.now()).admitted());
    auto const policy = alone.stop(tenax::stop::after_attempts(1)).through(std::ref(gate)).environment(std::ref(clock));
    auto const r = policy.try_call([] { return 1; });
    CHECK(r.reason == tenax::stop_reason::refused_by_gate);
    CHECK(r.waited <= worst_case(policy.policy()).total_wait);
    return r.waited;
  };
  tenax::bulkhead places({.at_once = 1, .max_wait = 2s});
  tenax::bulkhead no_queue({.at_once = 1, .queue = 0});
  tenax::concurrency_limiter found({.start = 1, .at_most = 1, .max_wait = 3s});
  CHECK(waited_while_full(places) == 2s);
  CHECK(waited_while_full(no_queue) == 0s);
  CHECK(waited_while_full(found) == 3s);
}

TEST_CASE("The default policy waits less than 300 ms on its own") {
  STATIC_REQUIRE(worst_case(tenax::retrying{}).attempts == 3);
  STATIC_REQUIRE(worst_case(tenax::retrying{}).own_wait < 300ms);
}
