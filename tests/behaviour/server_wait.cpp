// SPDX-License-Identifier: MIT
// server_wait.cpp: waits that the server asks for are never shortened; the call ends if they are too long.
#include <tenax/gate/call.hpp>
#include <tenax/tenax.hpp>

#include <functional>
#include <stdexcept>
#include <vector>

#include <tenax/testing/virtual_time.hpp>

#include "catch.hpp"
#include "gates.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using tenax::stop_reason;
using tenax::too_long;
using tenax::testing::virtual_time;
using durations = std::vector<tenax::duration>;

namespace {

/// Makes an operation that fails once and asks for a wait.
auto asking(tenax::duration d) {
  return [d, n = 0]() mutable -> int {
    if (++n == 1) throw tenax::retry_after(d, std::runtime_error("slow down"));
    return n;
  };
}

}  // namespace

TEST_CASE("A server's wait is a minimum: the longer of both waits is used") {
  virtual_time clock;
  auto const policy = tenax::retrying{}.wait(tenax::wait::constant(10s)).environment(std::ref(clock));
  policy(asking(30s));
  policy(asking(3s));
  policy(asking(0s));
  CHECK(clock.sleeps() == durations{30s, 10s, 10s});
}

TEST_CASE("A server's wait is not shortened by any strategy") {
  auto const waited = [](auto const& strategy) {
    virtual_time clock(3);
    tenax::retrying{}.wait(strategy).environment(std::ref(clock))(asking(30s));
    return clock.slept();
  };
  CHECK(waited(tenax::wait::none) == 30s);
  CHECK(waited(tenax::wait::exponential({.base = 1s, .max = 5s}).full()) == 30s);
  CHECK(waited(tenax::wait::at_most(1s, tenax::wait::first_of(tenax::wait::retry_after, tenax::wait::none))) == 30s);
  CHECK(waited(tenax::wait::min_of(tenax::wait::constant(1s), tenax::wait::constant(2s))) == 30s);
  CHECK(waited(tenax::wait::first_of(tenax::wait::retry_after, tenax::wait::constant(1min))) == 30s);
  CHECK(waited(tenax::wait::max_of(tenax::wait::constant(1min), tenax::wait::retry_after)) == 1min);
}

TEST_CASE("Jitter on top of a server's wait only adds") {
  virtual_time clock(5);
  auto const policy = tenax::retrying{}
                          .wait(tenax::wait::first_of(tenax::wait::retry_after + tenax::wait::uniform(0s, 500ms),
                                                      tenax::wait::exponential()))
                          .environment(std::ref(clock));
  tenax::duration shortest = tenax::duration::max(), longest{};
  for (int i = 0; i < 200; ++i) {
    policy(asking(30s));
    shortest = std::min(shortest, clock.sleeps().back());
    longest = std::max(longest, clock.sleeps().back());
  }
  CHECK(shortest >= 30s);
  CHECK(shortest < 30s + 50ms);
  CHECK(longest < 30s + 500ms);
  CHECK(longest > 30s + 450ms);
}

TEST_CASE("A server's wait above the limit ends the call, with its value in the report") {
  virtual_time clock;
  auto const policy = tenax::retrying{}.environment(std::ref(clock));

  auto const longest = policy.try_call(asking(5min));
  CHECK(longest.succeeded());
  CHECK(clock.sleeps() == durations{5min});

  auto const report = policy.try_call(asking(5min + 1ns));
  CHECK(report.reason == stop_reason::server_wait_too_long);
  CHECK(report.server_wait == tenax::optional_duration(5min + 1ns));
  CHECK(report.attempts == 1);
  CHECK(report.waited == 0s);
  CHECK(report.result.exception_as<std::runtime_error>() != nullptr);
  CHECK_THROWS_AS(policy(asking(1h)), std::runtime_error);
  CHECK(clock.sleeps().size() == 1);
}

