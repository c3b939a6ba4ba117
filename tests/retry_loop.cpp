// SPDX-License-Identifier: MIT
// retry_loop.cpp: the engine, driven by hand: the order of one turn, and how it treats gates.
#include <tenax/tenax.hpp>

#include <functional>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include <tenax/testing/virtual_time.hpp>

#include "catch.hpp"
#include "gates.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using tenax::admission;
using tenax::stop_reason;
using tenax::testing::virtual_time;
using tests::events;
using tests::test_gate;
using durations = std::vector<tenax::duration>;
using kind = tenax::feedback::kind;

namespace {

constexpr tenax::time_point at(tenax::duration d) { return tenax::time_point(d); }
tenax::outcome<int> down() { return tests::thrown<int>(std::runtime_error("down")); }

struct pressed_token {
  bool const* pressed;
  [[nodiscard]] bool stop_requested() const { return *pressed; }
};

/// Records every event of a turn in the order in which an observer sees it.
template <class Policy>
auto recorded(Policy const& policy, events& log) {
  auto const note = [&log](char const* what) {
    return [&log, what](tenax::attempt_info const&) { log.push_back(what); };
  };
  return policy
      .when([&log](tenax::attempt<int> const& a) {
        log.push_back("when");
        return !a.result.has_value() || a.result.value() < 0;
      })
      .wait([&log](tenax::attempt_info const& a) {
        log.push_back("wait");
        return a.number * 1s;
      })
      .stop([&log](tenax::attempt_info const& a) {
        log.push_back("stop, upcoming " + std::to_string(a.upcoming_wait / 1s) + " s");
        return a.number == 3;
      })
      .before_attempt(note("before_attempt"))
      .after_attempt(note("after_attempt"))
      .before_sleep(note("before_sleep"))
      .on_success(note("on_success"))
      .on_give_up(note("on_give_up"));
}

/// An environment that records its sleeps in the list of events.
struct recording_time {
  events* log;
  [[nodiscard]] tenax::time_point now() const { return {}; }
  void sleep(tenax::duration d) const { log->push_back("sleep " + std::to_string(d / 1s) + " s"); }
};

}  // namespace

// --- the order of one turn ------------------------------------------------------------------------------------------

TEST_CASE("One turn has the documented order") {
  events log;
  test_gate gate({}, "gate", &log);
  auto const policy = recorded(tenax::retrying{}.through(std::ref(gate)), log).environment(recording_time{&log});
  int n = 0;
  CHECK(policy([&] {
          log.push_back("call");
          return ++n < 3 ? -1 : n;
        }) == 3);
  CHECK(log == events{"gate asked 1", "before_attempt",     "call",         "after_attempt",
                      "when",         "gate told",          "wait",         "stop, upcoming 1 s",
                      "before_sleep", "sleep 1 s",          "gate asked 2", "before_attempt",
                      "call",         "after_attempt",      "when",         "gate told",
                      "wait",         "stop, upcoming 2 s", "before_sleep", "sleep 2 s",
                      "gate asked 3", "before_attempt",     "call",         "after_attempt",
                      "when",         "gate told",          "on_success"});
}

TEST_CASE("A call that gives up has the documented order") {
  events log;
  test_gate gate({}, "gate", &log);
  auto const policy = recorded(tenax::retrying{}.through(std::ref(gate)), log).environment(recording_time{&log});
  CHECK(policy([&] {
          log.push_back("call");
          return -1;
        }) == -1);
  CHECK(events(log.end() - 9, log.end()) == events{"gate asked 3", "before_attempt", "call", "after_attempt", "when",
                                                   "gate told", "wait", "stop, upcoming 3 s", "on_give_up"});
}

TEST_CASE("The order is the same for an exception; for a failure that is not retried it ends after the predicate") {
  events log;
  auto const policy = recorded(tenax::retrying{}, log).environment(recording_time{&log});
  CHECK_THROWS_AS(policy([&]() -> int { throw std::runtime_error("down"); }), std::runtime_error);
  CHECK(events(log.begin(), log.begin() + 7) ==
        events{"before_attempt", "after_attempt", "when", "wait", "stop, upcoming 1 s", "before_sleep", "sleep 1 s"});
  log.clear();
  CHECK_THROWS_AS(policy([&]() -> int { throw tenax::permanent(1); }), tenax::with_hint<int>);
  CHECK(log == events{"before_attempt", "after_attempt", "on_give_up"});
}

