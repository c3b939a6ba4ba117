// SPDX-License-Identifier: MIT
// gates.cpp: what every gate does in the same way, in whatever order its functions are called.
#include <functional>
#include <vector>

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
#include "gates.hpp"

using namespace std::chrono_literals;
using tenax::admission;
using tests::kind;
using tests::verdict;

namespace {

/// A clock that stands still.
struct still {
  tenax::time_point time;
  [[nodiscard]] tenax::time_point now() const { return time; }
  static void sleep(tenax::duration) {}
};
still at(tenax::duration d) { return {tenax::time_point(d)}; }

/// Counts the wakes of one caller.
struct sleeper {
  int woken = 0;
  tenax::waker wakes() {
    return {[](void* self) noexcept { ++static_cast<sleeper*>(self)->woken; }, this};
  }
};

template <class G>
admission ask(G& gate, typename G::ticket& t, tenax::duration now, sleeper* s = nullptr) {
  if constexpr (tenax::waking_gate<G>) {
    return gate.admit(t, {}, tenax::time_point(now), s == nullptr ? tenax::waker{} : s->wakes());
  } else {
    return gate.admit(t, {}, tenax::time_point(now));
  }
}

// Gates that make the second caller wait, each with the time after which that one goes if no caller reports.
struct one_place {
  static constexpr char const* name = "bulkhead";
  static constexpr bool has_places = true;
  tenax::bulkhead gate{{.at_once = 1, .queue = 5, .max_wait = 1s}};
  void widen(tenax::duration) { gate.set(2); }
  void break_it() { gate.set(0); }
};
struct one_found {
  static constexpr char const* name = "concurrency_limiter";
  static constexpr bool has_places = true;
  tenax::concurrency_limiter gate{{.start = 1, .at_most = 1, .queue = 5, .max_wait = 1s}};
  void widen(tenax::duration) { gate.set(2, 2); }
  void break_it() { gate.set(0, 1); }
};
struct one_a_second {
  static constexpr char const* name = "rate_limiter";
  static constexpr bool has_places = false;
  tenax::rate_limiter<1> gate{tenax::per_second(1)};
  void widen(tenax::duration now) { gate.set(tenax::per_second(10), at(now)); }
  void break_it() { gate.set({.permits = 0, .per = 1s}); }
};
struct two_limits {
  static constexpr char const* name = "rate_limiter with two limits";
  static constexpr bool has_places = false;
  tenax::rate_limiter<2> gate{tenax::per_second(1), tenax::per_hour(1800).with_burst(50)};
  void widen(tenax::duration now) { gate.set({tenax::per_second(10), tenax::per_hour(18000).with_burst(50)}, at(now)); }
  void break_it() { gate.set({tenax::per_second(1), {.permits = 0, .per = 1s}}); }
};
struct one_found_a_second {
  static constexpr char const* name = "adaptive_rate_limiter";
  static constexpr bool has_places = false;
  tenax::adaptive_rate_limiter gate{{.start = tenax::per_second(1), .limit = tenax::per_second(1)}};
  void widen(tenax::duration now) { gate.set(tenax::per_second(10), tenax::time_point(now)); }
  void break_it() { gate.set({.permits = 0, .per = 1s}); }
};

template <class F>
void at_gates_that_wait(F const& check) {
  check(one_place{});
  check(one_found{});
  check(one_a_second{});
  check(two_limits{});
  check(one_found_a_second{});
}

template <class F>
void at_all_gates(F const& check) {
  at_gates_that_wait([&](auto&& one) { check(one.name, one.gate); });
  check("circuit_breaker", tenax::circuit_breaker<>({.failures = 3}));
  check("retry_budget", tenax::retry_budget());
  check("windowed_retry_budget", tenax::windowed_retry_budget());
  check("in_flight_retry_budget", tenax::in_flight_retry_budget());
  check("retry_quota", tenax::retry_quota());
  check("adaptive_throttle", tenax::adaptive_throttle());
}

constexpr tenax::duration start = 10h;

}  // namespace

TEST_CASE("gates: a ticket that holds nothing can be reported, set aside, moved and destroyed") {
  at_all_gates([](char const* name, auto&& gate) {
    CAPTURE(name);
    using ticket = typename std::remove_reference_t<decltype(gate)>::ticket;
    ticket t;
    for (int i = 0; i < 20; ++i) tests::tell(gate, t, kind::failure, start);
    if constexpr (requires { gate.step_aside(t); }) gate.step_aside(t);
    ticket other = std::move(t);
    t = std::move(other);
    CHECK(ask(gate, t, start).admitted());
  });
}

