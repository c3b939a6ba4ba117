// SPDX-License-Identifier: MIT
// circuit_breaker.cpp: when it opens, for how long, who may probe, and that nothing stale counts.
#include <tenax/gate/circuit_breaker.hpp>

#include <array>
#include <atomic>
#include <functional>
#include <optional>

#include <tenax/tenax.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "gates.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
namespace wait = tenax::wait;
namespace stop = tenax::stop;
using tenax::circuit_breaker;
using tests::ask;
using tests::asked;
using tests::attempted;
using tests::kind;
using tests::tell;
using tests::verdict;
using state = tenax::circuit_state;
using ticket = circuit_breaker<>::ticket;

namespace {

/// Opens for exactly 5 s, 10 s, 20 s, 30 s, 30 s ...
constexpr tenax::circuit_breaker_options exact{.failures = 3, .max_open = 30s, .open_jitter = 0};

std::string refused_options(tenax::circuit_breaker_options const& o) {
  return tests::rejection([&] {
    circuit_breaker<> const breaker(o);
    return 0;
  });
}

struct change {
  state from;
  state to;
  tenax::duration now;
  friend bool operator==(change const&, change const&) = default;
};

}  // namespace

TEST_CASE("circuit_breaker: opens after so many failures in a row") {
  circuit_breaker breaker(exact);
  CHECK(attempted(breaker, kind::failure));
  CHECK(attempted(breaker, kind::failure));
  CHECK(attempted(breaker, kind::success));
  CHECK(attempted(breaker, kind::failure));
  CHECK(attempted(breaker, kind::throttled));
  CHECK(breaker.state() == state::closed);
  CHECK(attempted(breaker, kind::failure, 1s));
  CHECK(breaker.state() == state::open);

  ticket t;
  auto const answer = ask(breaker, t, 2s);
  CHECK(answer.answer == verdict::refused);
  CHECK(answer.reason == std::string("circuit open"));
  CHECK(answer.retry_after == tenax::optional_duration(4s));
}

TEST_CASE("circuit_breaker: opens after 5 failures if nothing else is said") {
  circuit_breaker breaker;
  for (int i = 0; i < 5; ++i) CHECK(attempted(breaker, kind::failure));
  CHECK_FALSE(attempted(breaker, kind::failure));
}

TEST_CASE("circuit_breaker: what is cancelled or abandoned says nothing, and throttling only if it counts") {
  circuit_breaker breaker(exact);
  for (int i = 0; i < 9; ++i) {
    CHECK(attempted(breaker, kind::cancelled));
    ticket t;
    CHECK(asked(breaker, t) == verdict::go);
  }
  CHECK(breaker.state() == state::closed);
  CHECK(attempted(breaker, kind::failure));
  CHECK(attempted(breaker, kind::failure));
  CHECK(attempted(breaker, kind::cancelled));  // neither a failure nor the end of the row
  CHECK(attempted(breaker, kind::failure));
  CHECK(breaker.state() == state::open);

  circuit_breaker tolerant({.failures = 1, .count_throttled = false});
  for (int i = 0; i < 9; ++i) CHECK(attempted(tolerant, kind::throttled));
  CHECK(tolerant.state() == state::closed);
  circuit_breaker strict({.failures = 1});
  CHECK(attempted(strict, kind::throttled));
  CHECK(strict.state() == state::open);
}