TEST_CASE("The limit on server waits can be set") {
  virtual_time clock;
  auto const policy = tenax::retrying{}.environment(std::ref(clock)).max_server_wait(10s);
  CHECK(policy.try_call(asking(10s)).succeeded());
  CHECK(policy.try_call(asking(11s)).reason == stop_reason::server_wait_too_long);
  CHECK(policy.max_server_wait(2h).try_call(asking(1h)).succeeded());
  CHECK(policy.max_server_wait(0s).try_call(asking(1ns)).reason == stop_reason::server_wait_too_long);
  tests::check_rejected("max_server_wait: max", "-1s", [&] { return policy.max_server_wait(-1s); });
}

TEST_CASE("A server's wait above the limit can be cut to the limit") {
  virtual_time clock;
  auto const policy =
      tenax::retrying{}.wait(tenax::wait::none).environment(std::ref(clock)).max_server_wait(10s, too_long::clamp);
  auto const report = policy.try_call(asking(1h));
  CHECK(report.succeeded());
  CHECK(policy.try_call(asking(3s)).succeeded());
  CHECK(clock.sleeps() == durations{10s, 3s});
  int n = 0;
  auto const given_up = policy.stop(tenax::stop::after_attempts(1)).try_call([&] {
    ++n;
    throw tenax::retry_after(1h, 1);
  });
  CHECK(given_up.reason == stop_reason::attempts);
  CHECK(given_up.server_wait == tenax::optional_duration(1h));
}

TEST_CASE("A server's wait above the limit can be ignored") {
  virtual_time clock;
  auto const policy = tenax::retrying{}
                          .wait(tenax::wait::first_of(tenax::wait::retry_after, tenax::wait::constant(2s)))
                          .environment(std::ref(clock))
                          .max_server_wait(10s, too_long::ignore);
  CHECK(policy.try_call(asking(1h)).succeeded());
  CHECK(policy.try_call(asking(3s)).succeeded());
  CHECK(clock.sleeps() == durations{2s, 3s});
}

TEST_CASE("A server's wait is not shortened by a deadline: the call gives up") {
  virtual_time clock;
  auto const policy = tenax::retrying{}.wait(tenax::wait::none).environment(std::ref(clock));
  auto const plain = policy.stop(tenax::stop::deadline(20s)).try_call(asking(30s));
  CHECK(plain.reason == stop_reason::deadline);
  CHECK(plain.server_wait == tenax::optional_duration(30s));
  auto const clipping = policy.stop(tenax::stop::deadline(20s).clip_last_wait()).try_call(asking(30s));
  CHECK(clipping.reason == stop_reason::deadline);
  CHECK(clock.sleeps().empty());
}

TEST_CASE("A failure that asks for a wait counts as an attempt") {
  virtual_time clock;
  int n = 0;
  auto const report = tenax::retrying{}.environment(std::ref(clock)).try_call([&] {
    ++n;
    throw tenax::retry_after(1s, 429);
  });
  CHECK(report.reason == stop_reason::attempts);
  CHECK(n == 3);
}

TEST_CASE("Waits, conditions and observers see the server's wait") {
  virtual_time clock;
  std::vector<tenax::optional_duration> seen;
  auto const policy = tenax::retrying{}
                          .wait([&](tenax::attempt_info const& a) {
                            seen.push_back(a.server_wait);
                            return 1s;
                          })
                          .stop([&](tenax::attempt_info const& a) {
                            seen.push_back(a.server_wait);
                            return a.number == 2;
                          })
                          .before_sleep([&](tenax::attempt_info const& a) { seen.push_back(a.server_wait); })
                          .environment(std::ref(clock));
  int n = 0;
  CHECK_THROWS_AS(policy([&] {
                    if (++n == 1) throw tenax::retry_after(7s, std::runtime_error("slow"));
                    throw std::runtime_error("down");
                  }),
                  std::runtime_error);
  tenax::optional_duration const none;
  CHECK(seen == std::vector<tenax::optional_duration>{7s, 7s, 7s, none, none});
}

TEST_CASE("The observers of the end see the server's wait that ended the call") {
  virtual_time clock;
  tenax::optional_duration seen;
  auto const policy = tenax::retrying{}.environment(std::ref(clock)).on_give_up([&](tenax::attempt_info const& a) {
    seen = a.server_wait;
  });
  CHECK_THROWS_AS(policy(asking(1h)), std::runtime_error);
  CHECK(seen == tenax::optional_duration(1h));
}