TEST_CASE("gates: an attempt is reported once; later reports change nothing") {
  at_all_gates([](char const* name, auto&& gate) {
    CAPTURE(name);
    using ticket = typename std::remove_reference_t<decltype(gate)>::ticket;
    ticket t;
    REQUIRE(ask(gate, t, start).admitted());
    tests::tell(gate, t, kind::success, start);
    for (int i = 0; i < 20; ++i) tests::tell(gate, t, kind::failure, start);
    ticket next;
    CHECK(ask(gate, next, start + 10s).admitted());
  });
}

TEST_CASE("gates: an admitted caller that waited at another gate is admitted again, and holds no more than before") {
  at_all_gates([](char const* name, auto&& gate) {
    CAPTURE(name);
    using ticket = typename std::remove_reference_t<decltype(gate)>::ticket;
    ticket t;
    for (int i = 0; i < 5; ++i) CHECK(ask(gate, t, start + i * 1ms).admitted());
    tests::tell(gate, t, kind::success, start + 10ms);
    ticket next;
    CHECK(ask(gate, next, start + 10s).admitted());
  });
}

TEST_CASE("gates: a clock that is set back makes no caller wait for the old time") {
  at_gates_that_wait([](auto&& one) {
    CAPTURE(one.name);
    using ticket = typename std::remove_reference_t<decltype(one.gate)>::ticket;
    ticket first, second, third, last;
    sleeper a, b, c;
    CHECK(ask(one.gate, first, start).admitted());
    CHECK(ask(one.gate, second, start, &a).delay <= 2s);
    CHECK(ask(one.gate, third, start, &b).delay <= 4s);
    CHECK(ask(one.gate, second, start - 1h, &a).delay <= 2s);
    CHECK(ask(one.gate, third, start - 1h, &b).delay <= 4s);
    CHECK(ask(one.gate, last, start - 1h, &c).delay <= 6s);
    auto now = start - 1h;
    if (one.has_places) {
      tests::tell(one.gate, first, kind::success, now);
      CHECK(a.woken == 1);
    } else {
      now += 2s;
    }
    CHECK(ask(one.gate, second, now, &a).admitted());
    // A caller that stays too long is refused, by the new time.
    if (one.has_places) CHECK(ask(one.gate, third, now + 1100ms, &b).refused());
  });
}