TEST_CASE("A call that ends before its first attempt only reports its end") {
  events log;
  test_gate gate({admission::refuse("closed")}, "gate", &log);
  auto const policy = recorded(tenax::retrying{}.through(std::ref(gate)), log).environment(recording_time{&log});
  CHECK_THROWS_AS(policy([] { return 1; }), tenax::refused);
  CHECK(log == events{"gate asked 1", "on_give_up"});
}

// --- by hand --------------------------------------------------------------------------------------------------------

TEST_CASE("The engine is driven by hand") {
  auto const policy = tenax::retrying{}
                          .wait(tenax::wait::sequence{1s, 3s})
                          .stop(tenax::stop::after_attempts(3) || tenax::stop::deadline(1min));
  tenax::retry_loop loop{policy, at(100s)};
  STATIC_REQUIRE(decltype(loop)::reads_clock);

  auto next = loop.start_attempt(at(100s));
  CHECK(next.starts());
  CHECK(loop.info().number == 1);
  CHECK(loop.attempts() == 0);
  CHECK(loop.info().started == at(100s));
  CHECK(loop.info().time_left == 1min);

  next = loop.finish_attempt(down(), at(102s));
  CHECK(next.waits());
  CHECK(next.delay == 1s);
  CHECK(loop.attempts() == 1);
  CHECK(loop.info().elapsed == 2s);

  next = loop.start_attempt(at(103s));
  CHECK(next.starts());
  CHECK(loop.info().number == 2);
  CHECK(loop.info().waited == 1s);
  CHECK(loop.info().previous_wait == 1s);
  CHECK(loop.info().upcoming_wait == 0s);
  CHECK(loop.info().time_left == 57s);

  next = loop.finish_attempt(down(), at(104s));
  CHECK(next.delay == 3s);
  CHECK(loop.start_attempt(at(107s)).starts());
  next = loop.finish_attempt(down(), at(108s));
  CHECK(next.stops());
  CHECK(next.reason == stop_reason::attempts);
  CHECK(loop.reason() == stop_reason::attempts);
  CHECK(loop.attempts() == 3);
  CHECK(loop.info().waited == 4s);
  CHECK(loop.info().elapsed == 8s);
}

TEST_CASE("The engine works in constant expressions") {
  constexpr auto run = [](int good) {
    auto const policy = tenax::retrying{}
                            .when(tenax::when::result([](int i) { return i < 0; }))
                            .wait(tenax::wait::exponential({.base = 1s}));
    tenax::retry_loop loop{policy};
    tenax::duration total{};
    auto next = loop.start_attempt();
    for (int n = 1; next.starts(); ++n) {
      next = loop.finish_attempt(tenax::outcome<int>(n < good ? -1 : n));
      while (next.waits()) {
        total += next.delay;
        next = loop.start_attempt();
      }
    }
    return std::pair(loop.attempts(), total);
  };
  STATIC_REQUIRE(run(1) == std::pair(1U, tenax::duration(0s)));
  STATIC_REQUIRE(run(3) == std::pair(3U, tenax::duration(3s)));
  STATIC_REQUIRE(run(9) == std::pair(3U, tenax::duration(3s)));
}

TEST_CASE("A policy whose parts do not use time needs no clock") {
  constexpr tenax::retrying policy{};
  STATIC_REQUIRE_FALSE(tenax::retry_loop<std::remove_cvref_t<decltype(policy)>>::reads_clock);
  tenax::retry_loop loop{policy};
  CHECK(loop.start_attempt().starts());
  CHECK(loop.finish_attempt(down()).waits());
  CHECK(loop.info().elapsed == 0s);
}

TEST_CASE("The engine can refer to a policy instead of holding it") {
  auto const policy = tenax::retrying{}.wait(tenax::wait::constant(1s));
  tenax::retry_loop<decltype(policy) const&> loop(policy);
  CHECK(&loop.policy() == &policy);
  CHECK(loop.start_attempt().starts());
  CHECK(loop.finish_attempt(down()).delay == 1s);
}