TEST_CASE("circuit_breaker: opens at a share of failures among enough calls") {
  circuit_breaker breaker({.failure_ratio = 0.5, .window = 10s, .minimum_calls = 4});
  SECTION("enough calls, enough failures") {
    CHECK(attempted(breaker, kind::failure));
    CHECK(attempted(breaker, kind::failure));
    CHECK(attempted(breaker, kind::success));
    CHECK(breaker.state() == state::closed);
    CHECK(attempted(breaker, kind::failure));
    CHECK(breaker.state() == state::open);
  }
  SECTION("exactly the share") {
    CHECK(attempted(breaker, kind::success));
    CHECK(attempted(breaker, kind::success));
    CHECK(attempted(breaker, kind::failure));
    CHECK(breaker.state() == state::closed);
    CHECK(attempted(breaker, kind::failure));
    CHECK(breaker.state() == state::open);
  }
  SECTION("below the share") {
    for (int i = 0; i < 50; ++i) {
      CHECK(attempted(breaker, kind::success));
      CHECK(attempted(breaker, kind::success));
      CHECK(attempted(breaker, kind::failure));
    }
    CHECK(breaker.state() == state::closed);
  }
  SECTION("failures in a row alone are not enough without the calls") {
    for (int i = 0; i < 3; ++i) CHECK(attempted(breaker, kind::failure));
    CHECK(breaker.state() == state::closed);
  }
  SECTION("what is older than the window is forgotten") {
    for (int i = 0; i < 3; ++i) CHECK(attempted(breaker, kind::failure, 0s));
    CHECK(attempted(breaker, kind::failure, 10s));
    CHECK(breaker.state() == state::closed);
    for (int i = 0; i < 2; ++i) CHECK(attempted(breaker, kind::failure, 10s));
    CHECK(breaker.state() == state::closed);
    CHECK(attempted(breaker, kind::failure, 10s));
    CHECK(breaker.state() == state::open);
  }
  SECTION("a circuit that closes begins with an empty window") {
    for (int i = 0; i < 4; ++i) CHECK(attempted(breaker, kind::failure));
    breaker.close(tenax::time_point(0s));
    for (int i = 0; i < 3; ++i) CHECK(attempted(breaker, kind::failure));
    CHECK(breaker.state() == state::closed);
  }
  SECTION("what is within the window is not") {
    for (int i = 0; i < 3; ++i) CHECK(attempted(breaker, kind::failure, 0s));
    CHECK(attempted(breaker, kind::failure, 9999ms));
    CHECK(breaker.state() == state::open);
  }
}

TEST_CASE("circuit_breaker: with both limits, either opens it") {
  tenax::circuit_breaker_options const both{.failures = 3, .failure_ratio = 0.5, .minimum_calls = 6};
  circuit_breaker row(both);
  for (int i = 0; i < 3; ++i) CHECK(attempted(row, kind::failure));
  CHECK(row.state() == state::open);
  circuit_breaker share(both);
  for (int i = 0; i < 3; ++i) {
    CHECK(attempted(share, kind::success));
    CHECK(attempted(share, kind::failure));
  }
  CHECK(share.state() == state::open);
}

TEST_CASE("circuit_breaker: after its time one probe passes, and decides") {
  circuit_breaker breaker(exact);
  for (int i = 0; i < 3; ++i) CHECK(attempted(breaker, kind::failure));
  ticket early, probe, second;
  CHECK(asked(breaker, early, 5s - 1ns) == verdict::refused);
  CHECK(breaker.state() == state::open);
  CHECK(asked(breaker, probe, 5s) == verdict::go);
  CHECK(breaker.state() == state::half_open);
  auto const other = ask(breaker, second, 5s);
  CHECK(other.answer == verdict::refused);
  CHECK(other.reason == std::string("circuit half-open, and probes are under way"));
  CHECK_FALSE(other.retry_after);

  SECTION("a success closes it, and the next time is the first one again") {
    tell(breaker, probe, kind::success, 6s);
    CHECK(breaker.state() == state::closed);
    for (int i = 0; i < 3; ++i) CHECK(attempted(breaker, kind::failure, 6s));
    CHECK(ask(breaker, second, 6s).retry_after == tenax::optional_duration(5s));
  }
  SECTION("failures open it for longer and longer, up to a limit") {
    tenax::duration now = 6s;
    for (tenax::duration const time : {10s, 20s, 30s, 30s}) {
      tell(breaker, probe, kind::failure, now);
      CHECK(breaker.state() == state::open);
      CHECK(ask(breaker, second, now).retry_after == tenax::optional_duration(time));
      now += time;
      CHECK(asked(breaker, second, now - 1ns) == verdict::refused);
      CHECK(asked(breaker, probe, now) == verdict::go);
    }
  }
  SECTION("a cancelled probe frees its place") {
    tell(breaker, probe, kind::cancelled, 6s);
    CHECK(breaker.state() == state::half_open);
    CHECK(asked(breaker, second, 6s) == verdict::go);
  }
  SECTION("an abandoned probe frees its place") {
    probe = {};
    CHECK(breaker.state() == state::half_open);
    CHECK(asked(breaker, second, 6s) == verdict::go);
    CHECK(asked(breaker, early, 6s) == verdict::refused);
  }
  SECTION("a probe that was moved is still one probe") {
    ticket elsewhere = std::move(probe);
    probe = {};
    CHECK(asked(breaker, second, 6s) == verdict::refused);
    elsewhere = ticket{};
    CHECK(asked(breaker, second, 6s) == verdict::go);
  }
  SECTION("a probe that is asked again is still one probe") {
    CHECK(asked(breaker, probe, 6s) == verdict::go);
    tell(breaker, probe, kind::cancelled, 6s);
    CHECK(asked(breaker, second, 6s) == verdict::go);
  }
}