TEST_CASE("gates: a debt is not forgotten when the clock is set back, and does not last longer") {
  tenax::rate_limiter<1> limiter(tenax::per_second(1).with_burst(2));
  limiter.charge(12, at(start));
  CHECK(limiter.wait_hint(1, at(start)) == 11s);
  CHECK(limiter.wait_hint(1, at(start + 1s)) == 10s);
  CHECK(limiter.wait_hint(1, at(start - 1h)) <= 11s);
  CHECK(limiter.wait_hint(1, at(start - 1h)) >= 10s);
  CHECK(limiter.wait_hint(1, at(start - 1h + 12s)) == 0s);
  CHECK(limiter.try_acquire(1, at(start - 1h + 12s)));

  // A limit so fast that its debt cannot be counted in its ticks.
  tenax::rate_limiter<1> fast(tenax::per_second(1'250'000'000).with_burst(1000));
  fast.charge(std::int64_t{1'250'000'000} * 3600, at(start));
  auto const owes = fast.wait_hint(1, at(start));
  CHECK(owes > 3590s);
  CHECK(fast.wait_hint(1, at(start - 2h)) <= owes);
  CHECK(fast.wait_hint(1, at(start - 1h + 1s)) <= 1s);

  // Available permits can be taken without waiting for the old time, also by callers that do not wait.
  tenax::rate_limiter<1> taken(tenax::per_second(10));
  CHECK(taken.try_acquire(1, at(start)));
  CHECK_FALSE(taken.try_acquire(1, at(start - 1h)));
  CHECK(taken.try_acquire(1, at(start - 1h + 100ms)));
  CHECK_FALSE(taken.try_acquire(1, at(start - 1h + 150ms)));
  // Threads that read the clock slightly earlier are not a clock that was set back.
  CHECK_FALSE(taken.try_acquire(1, at(start - 1h - 300ms)));
  CHECK(taken.wait_hint(1, at(start - 1h - 300ms)) == 500ms);
}

TEST_CASE("gates: settings that make no sense are refused, and the old ones stay") {
  at_gates_that_wait([](auto&& one) {
    CAPTURE(one.name);
    using ticket = typename std::remove_reference_t<decltype(one.gate)>::ticket;
    ticket first, second;
    sleeper s;
    CHECK(ask(one.gate, first, start).admitted());
    CHECK(ask(one.gate, second, start, &s).waits());
    CHECK_THROWS_AS(one.break_it(), std::invalid_argument);
    CHECK(s.woken == 0);
    CHECK(ask(one.gate, second, start + 1ms, &s).waits());
  });
}

TEST_CASE("gates: a wider limit wakes the caller that waits, which goes") {
  at_gates_that_wait([](auto&& one) {
    CAPTURE(one.name);
    using ticket = typename std::remove_reference_t<decltype(one.gate)>::ticket;
    ticket first, second;
    sleeper s;
    CHECK(ask(one.gate, first, start).admitted());
    CHECK(ask(one.gate, second, start, &s).waits());
    one.widen(start + 1ms);
    CHECK(s.woken == 1);
    CHECK(ask(one.gate, second, start + 200ms, &s).admitted());
  });
}

TEST_CASE("gates: a caller that leaves passes its turn on, before and after it was woken") {
  at_gates_that_wait([](auto&& one) {
    CAPTURE(one.name);
    using ticket = typename std::remove_reference_t<decltype(one.gate)>::ticket;
    ticket first, second, third, last;
    sleeper a, b, c;
    CHECK(ask(one.gate, first, start).admitted());
    CHECK(ask(one.gate, second, start, &a).waits());
    CHECK(ask(one.gate, third, start, &b).waits());
    CHECK(ask(one.gate, last, start, &c).waits());
    second = {};  // while it sleeps
    if (one.has_places) {
      tests::tell(one.gate, first, kind::success, start);
      CHECK(b.woken == 1);
    }
    third = {};  // after it was woken
    CHECK(c.woken == 1);
    CHECK(ask(one.gate, last, start + 1010ms, &c).admitted());
  });
}

TEST_CASE("gates: a caller that waits at another gate lets others pass, and loses nothing") {
  at_gates_that_wait([](auto&& one) {
    CAPTURE(one.name);
    using ticket = typename std::remove_reference_t<decltype(one.gate)>::ticket;
    ticket first, second, third;
    sleeper a, b;
    CHECK(ask(one.gate, first, start).admitted());
    CHECK(ask(one.gate, second, start, &a).waits());
    CHECK(ask(one.gate, third, start, &b).waits());
    one.gate.step_aside(second);
    one.gate.step_aside(second);
    if (one.has_places) tests::tell(one.gate, first, kind::success, start);
    CHECK(b.woken == 1);
    CHECK(ask(one.gate, third, start + 1010ms, &b).admitted());
    tests::tell(one.gate, third, kind::success, start + 1010ms);
    CHECK(ask(one.gate, second, start + (one.has_places ? 1010ms : 2030ms), &a).admitted());
  });
}

TEST_CASE("gates: a policy that does not wait is refused at once, and leaves no one in the queue") {
  at_gates_that_wait([](auto&& one) {
    CAPTURE(one.name);
    tenax::testing::virtual_time clock;
    using ticket = typename std::remove_reference_t<decltype(one.gate)>::ticket;
    ticket first, second;
    CHECK(ask(one.gate, first, clock.now().time_since_epoch()).admitted());
    auto const policy = tenax::retrying{}.environment(std::ref(clock)).through(std::ref(one.gate)).max_gate_wait(0s);
    auto const before = clock.now();
    CHECK_THROWS_AS(policy([] {}), tenax::refused);
    CHECK(clock.now() == before);
    if (one.has_places) tests::tell(one.gate, first, kind::success, before.time_since_epoch());
    CHECK(ask(one.gate, second, before.time_since_epoch() + 1010ms).admitted());
  });
}

TEST_CASE("gates: a dry run lets every attempt pass, and holds nothing") {
  at_all_gates([](char const* name, auto&& gate) {
    CAPTURE(name);
    using ticket = typename std::remove_reference_t<decltype(gate)>::ticket;
    tenax::dry_run_counter counter;
    auto const dry = tenax::dry_run(std::ref(gate), std::ref(counter));
    for (int i = 0; i < 50; ++i) {
      typename std::remove_const_t<decltype(dry)>::ticket t;
      CHECK(dry.admit(t, {}, tenax::time_point(start)).admitted());
      if (i % 2 == 0) dry.record(t, {}, tenax::time_point(start));
    }
    auto const seen = counter.read();
    CHECK(seen.admitted + seen.delayed + seen.refused == 50);
    ticket t;
    CHECK(ask(gate, t, start + 100s).admitted());
  });
}