TEST_CASE("The engine draws from the source that it is given") {
  tenax::fixed_random highest(tenax::highest_draw), lowest(tenax::lowest_draw);
  auto const policy = tenax::retrying{}.wait(tenax::wait::uniform(1s, 2s));
  auto const first_wait = [&](tenax::random_source& random) {
    tenax::retry_loop loop{policy, {}, &random};
    static_cast<void>(loop.start_attempt());
    return loop.finish_attempt(down()).delay;
  };
  CHECK(first_wait(lowest) == 1s);
  CHECK(first_wait(highest) == 2s - 1ns);
}

TEST_CASE("After a wait of zero, start_attempt has to be called as after any wait") {
  tenax::retry_loop loop{tenax::retrying{}.wait(tenax::wait::none)};
  CHECK(loop.start_attempt().starts());
  auto const next = loop.finish_attempt(down());
  CHECK(next.waits());
  CHECK(next.delay == 0s);
  CHECK(loop.start_attempt().starts());
  CHECK(loop.info().number == 2);
}

TEST_CASE("Observers see whether the strategy or the server set the wait") {
  using tenax::wait_source;
  std::vector<wait_source> sources;
  auto const policy = tenax::retrying{}
                          .wait(tenax::wait::constant(10s))
                          .stop(tenax::stop::never)
                          .before_sleep([&](tenax::attempt_info const& a) { sources.push_back(a.source); });
  tenax::retry_loop loop{policy, at(0s)};
  auto const asking = [&](auto d) {
    static_cast<void>(loop.start_attempt(at(0s)));
    return loop.finish_attempt(tests::thrown<int>(tenax::retry_after(d, 1)), at(0s)).delay;
  };
  CHECK(asking(5s) == 10s);
  CHECK(asking(10s) == 10s);
  CHECK(asking(15s) == 15s);
  static_cast<void>(loop.start_attempt(at(0s)));
  CHECK(loop.finish_attempt(down(), at(0s)).delay == 10s);
  CHECK(sources == std::vector{wait_source::strategy, wait_source::server, wait_source::server, wait_source::strategy});
}

TEST_CASE("The outcome of an unstarted call is the exception that a plain call throws") {
  bool pressed = true;
  tenax::retry_loop cancelled{tenax::retrying{}.cancel_with(pressed_token{&pressed})};
  CHECK(cancelled.start_attempt().reason == stop_reason::cancelled);
  auto const outcome = cancelled.unstarted<int>();
  CHECK(outcome.exception_as<tenax::cancelled>() != nullptr);
  CHECK(outcome.exception_as<std::exception>()->what() == std::string("tenax: cancelled"));
  CHECK(cancelled.attempts() == 0);

  tenax::retry_loop expired{tenax::retrying{}.stop(tenax::stop::deadline_at(at(5s))), at(6s)};
  CHECK(expired.start_attempt(at(6s)).reason == stop_reason::expired_on_entry);
  CHECK(expired.unstarted<void>().exception_as<tenax::expired>() != nullptr);

  test_gate gate({admission::refuse("closed", 3s)});
  tenax::retry_loop refused{tenax::retrying{}.through(std::ref(gate)), at(0s)};
  CHECK(refused.start_attempt(at(0s)).reason == stop_reason::refused_by_gate);
  CHECK(refused.refusal().reason == std::string("closed"));
  CHECK(refused.refusal().retry_after == tenax::optional_duration(3s));
  CHECK(refused.unstarted<int>().exception_as<tenax::refused>()->what() == std::string("closed"));
}

TEST_CASE("The sum of waits and the attempt number saturate") {
  auto const policy = tenax::retrying{}.wait(tenax::wait::constant(tenax::duration::max())).stop(tenax::stop::never);
  tenax::retry_loop loop{policy};
  for (int i = 0; i < 3; ++i) {
    static_cast<void>(loop.start_attempt());
    static_cast<void>(loop.finish_attempt(down()));
  }
  static_cast<void>(loop.start_attempt());
  CHECK(loop.info().waited == tenax::duration::max());
}

// --- gates ----------------------------------------------------------------------------------------------------------