TEST_CASE("circuit_breaker: several probes at once, several successes to close") {
  auto options = exact;
  options.probes = 2;
  options.successes_to_close = 3;
  circuit_breaker breaker(options);
  for (int i = 0; i < 3; ++i) CHECK(attempted(breaker, kind::failure));
  ticket a, b, c;
  CHECK(asked(breaker, a, 5s) == verdict::go);
  CHECK(asked(breaker, b, 5s) == verdict::go);
  CHECK(asked(breaker, c, 5s) == verdict::refused);
  tell(breaker, a, kind::success, 5s);
  tell(breaker, b, kind::success, 5s);
  CHECK(breaker.state() == state::half_open);
  SECTION("the last success closes it") {
    CHECK(attempted(breaker, kind::success, 5s));
    CHECK(breaker.state() == state::closed);
  }
  SECTION("one failure opens it, and successes count anew") {
    CHECK(attempted(breaker, kind::failure, 5s));
    CHECK(breaker.state() == state::open);
    CHECK(attempted(breaker, kind::success, 15s));
    CHECK(attempted(breaker, kind::success, 15s));
    CHECK(breaker.state() == state::half_open);
  }
}

TEST_CASE("circuit_breaker: what was admitted before a change does not count after it") {
  circuit_breaker breaker(exact);
  ticket old_success, old_failure, old_probe;
  CHECK(asked(breaker, old_success) == verdict::go);
  CHECK(asked(breaker, old_failure) == verdict::go);
  for (int i = 0; i < 3; ++i) CHECK(attempted(breaker, kind::failure));

  SECTION("an old success does not close it") {
    CHECK(asked(breaker, old_probe, 5s) == verdict::go);
    tell(breaker, old_success, kind::success, 5s);
    CHECK(breaker.state() == state::half_open);
    tell(breaker, old_probe, kind::success, 5s);
    CHECK(breaker.state() == state::closed);
    tell(breaker, old_failure, kind::failure, 5s);
    CHECK(attempted(breaker, kind::failure, 5s));
    CHECK(attempted(breaker, kind::failure, 5s));
    CHECK(breaker.state() == state::closed);
  }
  SECTION("an old failure does not make it open for longer, and frees no place of a probe") {
    tell(breaker, old_failure, kind::failure, 1s);
    CHECK(asked(breaker, old_probe, 5s) == verdict::go);
    old_success = {};
    ticket another;
    CHECK(asked(breaker, another, 5s) == verdict::refused);
  }
  SECTION("a probe of an earlier time is no probe now") {
    CHECK(asked(breaker, old_probe, 5s) == verdict::go);
    breaker.open(tenax::time_point(5s));
    ticket probe, another;
    CHECK(asked(breaker, probe, 60s) == verdict::go);
    old_probe = {};
    CHECK(asked(breaker, another, 60s) == verdict::refused);
    tell(breaker, probe, kind::success, 60s);
    CHECK(breaker.state() == state::closed);
  }
  SECTION("who was admitted and asks again after a change gets the new answer") {
    CHECK(asked(breaker, old_success, 1s) == verdict::refused);
    CHECK(asked(breaker, old_success, 5s) == verdict::go);  // as the probe
    CHECK(asked(breaker, old_failure, 5s) == verdict::refused);
  }
}

