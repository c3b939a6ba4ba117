// SPDX-License-Identifier: MIT
// deadline.cpp: no wait is ever started that would end at or after a deadline.
#include <tenax/tenax.hpp>

#include "../catch.hpp"
#include "cases.hpp"
#include "wide.hpp"

using tenax::attempt_info;
using tenax::duration;
using tenax::time_point;

namespace {

constexpr int runs = 5'000;
using tests::wide;

/// A deadline of at least a nanosecond.
duration limit(tests::cases& draw) { return draw.at_least(duration(1)); }

/// The result of a call: when each wait ended, relative to the start of the call.
struct course {
  duration last_wait_end{};
  duration elapsed{};
  tenax::stop_reason reason{};
};

/// Drives a call whose attempts always fail and take a random time; the clock starts anywhere.
template <class Policy>
course drive(Policy const& policy, tests::cases& draw, duration longest_attempt) {
  time_point const start(draw.wait(duration::max() / 4));
  auto now = start;
  tenax::retry_loop<Policy const&> loop(policy, now, &draw.random());
  tenax::outcome<void> const failed;
  course c;
  auto next = loop.start_attempt(now);
  while (!next.stops()) {
    if (next.waits()) {
      now += next.delay;
      c.last_wait_end = now - start;
      next = loop.start_attempt(now);
    } else {
      now += draw.wait(longest_attempt);
      next = loop.finish_attempt(failed, now);
    }
  }
  c.elapsed = now - start;
  c.reason = next.reason;
  return c;
}

}  // namespace

TEST_CASE("A deadline allows a wait if and only if it ends before") {
  tests::cases draw(51);
  for (int i = 0; i < runs; ++i) {
    auto const d = limit(draw);
    attempt_info const a{.elapsed = draw.wait(), .upcoming_wait = draw.wait()};
    CAPTURE(d.count(), a.elapsed.count(), a.upcoming_wait.count());
    bool const ends_before = wide{a.elapsed.count()} + a.upcoming_wait.count() < d.count();
    REQUIRE(tenax::stop::deadline(d)(a) == !ends_before);
    REQUIRE(tenax::stop::after_elapsed(d)(a) == (a.elapsed >= d));
  }
}

TEST_CASE("A clipped deadline never lets a wait end after it") {
  tests::cases draw(52);
  for (int i = 0; i < runs; ++i) {
    auto const d = limit(draw);
    auto const s = tenax::stop::deadline(d).clip_last_wait();
    attempt_info a{.elapsed = draw.wait(), .upcoming_wait = draw.wait()};
    auto const clipped = s.clip(a);
    CAPTURE(d.count(), a.elapsed.count(), a.upcoming_wait.count(), clipped.count());
    REQUIRE(clipped >= duration::zero());
    REQUIRE(clipped <= a.upcoming_wait);
    REQUIRE((a.elapsed >= d || wide{a.elapsed.count()} + clipped.count() <= d.count()));
    REQUIRE((clipped == a.upcoming_wait || a.elapsed >= d || wide{a.elapsed.count()} + clipped.count() == d.count()));
    a.upcoming_wait = clipped;
    REQUIRE(s(a) == (a.elapsed >= d));
  }
}

TEST_CASE("deadline_at is the same as deadline with the time left at the start of the call") {
  tests::cases draw(53);
  for (int i = 0; i < runs; ++i) {
    time_point const start(draw.wait(duration::max() / 2));
    auto const d = duration(1) + draw.wait(duration::max() / 2 - duration(1));
    attempt_info const a{.elapsed = draw.wait(), .upcoming_wait = draw.wait(), .started = start};
    CAPTURE(start.time_since_epoch().count(), d.count(), a.elapsed.count(), a.upcoming_wait.count());
    REQUIRE(tenax::stop::deadline_at(start + d)(a) == tenax::stop::deadline(d)(a));
    REQUIRE(tenax::stop::deadline_at(start + d).time_left(a) == tenax::stop::deadline(d).time_left(a));
    REQUIRE(tenax::stop::deadline_at(start + d).clip_last_wait().clip(a) ==
            tenax::stop::deadline(d).clip_last_wait().clip(a));
  }
}