TEST_CASE("A gate is asked before every attempt, and gets one record after it") {
  virtual_time clock;
  test_gate gate;
  auto const policy =
      tenax::retrying{}.wait(tenax::wait::constant(1s)).through(std::ref(gate)).environment(std::ref(clock));
  int n = 0;
  policy([&] { return ++n < 3 ? throw std::runtime_error("down") : n; });
  CHECK(gate.numbers == std::vector<unsigned>{1, 2, 3});
  CHECK(gate.told == 3);
  CHECK(gate.held() == 0);
  CHECK(gate.abandoned == 0);
  CHECK(gate.told_without_ticket == 0);
  CHECK(gate.times == std::vector{at(0s), at(1s), at(2s)});
}

TEST_CASE("After each wait that a gate asks for, it is asked again") {
  virtual_time clock;
  test_gate gate({admission::wait(1s), admission::wait(2s), admission::go(), admission::wait(5s)});
  auto const policy =
      tenax::retrying{}.wait(tenax::wait::constant(10s)).through(std::ref(gate)).environment(std::ref(clock));
  int n = 0;
  auto const report = policy.try_call([&] { return ++n < 2 ? throw std::runtime_error("down") : n; });
  CHECK(gate.numbers == std::vector<unsigned>{1, 1, 1, 2, 2});
  CHECK(clock.sleeps() == durations{1s, 2s, 10s, 5s});
  CHECK(report.attempts == 2);
  CHECK(report.waited == 18s);
  CHECK(gate.told == 2);
  CHECK(gate.held() == 0);
}

TEST_CASE("Gates are asked from the outermost one inwards, and get records in reverse order") {
  events log;
  test_gate outer({}, "outer", &log), inner({}, "inner", &log);
  auto const policy = tenax::retrying{}.through(std::ref(outer)).through(std::ref(inner));
  policy([] {});
  CHECK(log == events{"outer asked 1", "inner asked 1", "inner told", "outer told"});
}

TEST_CASE("After a wait at one gate, all gates are asked again") {
  events log;
  virtual_time clock;
  test_gate outer({}, "outer", &log), inner({admission::wait(1s)}, "inner", &log);
  auto const policy = tenax::retrying{}.through(std::ref(outer)).through(std::ref(inner)).environment(std::ref(clock));
  policy([] {});
  CHECK(log == events{"outer asked 1", "inner asked 1", "outer asked 1", "inner asked 1", "inner told", "outer told"});
  CHECK(outer.granted == 1);
  CHECK(outer.held() == 0);
  CHECK(inner.held() == 0);
}

TEST_CASE("An inner gate is not asked while the outer gate makes the call wait or refuses") {
  virtual_time clock;
  test_gate outer({admission::wait(1s), admission::refuse("closed")}), inner;
  auto const policy = tenax::retrying{}.through(std::ref(outer)).through(std::ref(inner)).environment(std::ref(clock));
  CHECK_THROWS_AS(policy([] {}), tenax::refused);
  CHECK(inner.asked == 0);
}

TEST_CASE("A refused first attempt throws tenax::refused with the gate's reason") {
  test_gate gate({admission::refuse("circuit open", 7s)});
  int n = 0;
  try {
    tenax::retrying{}.through(std::ref(gate))([&] { ++n; });
    FAIL("returned");
  } catch (tenax::refused const& e) {
    CHECK(e.what() == std::string("circuit open"));
    CHECK(e.retry_after() == tenax::optional_duration(7s));
  }
  CHECK(n == 0);
  CHECK(gate.told == 0);
}

TEST_CASE("A refused later attempt passes the last outcome through") {
  virtual_time clock;
  test_gate gate({admission::go(), admission::refuse("circuit open")});
  auto const policy = tenax::retrying{}.through(std::ref(gate)).environment(std::ref(clock));
  auto const report = policy.try_call([]() -> int { throw std::runtime_error("down"); });
  CHECK(report.reason == stop_reason::refused_by_gate);
  CHECK(report.attempts == 1);
  CHECK(report.result.exception_as<std::runtime_error>() != nullptr);
  CHECK(gate.held() == 0);

  test_gate again({admission::go(), admission::refuse("circuit open")});
  auto const judged = tenax::retrying{}.when(tenax::when::always).through(std::ref(again)).environment(std::ref(clock));
  CHECK(judged([] { return 5; }) == 5);
}