TEST_CASE("circuit_breaker: by hand") {
  tenax::testing::virtual_time clock;
  circuit_breaker breaker(exact);
  breaker.open(clock.now());
  CHECK(breaker.state() == state::open);
  CHECK_FALSE(attempted(breaker, kind::success, 4s));
  CHECK(attempted(breaker, kind::success, 5s));
  CHECK(breaker.state() == state::closed);

  breaker.isolate(clock.now());
  breaker.open(clock.now());
  ticket t;
  auto const answer = ask(breaker, t, 1h);
  CHECK(answer.answer == verdict::refused);
  CHECK(answer.reason == std::string("circuit isolated"));
  CHECK_FALSE(answer.retry_after);
  breaker.close(clock.now());
  CHECK(attempted(breaker, kind::failure, 1h));
  CHECK(attempted(breaker, kind::failure, 1h));
  breaker.close();  // forgets the failures so far
  CHECK(attempted(breaker, kind::failure, 1h));
  CHECK(breaker.state() == state::closed);

  breaker.open();  // in real time
  CHECK(breaker.state() == state::open);
  breaker.isolate();
  CHECK(breaker.state() == state::isolated);
  CHECK(to_string(state::closed) == std::string("closed"));
  CHECK(to_string(state::open) == std::string("open"));
  CHECK(to_string(state::half_open) == std::string("half-open"));
  CHECK(to_string(state::isolated) == std::string("isolated"));
}

TEST_CASE("circuit_breaker: jitter draws a part of the time, from the attempt's source") {
  auto const time_open = [](std::uint64_t drawn, double jitter) {
    tenax::fixed_random random(drawn);
    circuit_breaker breaker({.failures = 1, .open_for = 10s, .open_jitter = jitter});
    ticket t;
    CHECK(asked(breaker, t, 0s, 1, &random) == verdict::go);
    tell(breaker, t, kind::failure);
    return *ask(breaker, t).retry_after;
  };
  CHECK(time_open(tenax::lowest_draw, 0.5) == 5s);
  CHECK(time_open(tenax::middle_draw, 0.5) == 7500ms);
  CHECK(time_open(tenax::highest_draw, 0.5) == 10s - 1ns);
  CHECK(time_open(tenax::lowest_draw, 0) == 10s);
  CHECK(time_open(tenax::middle_draw, 1) == 5s);
}

TEST_CASE("circuit_breaker: the times saturate") {
  circuit_breaker breaker({.failures = 1,
                           .open_for = tenax::duration::max() / 3,
                           .open_factor = 1e300,
                           .max_open = tenax::duration::max(),
                           .open_jitter = 0});
  breaker.open(tenax::time_point(0s));
  breaker.open(tenax::time_point(1s));
  CHECK_FALSE(attempted(breaker, kind::success, tenax::duration::max() - 1ns));
  breaker.close(tenax::time_point(0s));
  CHECK(attempted(breaker, kind::success, tenax::duration::max()));
}

TEST_CASE("circuit_breaker: max_open is not below open_for if only that is given") {
  circuit_breaker breaker({.failures = 1, .open_for = 5min, .open_jitter = 0});
  CHECK(attempted(breaker, kind::failure));
  ticket t;
  CHECK(ask(breaker, t).retry_after == tenax::optional_duration(5min));
  CHECK(attempted(breaker, kind::failure, 5min));
  CHECK(ask(breaker, t, 5min).retry_after == tenax::optional_duration(5min));
}

