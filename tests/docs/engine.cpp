// SPDX-License-Identifier: MIT
// engine.cpp: the snippets of docs/reference/engine.md and docs/how-to/bring-your-own-event-loop.md.
#include <exception>
#include <map>
#include <optional>
#include <system_error>
#include <type_traits>
#include <utility>

#include <tenax/current_attempt.hpp>

#include "docs.hpp"
#include "gates.hpp"

using tenax::stop_reason;

namespace {

// [own_driver]
/// Calls `operation` until the policy accepts its outcome; `now` and `pause` are yours.
template <class Policy, class Operation, class Now, class Pause>
auto call(Policy const& policy, Operation operation, Now now, Pause pause) {
  using result = std::invoke_result_t<Operation&>;
  tenax::retry_loop<Policy const&> loop(policy, now());
  auto const started = [&](tenax::decision next) {  // waits until an attempt may start
    while (next.waits()) {
      pause(next.delay);
      next = loop.start_attempt(now());
    }
    return next.starts();
  };

  if (!started(loop.start_attempt(now()))) {
    auto none = loop.template unstarted<result>();
    loop.conclude(none);
    return std::move(none).get();
  }
  for (;;) {
    auto last = tenax::capture(operation);
    if (!started(loop.finish_attempt(last, now()))) {
      loop.conclude(last);
      return std::move(last).get();
    }
  }
}
// [/own_driver]

// [loop]
/// Stands for an event loop: runs functions at given times.
class event_loop {
 public:
  tenax::time_point now() const { return now_; }
  void after(tenax::duration d, std::function<void()> f) {
    timers_.emplace(now_ + d, std::move(f));
  }
  void run(tenax::duration late = 0s) {  // how late timers fire
    while (!timers_.empty()) {
      auto const next = timers_.extract(timers_.begin());
      now_ = next.key() + late;
      next.mapped()();
    }
  }

 private:
  tenax::time_point now_{};
  std::multimap<tenax::time_point, std::function<void()>> timers_;
};
// [/loop]

constexpr auto policy = tenax::retrying{}
                            .when(tenax::when::result([](int status) { return status == 503; }))
                            .wait(tenax::wait::constant(100ms))
                            .stop(tenax::stop::after_attempts(4) || tenax::stop::deadline(1s));

// [request]
class request {
 public:
  request(event_loop& loop, std::function<void(tenax::outcome<int> const&)> done)
      : loop_(loop), done_(std::move(done)), retry_(policy, loop.now()) {
    follow(retry_.start_attempt(loop_.now()));
  }

  /// For the client library to call when an answer has come.
  void on_answer(int status) {
    last_.emplace(status);
    follow(retry_.finish_attempt(*last_, loop_.now()));
  }

  /// For the client library to call when an exception has come instead.
  void on_error(std::exception_ptr error) {
    last_.emplace(tenax::capture([&]() -> int { std::rethrow_exception(error); }));
    follow(retry_.finish_attempt(*last_, loop_.now()));
  }

 private:
  void follow(tenax::decision next) {
    if (next.starts()) send();
    if (next.waits()) {
      loop_.after(next.delay, [this] { follow(retry_.start_attempt(loop_.now())); });
    }
    if (next.stops()) end(last_ ? *last_ : retry_.unstarted<int>());
  }

  void end(tenax::outcome<int> const& result) {
    retry_.conclude(result);  // calls the observers
    done_(result);
  }

  void send();  // asks the client library for an answer

  event_loop& loop_;
  std::function<void(tenax::outcome<int> const&)> done_;
  tenax::retry_loop<decltype(policy) const&> retry_;
  std::optional<tenax::outcome<int>> last_;
};
// [/request]

std::exception_ptr next_error;  // if set, the next request fails with it

void request::send() {
  loop_.after(20ms, [this] {
    if (auto const error = std::exchange(next_error, nullptr)) {
      on_error(error);
    } else {
      on_answer(retry_.info().number < 3 ? 503 : 200);
    }
  });
}

}  // namespace