TEST_CASE("A refusal after a grant of an outer gate gives the grant back") {
  test_gate outer, inner({admission::refuse("full")});
  auto const policy = tenax::retrying{}.through(std::ref(outer)).through(std::ref(inner));
  CHECK_THROWS_AS(policy([] {}), tenax::refused);
  CHECK(outer.granted == 1);
  CHECK(outer.abandoned == 1);
  CHECK(outer.told == 0);
  CHECK(outer.held() == 0);
}

TEST_CASE("The record of a gate says how the attempt ended") {
  virtual_time clock;
  auto const told = [&](auto const& base, auto&& f) {
    test_gate gate;
    static_cast<void>(
        base.stop(tenax::stop::after_attempts(1)).through(std::ref(gate)).environment(std::ref(clock)).try_call(f));
    REQUIRE(gate.feedbacks.size() == 1);
    return gate.feedbacks[0];
  };
  tenax::retrying const base{};
  CHECK(told(base, [] {}).how == kind::success);
  CHECK(told(base, [] { throw std::runtime_error("down"); }).how == kind::failure);
  CHECK(told(base, [] { throw std::logic_error("bug"); }).how == kind::unknown);
  CHECK(told(base, [] { throw tenax::permanent(1); }).how == kind::answered);
  CHECK(told(base, [] { throw tenax::cancelled(); }).how == kind::cancelled);
  CHECK(told(base.when(tenax::when::result_is(1)), [] { return 1; }).how == kind::failure);
  CHECK(told(base.when(tenax::when::result_is(1)), [] { return 2; }).how == kind::success);
  auto const late = [] { return std::make_error_code(std::errc::timed_out); };
  CHECK(told(base.when(tenax::when::error(std::errc::permission_denied)), late).how == kind::answered);
  CHECK(told(base.when(tenax::when::never), late).how == kind::failure);
  auto const throttled = told(base, [] { throw tenax::retry_after(3s, 429); });
  CHECK(throttled.how == kind::throttled);
  CHECK(throttled.server_wait == tenax::optional_duration(3s));
  CHECK_FALSE(told(base, [] {}).server_wait.has_value());
}

TEST_CASE("A gate's wait counts against the deadline") {
  virtual_time clock;
  test_gate gate({admission::wait(3s), admission::go(), admission::wait(3s), admission::wait(3s), admission::go()});
  auto const policy = tenax::retrying{}
                          .wait(tenax::wait::constant(1s))
                          .stop(tenax::stop::deadline(10s))
                          .through(std::ref(gate))
                          .environment(std::ref(clock));
  auto const report = policy.try_call([]() -> int { throw std::runtime_error("down"); });
  // 3 (gate), attempt 1, 1 (wait), 3 + 3 would end at the deadline.
  CHECK(clock.sleeps() == durations{3s, 1s, 3s});
  CHECK(report.reason == stop_reason::deadline);
  CHECK(report.attempts == 1);
  CHECK(report.elapsed == 7s);
  CHECK(gate.held() == 0);
}

TEST_CASE("A gate's wait before the first attempt does not begin if it would reach the deadline") {
  virtual_time clock;
  test_gate gate({admission::wait(10s)});
  auto const policy = tenax::retrying{}.through(std::ref(gate)).environment(std::ref(clock));
  auto const report = policy.stop(tenax::stop::deadline(10s)).try_call([] {});
  CHECK(report.reason == stop_reason::expired_on_entry);
  CHECK(clock.sleeps().empty());

  test_gate shorter({admission::wait(10s - 1ns)});
  CHECK(tenax::retrying{}
            .stop(tenax::stop::deadline(10s))
            .through(std::ref(shorter))
            .environment(std::ref(clock))
            .try_call([] {}));
  CHECK(clock.sleeps() == durations{10s - 1ns});
}

TEST_CASE("A gate's wait does not count as the previous wait of a strategy") {
  virtual_time clock;
  test_gate gate({admission::go(), admission::wait(1h)});
  durations previous;
  auto const policy = tenax::retrying{}
                          .wait(tenax::wait::constant(2s))
                          .through(std::ref(gate))
                          .before_attempt([&](tenax::attempt_info const& a) { previous.push_back(a.previous_wait); })
                          .environment(std::ref(clock));
  int n = 0;
  policy([&] { return ++n < 3 ? throw std::runtime_error("down") : n; });
  CHECK(previous == durations{0s, 2s, 2s});
}