TEST_CASE("circuit_breaker: options that make no sense are refused") {
  CHECK(refused_options({.failures = 0}) == "tenax: circuit_breaker: failures must be at least 1, but is 0");
  CHECK(refused_options({.failures = -3}) == "tenax: circuit_breaker: failures must be at least 1, but is -3");
  CHECK(refused_options({.failures = 5'000'000'000}) ==
        "tenax: circuit_breaker: failures must be at most 4294967295, but is 5000000000");
  for (double const ratio : {0.0, -1.0, 1.5, std::numeric_limits<double>::quiet_NaN()}) {
    CHECK_THAT(refused_options({.failure_ratio = ratio}),
               Catch::Matchers::ContainsSubstring("failure_ratio must be above 0 and at most 1, but is "));
  }
  CHECK(refused_options({.failure_ratio = 1}) == "accepted");
  CHECK(refused_options({.window = 3s}) == "tenax: circuit_breaker: window needs a failure_ratio, but is 3s");
  CHECK(refused_options({.failures = 3, .minimum_calls = 7}) ==
        "tenax: circuit_breaker: minimum_calls needs a failure_ratio, but is 7");
  CHECK(refused_options({.failure_ratio = 0.5, .window = 0s}) ==
        "tenax: circuit_breaker: window must be more than zero, but is 0s");
  CHECK(refused_options({.failure_ratio = 0.5, .minimum_calls = 0}) ==
        "tenax: circuit_breaker: minimum_calls must be at least 1, but is 0");
  CHECK(refused_options({.open_for = 0s}) == "tenax: circuit_breaker: open_for must be more than zero, but is 0s");
  CHECK(refused_options({.open_factor = 0.5}) == "tenax: circuit_breaker: open_factor must be at least 1, but is 0.5");
  CHECK(refused_options({.max_open = 2s}) ==
        "tenax: circuit_breaker: max_open must not be below open_for (5s), but is 2s");
  std::chrono::duration<double> const nan(std::numeric_limits<double>::quiet_NaN());
  CHECK(refused_options({.max_open = nan}) ==
        "tenax: circuit_breaker: max_open must not be below open_for (5s), but is not a number");
  CHECK(refused_options({.failure_ratio = 0.5, .window = nan}) ==
        "tenax: circuit_breaker: window must be more than zero, but is not a number");
  CHECK(refused_options({.open_jitter = 1.5}) ==
        "tenax: circuit_breaker: open_jitter must be between 0 and 1, but is 1.5");
  CHECK(refused_options({.probes = 0}) == "tenax: circuit_breaker: probes must be at least 1, but is 0");
  CHECK(refused_options({.successes_to_close = 0}) ==
        "tenax: circuit_breaker: successes_to_close must be at least 1, but is 0");
  CHECK(tests::described(circuit_breaker()) == "a circuit breaker");
}

TEST_CASE("circuit_breaker: an observer hears every change") {
  std::vector<change> changes;
  circuit_breaker breaker(exact, [&changes](state from, state to, tenax::time_point now) {
    changes.push_back({from, to, now.time_since_epoch()});
  });
  for (int i = 0; i < 3; ++i) CHECK(attempted(breaker, kind::failure, 1s));
  CHECK(attempted(breaker, kind::failure, 6s));
  CHECK(attempted(breaker, kind::success, 16s));
  breaker.close(tenax::time_point(17s));  // no change
  breaker.isolate(tenax::time_point(18s));
  breaker.isolate(tenax::time_point(19s));
  breaker.close(tenax::time_point(20s));
  CHECK(changes == std::vector<change>{{state::closed, state::open, 1s},
                                       {state::open, state::half_open, 6s},
                                       {state::half_open, state::open, 6s},
                                       {state::open, state::half_open, 16s},
                                       {state::half_open, state::closed, 16s},
                                       {state::closed, state::isolated, 18s},
                                       {state::isolated, state::closed, 20s}});
}

TEST_CASE("circuit_breaker: an observer may use the breaker, and hears what it caused itself") {
  struct meddler {
    circuit_breaker<std::reference_wrapper<meddler>>* breaker = nullptr;
    std::vector<change> changes{};
    void operator()(state from, state to, tenax::time_point now) {
      changes.push_back({from, to, now.time_since_epoch()});
      if (to == state::open) breaker->isolate(now);
      CHECK(breaker->state() != state::open);
    }
  } observer;
  circuit_breaker breaker(exact, std::ref(observer));
  observer.breaker = &breaker;
  breaker.open(tenax::time_point(1s));
  CHECK(observer.changes == std::vector<change>{{state::closed, state::open, 1s}, {state::open, state::isolated, 1s}});
}

TEST_CASE("circuit_breaker: an observer's exception ends the call, and leaks nothing") {
  int told = 0;
  circuit_breaker breaker(exact, [&told](state, state to, tenax::time_point) {
    ++told;
    if (to == state::half_open) throw std::logic_error("observer");
  });
  for (int i = 0; i < 3; ++i) CHECK(attempted(breaker, kind::failure));
  {
    decltype(breaker)::ticket t;
    CHECK_THROWS_AS(asked(breaker, t, 5s), std::logic_error);
  }
  CHECK(breaker.state() == state::half_open);
  CHECK(attempted(breaker, kind::success, 5s));  // the place of the probe was given back
  CHECK(breaker.state() == state::closed);
  CHECK(told == 3);
}

TEST_CASE("circuit_breaker: alone") {
  tenax::testing::virtual_time clock;
  circuit_breaker breaker({.failures = 2, .open_jitter = 0});
  CHECK(breaker.call([] { return 7; }, clock) == 7);
  int value = 3;
  static_assert(std::is_same_v<decltype(breaker.call([&]() -> int& { return value; })), int&>);
  CHECK(&breaker.call([&]() -> int& { return value; }, clock) == &value);
  breaker.call([] {}, clock);

  using result = tests::expected<int, std::string>;
  CHECK_THROWS_AS(breaker.call([]() -> int { throw std::runtime_error("down"); }, clock), std::runtime_error);
  CHECK_FALSE(breaker.call([] { return result::failure("down"); }, clock).has_value());
  CHECK(breaker.state() == state::open);
  clock.advance(1s);
  int calls = 0;
  try {
    breaker.call([&] { ++calls; }, clock);
    FAIL("was not refused");
  } catch (tenax::refused const& e) {
    CHECK(e.what() == std::string("circuit open"));
    CHECK(e.retry_after() == tenax::optional_duration(4s));
  }
  CHECK(calls == 0);
  breaker.isolate(clock.now());
  CHECK_THROWS_AS(breaker.call([] {}), tenax::refused);  // in real time
}

TEST_CASE("circuit_breaker: alone, a cancelled probe and one that says retry_after") {
  tenax::testing::virtual_time clock;
  circuit_breaker breaker({.failures = 1, .count_throttled = false});
  CHECK_THROWS(breaker.call([]() -> int { throw tenax::retry_after(1s, std::runtime_error("429")); }, clock));
  CHECK(breaker.state() == state::closed);
  CHECK_THROWS_AS(breaker.call([]() -> int { throw tenax::cancelled(); }, clock), tenax::cancelled);
  CHECK(breaker.state() == state::closed);
}

TEST_CASE("circuit_breaker: in a policy it ends a call that the server would fail") {
  tenax::testing::virtual_time clock;
  circuit_breaker breaker({.failures = 3, .open_for = 1min, .open_jitter = 0});
  auto const policy = tenax::retrying{}
                          .wait(wait::constant(1s))
                          .stop(stop::after_attempts(10))
                          .environment(std::ref(clock))
                          .through(std::ref(breaker));
  int calls = 0;
  auto const down = [&]() -> int {
    ++calls;
    throw std::runtime_error("down");
  };
  auto const first = policy.try_call(down);
  CHECK(first.reason == tenax::stop_reason::refused_by_gate);
  CHECK(first.attempts == 3);
  auto const second = policy.try_call(down);
  CHECK(second.attempts == 0);
  CHECK(calls == 3);
  CHECK_THROWS_AS(policy(down), tenax::refused);
  clock.advance(1min);
  CHECK(policy([] { return 5; }) == 5);
  CHECK(breaker.state() == state::closed);
}

TEST_CASE(
    "circuit_breaker: a probe is given back when a later gate refuses, waits past the deadline, or is cancelled") {
  tenax::testing::virtual_time clock;
  circuit_breaker breaker({.failures = 1, .open_jitter = 0});
  auto const base = tenax::retrying{}.environment(std::ref(clock)).through(std::ref(breaker));
  auto const half_open = [&] {
    breaker.close(clock.now());
    breaker.open(clock.now());
    clock.advance(5s);
  };
  auto const free_again = [&] {
    CHECK(breaker.state() == state::half_open);
    CHECK(attempted(breaker, kind::success, clock.now().time_since_epoch()));
  };
  half_open();
  tests::test_gate refusing({tenax::admission::refuse("no")});
  CHECK(base.through(std::ref(refusing)).try_call([] {}).reason == tenax::stop_reason::refused_by_gate);
  free_again();

  half_open();
  tests::test_gate slow({tenax::admission::wait(1h)});
  auto const late = base.stop(stop::deadline(1min)).through(std::ref(slow)).try_call([] {});
  CHECK(late.reason == tenax::stop_reason::expired_on_entry);
  free_again();

  half_open();
  CHECK_THROWS_AS(base.before_attempt([](auto const&) { throw std::logic_error("observer"); })([] {}),
                  std::logic_error);
  free_again();

  half_open();
  auto const cancelled = base.try_call([]() -> int { throw tenax::cancelled(); });
  CHECK(cancelled.reason == tenax::stop_reason::cancelled);
  free_again();
}

namespace {

/// What the breaker promises, checked against a simple account of every ticket that is out.
void play_at_random(std::uint64_t seed) {
  tenax::seeded_random random(seed);
  auto const draw = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  tenax::circuit_breaker_options options{
      .open_for = 1s, .max_open = 8s, .probes = 1 + draw(3), .successes_to_close = 1 + draw(3)};
  if (draw(2) == 0) {
    options.failures = 1 + draw(4);
  } else {
    options.failure_ratio = 0.5;
    options.window = 5s;
    options.minimum_calls = 3;
  }
  circuit_breaker breaker(options);
  struct out {
    ticket t{};
    int epoch = 0;
  };
  std::vector<out> tickets;
  int epoch = 0, probing = 0;
  tenax::duration now{}, opened{};
  auto last = state::closed;
  bool by_failure = false;
  auto const look = [&] {
    auto const s = breaker.state();
    if (s == last) return;
    // Only these changes exist.
    if (last == state::closed) REQUIRE(s == state::open);
    if (last == state::open) REQUIRE(s == state::half_open);
    if (s == state::open) REQUIRE(by_failure);
    if (s == state::closed) REQUIRE_FALSE(by_failure);
    if (s == state::open) opened = now;
    last = s;
    ++epoch;
    probing = 0;
  };
  for (int step = 0; step < 300; ++step) {
    now += std::chrono::milliseconds(draw(400));
    if (draw(2) == 0) {
      out o;
      auto const answer = asked(breaker, o.t, now, 1, &random);
      look();
      if (answer == verdict::go) {
        REQUIRE(last != state::open);
        if (last == state::half_open) REQUIRE(++probing <= options.probes);
        o.epoch = epoch;
        tickets.push_back(std::move(o));
      } else {
        if (last == state::open) REQUIRE(now < opened + 8s);
        if (last == state::half_open) REQUIRE(probing == options.probes);
        REQUIRE(last != state::closed);
      }
    } else if (!tickets.empty()) {
      auto const which = static_cast<std::size_t>(draw(static_cast<int>(tickets.size())));
      auto o = std::move(tickets[which]);
      tickets.erase(tickets.begin() + static_cast<std::ptrdiff_t>(which));
      bool const current = o.epoch == epoch;
      if (current && last == state::half_open) --probing;
      auto const before = last;
      int const how = draw(5);
      by_failure = how == 1 || how == 2;
      if (how == 4) {
        o.t = {};
      } else {
        tell(breaker, o.t,
             std::array{kind::success, kind::failure, kind::throttled, kind::cancelled}[static_cast<std::size_t>(how)],
             now);
      }
      if (!current) REQUIRE(breaker.state() == before);
      if (current && before == state::half_open && by_failure) REQUIRE(breaker.state() == state::open);
      look();
    }
  }
}

}  // namespace

TEST_CASE("circuit_breaker: random schedules keep the rules") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    INFO("seed " << seed);
    play_at_random(seed);
  }
}