TEST_CASE("The time left until a deadline is never negative, and adds up") {
  tests::cases draw(54);
  for (int i = 0; i < runs; ++i) {
    auto const d = limit(draw);
    attempt_info const a{.elapsed = draw.wait()};
    auto const left = tenax::stop::deadline(d).time_left(a);
    CAPTURE(d.count(), a.elapsed.count());
    REQUIRE(left >= duration::zero());
    REQUIRE((a.elapsed >= d ? left == duration::zero() : left + a.elapsed == d));
  }
}

TEST_CASE("In whole calls, every wait ends before the deadline, or on a clipped one, and the stop reason is right") {
  tests::cases draw(55);
  for (int i = 0; i < runs / 5; ++i) {
    auto const d = duration(1) + draw.wait(duration(std::int64_t{1} << 50));
    auto const policy =
        tenax::retrying{}
            .when(tenax::when::always)
            .wait(tenax::wait::exponential({.base = draw.wait(d / 4) + duration(1), .max = duration::max()}).full())
            .stop(tenax::stop::deadline(d) || tenax::stop::after_attempts(200));
    auto const attempt = d / 50;
    CAPTURE(d.count(), policy.strategy.strategy.base.count());

    auto const strict = drive(policy, draw, attempt);
    REQUIRE(strict.last_wait_end < d);
    REQUIRE(strict.elapsed < d + attempt + duration(1));
    REQUIRE((strict.reason == tenax::stop_reason::deadline || strict.reason == tenax::stop_reason::attempts));

    auto const clipped = drive(
        policy.stop(tenax::stop::deadline(d).clip_last_wait() || tenax::stop::after_attempts(200)), draw, attempt);
    REQUIRE(clipped.last_wait_end <= d);
    REQUIRE((clipped.reason == tenax::stop_reason::deadline || clipped.reason == tenax::stop_reason::attempts));
  }
}

TEST_CASE("Calls never wait longer in all than their worst case says") {
  tests::cases draw(56);
  for (int i = 0; i < runs / 5; ++i) {
    auto const base = draw.wait(std::chrono::hours(1));
    auto const max = base + draw.wait(std::chrono::hours(10));
    auto const attempts = static_cast<std::int64_t>(1 + draw.number(40));
    auto const d = duration(1) + draw.wait(std::chrono::hours(100));
    CAPTURE(base.count(), max.count(), attempts, d.count());
    auto const check = [&](auto const& policy) {
      tenax::retry_loop<std::remove_cvref_t<decltype(policy)>> loop(policy, {}, &draw.random());
      tenax::outcome<void> const failed;
      time_point now;
      auto next = loop.start_attempt(now);
      while (!next.stops()) {
        if (next.waits()) now += next.delay;
        next = next.waits() ? loop.start_attempt(now) : loop.finish_attempt(failed, now);
      }
      auto const bounds = tenax::worst_case(policy);
      REQUIRE(loop.info().waited <= bounds.own_wait);
      REQUIRE(bounds.own_wait <= bounds.total_wait);
      REQUIRE(loop.attempts() <= bounds.attempts);
    };
    auto const policy = tenax::retrying{}
                            .when(tenax::when::always)
                            .stop(tenax::stop::after_attempts(attempts) || tenax::stop::deadline(d));
    check(policy.wait(tenax::wait::exponential({.base = base, .max = max}).additive(base)));
    check(policy.wait(tenax::wait::decorrelated({.base = base, .max = max})));
    check(policy.wait(tenax::wait::chain(tenax::wait::repeat(3, tenax::wait::uniform(base, max)),
                                         tenax::wait::fibonacci({.unit = base, .max = max}).equal())));
  }
}