TEST_CASE("A cancellation ends a wait at a gate immediately, and the tickets go back") {
  virtual_time clock;
  bool pressed = false;
  clock.after(2s, [&] { pressed = true; });
  test_gate outer, inner({admission::wait(1min)});
  auto const policy = tenax::retrying{}
                          .through(std::ref(outer))
                          .through(std::ref(inner))
                          .cancel_with(pressed_token{&pressed})
                          .environment(std::ref(clock));
  int n = 0;
  CHECK_THROWS_AS(policy([&] { ++n; }), tenax::cancelled);
  CHECK(n == 0);
  CHECK(clock.sleeps() == durations{2s});
  CHECK(outer.granted == 1);
  CHECK(outer.abandoned == 1);
  CHECK(outer.held() == 0);
  CHECK(inner.asked == 1);
}

TEST_CASE("A cancellation between a gate's grant and the attempt gives the ticket back") {
  bool pressed = false;
  test_gate gate;
  auto const policy = tenax::retrying{}
                          .through(std::ref(gate))
                          .cancel_with(pressed_token{&pressed})
                          .before_attempt([&](tenax::attempt_info const&) { pressed = true; });
  CHECK_THROWS_AS(policy([] {}), tenax::cancelled);
  CHECK(gate.granted == 1);
  CHECK(gate.abandoned == 1);
  CHECK(gate.told == 0);
}

TEST_CASE("A gate makes the policy read the clock") {
  test_gate gate;
  auto const policy = tenax::retrying{}.through(std::ref(gate));
  STATIC_REQUIRE(decltype(policy)::uses_time);
}

TEST_CASE("An engine that has stopped before an attempt holds no tickets, even before it is destroyed") {
  bool pressed = false;
  test_gate outer, inner({admission::refuse("full"), admission::wait(5s), admission::wait(5s), admission::wait(1min)});
  auto const policy = tenax::retrying{}
                          .stop(tenax::stop::deadline(10s))
                          .through(std::ref(outer))
                          .through(std::ref(inner))
                          .cancel_with(pressed_token{&pressed});
  tenax::retry_loop refused{policy, at(0s)};
  CHECK(refused.start_attempt(at(0s)).reason == stop_reason::refused_by_gate);
  CHECK(outer.held() == 0);

  tenax::retry_loop late{policy, at(0s)};
  CHECK(late.start_attempt(at(0s)).waits());
  CHECK(outer.held() == 1);
  CHECK(late.start_attempt(at(10s)).reason == stop_reason::expired_on_entry);
  CHECK(outer.held() == 0);

  tenax::retry_loop cancelled{policy, at(0s)};
  CHECK(cancelled.start_attempt(at(0s)).waits());
  CHECK(outer.held() == 1);
  pressed = true;
  CHECK(cancelled.start_attempt(at(1s)).reason == stop_reason::cancelled);
  CHECK(outer.held() == 0);
  pressed = false;

  tenax::retry_loop too_long{policy, at(0s)};
  CHECK(too_long.start_attempt(at(0s)).reason == stop_reason::expired_on_entry);
  CHECK(outer.held() == 0);
}

TEST_CASE("An engine that is destroyed in the middle of a call gives its tickets back") {
  test_gate gate;
  {
    tenax::retry_loop loop{tenax::retrying{}.through(std::ref(gate)), at(0s)};
    CHECK(loop.start_attempt(at(0s)).starts());
    CHECK(gate.held() == 1);
  }
  CHECK(gate.held() == 0);
  CHECK(gate.abandoned == 1);
}