TEST_CASE("engine: A driver of your own") {
  tenax::duration paused{};
  tenax::time_point now{};
  auto const clock = [&] { return now; };
  auto const pause = [&](tenax::duration d) {
    paused += d;
    now += d;
  };
  auto const fine_at = [](int n) {
    return [n, calls = 0]() mutable { return ++calls < n ? 503 : 200; };
  };
  CHECK(call(policy, fine_at(3), clock, pause) == 200);
  CHECK(paused == 200ms);
  CHECK(call(policy, fine_at(9), clock, pause) == 503);

  auto const late = policy.stop(tenax::stop::deadline_at(now));
  CHECK_THROWS_AS(call(late, fine_at(1), clock, pause), tenax::expired);

  auto const patient = policy.when(tenax::when::failed);
  script<int> lines;
  lines.throws(network_error("reset")).throws(tenax::permanent(network_error("gone")));
  CHECK_THROWS_WITH(call(patient, std::ref(lines), clock, pause), "gone");
  CHECK(lines.calls() == 2);
  script<int> strange;
  strange.throws(7);
  CHECK_THROWS_AS(call(patient, std::ref(strange), clock, pause), int);
}

TEST_CASE("engine: An event loop of your own") {
  // [run]
  event_loop loop;
  int status = 0;
  request one(loop, [&](tenax::outcome<int> const& result) { status = result.value(); });
  loop.run();
  CHECK(status == 200);
  CHECK(loop.now().time_since_epoch() == 260ms);  // three answers after 20 ms each, two waits
  // [/run]
}

TEST_CASE("engine: An event loop of your own gets exceptions") {
  event_loop loop;
  int status = 0;
  next_error = std::make_exception_ptr(tenax::retry_after(300ms, network_error("busy")));
  request one(loop, [&](tenax::outcome<int> const& result) { status = result.value(); });
  loop.run();
  CHECK(status == 200);
  CHECK(loop.now().time_since_epoch() ==
        460ms);  // the wait that the exception asks for, and one more

  bool down = false;
  next_error = std::make_exception_ptr(network_error("down"));
  request other(loop, [&](tenax::outcome<int> const& result) {
    down = result.exception_as<network_error>() != nullptr;
  });
  loop.run();
  CHECK(down);
}

TEST_CASE("engine: An event loop whose timers are late") {
  event_loop loop;
  std::vector<int> results;
  request one(loop, [&](tenax::outcome<int> const& result) { results.push_back(result.value()); });
  loop.run(500ms);
  // The answer comes at 520 ms, and the timer for 620 ms after the deadline: the last outcome is the result.
  CHECK(results == std::vector{503});
  CHECK(loop.now().time_since_epoch() == 1120ms);
}

TEST_CASE("engine: Decisions are made without a clock") {
  // [decisions]
  constexpr auto three =
      tenax::retrying{}.when(tenax::when::always).wait(tenax::wait::constant(2s));
  tenax::retry_loop loop{three.policy()};
  CHECK(loop.start_attempt().starts());
  CHECK(loop.finish_attempt(tenax::outcome<int>(1)).delay == 2s);
  CHECK(loop.start_attempt().starts());
  CHECK(loop.finish_attempt(tenax::outcome<int>(2)).waits());
  CHECK(loop.start_attempt().starts());
  CHECK(loop.finish_attempt(tenax::outcome<int>(3)).reason == tenax::stop_reason::attempts);
  CHECK(loop.waited() == 4s);
  // [/decisions]
}

namespace {

/// A client that is given its time limit in milliseconds.
struct client {
  long limit = 0;
  void set_limit(long milliseconds) { limit = milliseconds; }
  [[nodiscard]] int get() const { return 200; }
};

}  // namespace