TEST_CASE("circuit_breaker: eight threads leak no probe and hear changes in order") {
  std::atomic<std::uint64_t> operations{0};
  std::atomic<bool> telling{false};
  auto last = state::closed;
  bool in_order = true;
  std::uint64_t changes = 0;
  auto const observe = [&](state from, state to, tenax::time_point) {
    if (telling.exchange(true)) in_order = false;
    in_order = in_order && from == last && from != to;
    last = to;
    ++changes;
    telling = false;
  };
  circuit_breaker breaker({.failures = 3, .open_for = 1ms, .max_open = 1ms, .probes = 2, .successes_to_close = 2},
                          observe);
  std::atomic<tenax::duration::rep> clock{0};
  tests::in_eight_threads([&](int thread) {
    tenax::seeded_random random(static_cast<std::uint64_t>(thread));
    std::uint64_t done = 0;
    for (int i = 0; i < 150'000; ++i) {
      tenax::duration const now(clock.fetch_add(1000));
      decltype(breaker)::ticket t;
      ++done;
      if (asked(breaker, t, now, 1, &random) != verdict::go) continue;
      ++done;
      auto const how = random() % 8;
      if (how == 7) continue;  // abandoned
      tell(breaker, t, how < 3 ? kind::success : how == 6 ? kind::cancelled : kind::failure, now);
    }
    operations += done;
  });
  CHECK(in_order);
  CHECK(changes > 100);
  CHECK(operations >= 1'000'000);
  // Whatever state it is in, it recovers: no place of a probe is lost.
  tenax::duration const later(clock + 1'000'000'000);
  if (breaker.state() != state::closed) {
    decltype(breaker)::ticket a, b, c;
    CHECK(asked(breaker, a, later) == verdict::go);
    CHECK(asked(breaker, b, later) == verdict::go);
    CHECK(asked(breaker, c, later) == verdict::refused);
  }
}