TEST_CASE("If a timer fires early, the engine waits for the rest") {
  virtual_time clock;
  auto const policy =
      tenax::retrying{}.wait(tenax::wait::constant(100ms)).stop(tenax::stop::after_attempts(3)).policy();
  tenax::retry_loop loop{policy, clock.now()};
  REQUIRE(loop.start_attempt(clock.now()).starts());
  auto next = loop.finish_attempt(tenax::capture([]() -> int { throw std::runtime_error("down"); }), clock.now());
  REQUIRE(next.waits());
  for (auto const early : {95ms, 4ms, 1ms}) {
    CHECK(next.waits());
    clock.advance(early);
    next = loop.start_attempt(clock.now());
  }
  CHECK(next.starts());
  CHECK(loop.waited() == 100ms);
}

TEST_CASE("A clock that stands still or is not passed does not make the engine wait twice") {
  auto const policy =
      tenax::retrying{}.wait(tenax::wait::constant(100ms)).stop(tenax::stop::after_attempts(3)).policy();
  auto const down = tenax::capture([]() -> int { throw std::runtime_error("down"); });
  tenax::retry_loop still{policy, tenax::time_point(5s)};
  static_cast<void>(still.start_attempt(tenax::time_point(5s)));
  CHECK(still.finish_attempt(down, tenax::time_point(5s)).waits());
  CHECK(still.start_attempt(tenax::time_point(5s)).starts());
  tenax::retry_loop untold{policy};
  static_cast<void>(untold.start_attempt());
  CHECK(untold.finish_attempt(down).waits());
  CHECK(untold.start_attempt().starts());
}

TEST_CASE("A wait ends at the end of time, even if less than it has passed") {
  virtual_time clock;
  clock.advance(1h);
  auto const without_end = [](tenax::attempt_info const&) { return tenax::duration::max(); };  // may look at the time
  auto const policy = tenax::retrying{}.wait(without_end).environment(std::ref(clock));
  auto const fail = []() -> int { throw std::runtime_error("down"); };
  auto const report = policy.try_call(fail);
  CHECK(report.attempts == 3);
  CHECK(report.waited == tenax::duration::max());
  virtual_time another;
  another.advance(1h);
  int turns = 0;
  auto const block = [&] {
    for (auto& attempt : policy.environment(std::ref(another)).attempts()) {
      ++turns;
      attempt(fail);
    }
  };
  CHECK_THROWS_AS(block(), std::runtime_error);
  CHECK(turns == 3);
}

TEST_CASE("A cancellation ends the rest of a wait after an early timer") {
  virtual_time clock;
  bool stop = false;
  auto const policy = tenax::retrying{}.wait(tenax::wait::constant(100ms)).cancel_with(pressed_token{&stop}).policy();
  tenax::retry_loop loop{policy, clock.now()};
  static_cast<void>(loop.start_attempt(clock.now()));
  static_cast<void>(
      loop.finish_attempt(tenax::capture([]() -> int { throw std::runtime_error("down"); }), clock.now()));
  clock.advance(10ms);
  stop = true;
  CHECK(loop.start_attempt(clock.now()).reason == stop_reason::cancelled);
}

TEST_CASE("After progress, attempts are counted and waits grow from the start again") {
  virtual_time clock;
  int calls = 0;
  std::vector<unsigned> numbers;
  auto const policy = tenax::retrying{}
                          .wait(tenax::wait::exponential({.base = 1s}))
                          .stop(tenax::stop::after_attempts(3))
                          .before_sleep([&](tenax::attempt_info const& a) { numbers.push_back(a.number); })
                          .environment(std::ref(clock));
  auto const lossy = [&]() -> int {
    ++calls;
    if (calls == 3 || calls == 5) throw tenax::made_progress(std::runtime_error("lost after some data"));
    throw std::runtime_error("lost");
  };
  auto const report = policy.reset_on_progress().try_call(lossy);
  CHECK(report.attempts == 7);
  CHECK(report.reason == stop_reason::attempts);
  CHECK(clock.sleeps() == durations{1s, 2s, 1s, 2s, 1s, 2s});
  CHECK(numbers == std::vector<unsigned>{1, 2, 3, 4, 5, 6});

  calls = 0;
  CHECK(policy.try_call(lossy).attempts == 3);
  calls = 0;
  CHECK(policy.attempt_timeout(1s)
            .reset_on_progress()
            .attempt_timeout(2s)
            .try_call([&](tenax::attempt_info const& info) {
              CHECK(info.time_left == 2s);
              return lossy();
            })
            .attempts == 7);
}