TEST_CASE("A negative wait is refused where it is thrown") {
  tests::check_rejected("tenax::retry_after: wait", "-1s", [] { return tenax::retry_after(-1s, 1); });
}

TEST_CASE("A negative wait in a hint is ignored, wherever the hint comes from") {
  virtual_time clock;
  tests::test_gate gate;
  auto const policy = tenax::retrying{}
                          .when(tenax::when::always)
                          .wait(tenax::wait::first_of(tenax::wait::retry_after, tenax::wait::constant(2s)))
                          .stop(tenax::stop::after_attempts(2))
                          .through(std::ref(gate))
                          .environment(std::ref(clock));
  for (tenax::duration const d : {tenax::duration(-1ns), tenax::duration(-5s), tenax::duration::min() + 1ns}) {
    INFO(d.count());
    auto const refused = policy.try_call([&]() -> int { throw tenax::refused("busy", d); });
    CHECK(refused.waited == 2s);
    CHECK_FALSE(refused.server_wait);
    auto const advised =
        policy.read_hints_with([&](auto const&) { return tenax::hint{.wait = d}; }).try_call([]() -> int {
          throw std::runtime_error("down");
        });
    CHECK(advised.waited == 2s);
    CHECK_FALSE(advised.server_wait);
    CHECK_FALSE(tenax::feedback_of(tenax::capture([&]() -> int { throw tenax::refused("busy", d); })).server_wait);
  }
  for (auto const& told : gate.feedbacks) CHECK_FALSE(told.server_wait);
}

TEST_CASE("An endless wait causes no overflow, whatever the call does about it") {
  virtual_time clock;
  tests::test_gate gate;
  auto const endless = [] { return asking(tenax::duration::max()); };
  auto const policy = tenax::retrying{}.through(std::ref(gate)).environment(std::ref(clock));
  auto const obeyed =
      policy.max_server_wait(tenax::duration::max())
          .wait(tenax::wait::first_of(tenax::wait::retry_after + tenax::wait::constant(1s), tenax::wait::none));
  clock.advance(1s);
  CHECK(policy.try_call(endless()).reason == stop_reason::server_wait_too_long);
  CHECK(policy.max_server_wait(10s, too_long::clamp).try_call(endless()).waited == 10s);
  CHECK(policy.wait(tenax::wait::none).max_server_wait(10s, too_long::ignore).try_call(endless()).waited == 0s);
  CHECK(obeyed.stop(tenax::stop::deadline(2h)).try_call(endless()).reason == stop_reason::deadline);
  CHECK(obeyed.stop(tenax::stop::deadline(2h).clip_last_wait()).try_call(endless()).reason == stop_reason::deadline);
  CHECK(obeyed.stop(tenax::stop::deadline_at(clock.now() + 2h)).try_call(endless()).reason == stop_reason::deadline);
  for (auto const& told : gate.feedbacks) CHECK(told.server_wait.value_or(0s) >= 0s);
}

TEST_CASE("A policy around another one waits until the inner gate may admit again") {
  virtual_time clock;
  auto const refusing = [&](tenax::duration d) {
    return [&clock, d, n = 0]() mutable {
      tests::test_gate gate(++n == 1 ? std::vector{tenax::admission::refuse("full", d)}
                                     : std::vector<tenax::admission>{});
      return tenax::retrying{}.through(std::ref(gate)).environment(std::ref(clock))([] { return 1; });
    };
  };
  auto const outer = tenax::retrying{}.when(tenax::when::exception<tenax::refused>).environment(std::ref(clock));
  CHECK(outer.try_call(refusing(30s)).waited == 30s);
  auto const absurd = outer.try_call(refusing(tenax::duration::max()));
  CHECK(absurd.reason == stop_reason::server_wait_too_long);
  CHECK(absurd.waited == 0s);
  CHECK(outer.max_server_wait(10s, too_long::clamp).try_call(refusing(tenax::duration::max())).waited == 10s);
}