TEST_CASE("engine: current_attempt") {
  client c;
  // [current_attempt]
  auto const get = [](client& http) {
    auto const limits = tenax::current_attempt();
    if (limits.timed()) {
      http.set_limit(std::chrono::ceil<std::chrono::milliseconds>(limits.time_left()).count());
    }
    return http.get();
  };
  auto const patient = tenax::retrying{}.stop(tenax::stop::deadline(30s));
  CHECK(patient(get, c) == 200);
  // [/current_attempt]
  CHECK(c.limit > 0);
  CHECK(c.limit <= 30'000);
}

TEST_CASE("engine: outcome") {
  // [outcome]
  tenax::outcome<int> const seven = 7;
  CHECK(seven.has_value());
  CHECK(seven.value() == 7);
  CHECK(seven.exception_as<network_error>() == nullptr);
  // [/outcome]
}

TEST_CASE("engine: report") {
  auto const fetch = [] { return 200; };
  auto const polite = tenax::retrying{};
  // [report]
  std::map<std::string, tenax::report<int>> last;
  last.insert_or_assign("a.example", polite.try_call(fetch));

  std::vector<std::optional<tenax::report<int>>> results(8);
  results[3] = polite.try_call(fetch);
  // [/report]
  last.insert_or_assign("a.example", polite.try_call([] { return 404; }));
  CHECK(last.at("a.example").value() == 404);
  CHECK(results[3]->value() == 200);
  static_assert(!std::is_default_constructible_v<tenax::report<int>>);
  static_assert(std::is_copy_assignable_v<tenax::report<std::string>>);
}

TEST_CASE("engine: Every stop_reason can be reached as the table says") {
  virtual_time clock;
  auto const policy_of =
      tenax::retrying{}.wait(tenax::wait::constant(1s)).environment(std::ref(clock));
  auto const reason = [](auto const& p, auto f) { return p.try_call(f).reason; };
  auto const fail = []() -> int { throw network_error("down"); };

  CHECK(reason(policy_of, [] { return 7; }) == stop_reason::succeeded);
  CHECK(reason(policy_of.when(tenax::when::never), fail) == stop_reason::not_retryable);
  CHECK(reason(policy_of.when(tenax::when::never),
               [] { return make_error_code(std::errc::timed_out); }) == stop_reason::not_retryable);
  CHECK(reason(policy_of, fail) == stop_reason::attempts);
  CHECK(reason(policy_of.stop([](tenax::attempt_info const&) { return true; }), fail) ==
        stop_reason::attempts);
  CHECK(reason(policy_of.stop(tenax::stop::deadline(500ms)), fail) == stop_reason::deadline);
  CHECK(reason(policy_of, []() -> int { throw tenax::cancelled(); }) == stop_reason::cancelled);
  tests::test_gate gate({tenax::admission::refuse("circuit open")});
  CHECK(reason(policy_of.through(std::ref(gate)), fail) == stop_reason::refused_by_gate);
  CHECK(reason(policy_of, []() -> int {
          throw tenax::with_hint(network_error("go away"), {.verdict = tenax::verdict::forbidden});
        }) == stop_reason::server_forbids);
  CHECK(reason(policy_of, []() -> int { throw tenax::retry_after(1h, network_error("later")); }) ==
        stop_reason::server_wait_too_long);
  CHECK(reason(policy_of.stop(tenax::stop::deadline_at(clock.now())), fail) ==
        stop_reason::expired_on_entry);
}

TEST_CASE("engine: concepts") {
  // [concepts]
  auto const my_wait = [](tenax::attempt_info const& a) { return a.number * 10ms; };
  static_assert(tenax::wait_strategy<decltype(my_wait), tenax::attempt_info>);
  static_assert(!tenax::stop_condition<decltype(my_wait), tenax::attempt_info>);

  static_assert(
      tenax::retry_predicate<tenax::when::exception_predicate<network_error>, tenax::attempt<int>>);
  static_assert(
      tenax::partial_wait_strategy<tenax::wait::retry_after_strategy, tenax::attempt_info>);
  static_assert(!tenax::wait_strategy<tenax::wait::retry_after_strategy, tenax::attempt_info>);
  static_assert(tenax::environment<tenax::real_time>);
  // [/concepts]
}

TEST_CASE("engine: The order of one turn") {
  virtual_time clock;
  std::vector<std::string> seen;
  tests::test_gate gate({}, "gate", &seen);
  auto const said = [&](std::string const& what) { seen.push_back(what); };
  auto const policy_of =
      tenax::retrying{}
          .when([&](tenax::attempt_info const& a) { return said("when"), a.number < 2; })
          .wait([&](tenax::attempt_info const&) { return said("wait"), 1s; })
          .stop([&](tenax::attempt_info const& a) { return said("stop"), a.upcoming_wait > 1s; })
          .before_attempt([&](tenax::attempt_info const&) { said("before_attempt"); })
          .after_attempt([&](tenax::attempt_info const&) { said("after_attempt"); })
          .before_sleep([&](tenax::attempt_info const&) { said("before_sleep"); })
          .on_success([&](tenax::attempt_info const&) { said("on_success"); })
          .through(std::ref(gate))
          .environment(std::ref(clock));
  policy_of([&] { said("call"); });
  CHECK(seen == std::vector<std::string>{"gate asked 1", "before_attempt", "call", "after_attempt",
                                         "when", "gate told", "wait", "stop", "before_sleep",
                                         "gate asked 2", "before_attempt", "call", "after_attempt",
                                         "when", "gate told", "on_success"});
}
