// SPDX-License-Identifier: MIT
// hedging.cpp: the delay and the options of hedging, and what a hedged call does when its server asks for a wait. The
// tests of hedged calls are those of each driver.
#include <tenax/hedging.hpp>

#include <functional>
#include <stdexcept>
#include <type_traits>

#include <tenax/async/detail/hedge_loop.hpp>
#include <tenax/capture.hpp>
#include <tenax/errors.hpp>
#include <tenax/gate/bulkhead.hpp>
#include <tenax/gate/retry_budget.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

using step = tenax::detail::hedge_step::kind;
tenax::time_point at(tenax::duration d) { return tenax::time_point(d); }
/// A gate can wake the call.
tenax::waker wakes() {
  static int woken = 0;
  return {[](void* n) noexcept { ++*static_cast<int*>(n); }, &woken};
}

}  // namespace

TEST_CASE("A hedge starts after the given delay, or at the percentile once that is known") {
  tenax::retry_budget budget;
  tenax::hedging fixed(budget, {.after = 50ms});
  for (int i = 0; i < 100; ++i) fixed.record(1s);
  CHECK(fixed.delay() == 50ms);

  tenax::hedging live(budget, {.after = 50ms, .percentile = 0.95});
  CHECK(live.delay() == 50ms);
  for (int i = 0; i < 90; ++i) live.record(10ms);
  for (int i = 0; i < 10; ++i) live.record(1s);
  CHECK(live.delay() >= 1s);
  for (int i = 0; i < 900; ++i) live.record(10ms);
  CHECK(live.delay() <= 12ms);
}

TEST_CASE("A hedging takes its budget directly, or by std::ref") {
  tenax::retry_budget budget;
  auto const reference = std::ref(budget);
  tenax::hedging plain(std::ref(budget));
  tenax::hedging named(reference, {.after = 50ms});
  tenax::testing::virtual_time clock;
  tenax::hedging elsewhere(std::ref(budget), {.after = 50ms}, std::ref(clock));
  static_assert(std::is_same_v<decltype(plain), tenax::hedging<tenax::retry_budget>>);
  static_assert(std::is_same_v<decltype(named), tenax::hedging<tenax::retry_budget>>);
  CHECK(&plain.budget() == &budget);
  CHECK(&named.budget() == &budget);
  CHECK(&elsewhere.budget() == &budget);
  CHECK(&elsewhere.environment().get() == &clock);
  CHECK(named.delay() == 50ms);
}

TEST_CASE("A hedging refuses invalid options") {
  tenax::retry_budget budget;
  CHECK_THROWS_WITH(tenax::hedging(budget, {.after = 0ms}), ContainsSubstring("hedging: after"));
  CHECK_THROWS_WITH(tenax::hedging(budget, {.percentile = 1.5}), ContainsSubstring("hedging: percentile"));
  CHECK_THROWS_WITH(tenax::hedging(budget, {.at_most = 1}), ContainsSubstring("hedging: at_most"));
  CHECK_THROWS_WITH(tenax::hedging(budget, {.at_most = 9}), ContainsSubstring("hedging: at_most"));
}

namespace {

/// A hedged call of three attempts, one every 50 ms, of which two have started.
struct two_under_way {
  tenax::retry_budget budget{};
  tenax::hedging<tenax::retry_budget> hedging{budget, {.after = 50ms, .at_most = 3}};
  tenax::detail::hedge_loop<int, tenax::hedging<tenax::retry_budget>> loop{hedging, {}};
  tenax::time_point now{1h};

  two_under_way() {
    REQUIRE(loop.next(now).what == step::start);
    REQUIRE(loop.next(now).delay == 50ms);
    now += 50ms;
    REQUIRE(loop.next(now).what == step::start);
    REQUIRE(loop.next(now).delay == 50ms);
  }

  template <class Error>
  bool fails(std::size_t number, Error error) {
    return loop.ended(number, tenax::capture([&]() -> int { throw error; }), now);
  }
};

}  // namespace

TEST_CASE("No hedge starts while the server asks for a wait, whatever timers say") {
  two_under_way call;
  auto& loop = call.loop;
  call.now += 10ms;
  CHECK_FALSE(call.fails(1, tenax::retry_after(200ms, std::runtime_error("busy"))));
  SECTION("a timer that was set before fires") {
    call.now += 40ms;
    auto const next = loop.next(call.now, {}, true);
    CHECK(next.what == step::wait);
    CHECK(next.delay == 160ms);
  }
  SECTION("the driver asks at once") {
    CHECK(loop.next(call.now).delay == 200ms);
    call.now += 200ms;
    auto const next = loop.next(call.now, {}, true);
    CHECK(next.what == step::start);
    CHECK(next.number == 2);
  }
  SECTION("the first attempt succeeds meanwhile") {
    CHECK(loop.ended(0, tenax::outcome<int>(7), call.now));
    CHECK(loop.take_result().get() == 7);
  }
}

TEST_CASE("No hedge starts after an answer that forbids retries, and that answer ends the call") {
  two_under_way call;
  CHECK_FALSE(call.fails(1, tenax::permanent(std::runtime_error("gone"))));
  call.now += 1h;
  CHECK(call.loop.next(call.now, {}, true).what == step::rest);
  CHECK_FALSE(call.fails(0, std::runtime_error("reset")));
  CHECK(call.loop.next(call.now).what == step::end);
  CHECK_THROWS_WITH(call.loop.take_result().get(), "gone");
}

TEST_CASE("A hedged call that fails ends with the failure that asks for the latest retry") {
  two_under_way call;
  SECTION("an earlier one") {
    CHECK_FALSE(call.fails(1, tenax::retry_after(10s, std::runtime_error("busy"))));
    call.now += 1s;
    CHECK_FALSE(call.fails(0, std::runtime_error("reset")));
    CHECK_THROWS_WITH(call.loop.take_result().get(), "busy");
  }
  SECTION("otherwise with the last one") {
    CHECK_FALSE(call.fails(1, tenax::retry_after(1s, std::runtime_error("busy"))));
    call.now += 2s;
    CHECK_FALSE(call.fails(0, std::runtime_error("reset")));
    CHECK_THROWS_WITH(call.loop.take_result().get(), "reset");
  }
}

TEST_CASE("A first attempt that waits at a gate of its hedging is refused at the deadline") {
  tenax::retry_budget budget;
  tenax::bulkhead one({.at_once = 1, .queue = 2});
  tenax::bulkhead::ticket other;
  REQUIRE(one.admit(other, {}, {}).admitted());
  auto hedging = tenax::hedging(budget, {.after = 50ms}).through(std::ref(one));
  tenax::detail::hedge_loop<int, decltype(hedging)> loop(hedging, {.time_left = 100ms});
  auto const first = loop.next(at(0ms), wakes());
  CHECK(first.what == step::wait);
  CHECK(first.delay == 100ms);
  CHECK(one.waiting() == 1);
  CHECK(loop.next(at(100ms), wakes(), true).what == step::end);
  CHECK(one.waiting() == 0);
  CHECK_THROWS_AS(loop.take_result().get(), tenax::refused);
}

TEST_CASE("A hedge that waits at a gate leaves it at the deadline") {
  tenax::retry_budget budget;
  tenax::bulkhead one({.at_once = 1, .queue = 2});
  auto hedging = tenax::hedging(budget, {.after = 50ms}).through(std::ref(one));
  tenax::detail::hedge_loop<int, decltype(hedging)> loop(hedging, {.time_left = 100ms});
  CHECK(loop.next(at(0ms), wakes()).what == step::start);
  CHECK(loop.next(at(50ms), wakes()).what == step::wait);
  CHECK(one.waiting() == 1);
  CHECK(loop.next(at(100ms), wakes(), true).what == step::rest);
  CHECK(one.waiting() == 0);
}

TEST_CASE("A hedge leaves a gate if the next gate throws") {
  struct broken : std::exception {};
  struct throwing {
    struct ticket {};
    bool breaks = false;
    tenax::admission admit(ticket&, tenax::attempt_info const&, tenax::time_point) const {
      if (breaks) throw broken();
      return {};
    }
    void record(ticket&, tenax::feedback const&, tenax::time_point) const {}
  } gate;
  tenax::retry_budget budget;
  tenax::bulkhead two({.at_once = 2});
  auto hedging = tenax::hedging(budget, {.after = 50ms}).through(std::ref(two)).through(std::ref(gate));
  tenax::detail::hedge_loop<int, decltype(hedging)> loop(hedging, {});
  CHECK(loop.next(at(0ms)).what == step::start);
  gate.breaks = true;
  CHECK_THROWS_AS(loop.next(at(50ms)), broken);
  CHECK(two.running() == 2);
  loop.fail(std::make_exception_ptr(broken()));
  CHECK(two.running() == 1);
}

TEST_CASE("What a gate throws when an attempt ends does not take a value away from a hedged call") {
  struct broken : std::exception {};
  struct throwing {
    struct ticket {};
    tenax::admission admit(ticket&, tenax::attempt_info const&, tenax::time_point) const { return {}; }
    void record(ticket&, tenax::feedback const&, tenax::time_point) const { throw broken(); }
  } gate;
  tenax::retry_budget budget;
  tenax::bulkhead two({.at_once = 2});
  auto hedging = tenax::hedging(budget, {.after = 50ms}).through(std::ref(two)).through(std::ref(gate));
  tenax::detail::hedge_loop<int, decltype(hedging)> loop(hedging, {});
  CHECK(loop.next(at(0ms)).what == step::start);
  CHECK(loop.next(at(50ms)).what == step::start);
  SECTION("the winner's gate, then the loser's") {
    CHECK(loop.ended(1, 7, at(60ms)));
    CHECK_FALSE(loop.ended(0, tenax::caught_exception(std::make_exception_ptr(broken())), at(61ms)));
    CHECK(loop.over());
    CHECK(loop.take_result().get() == 7);
  }
  SECTION("anything that fails after the winner has won") {
    CHECK(loop.ended(1, 7, at(60ms)));
    loop.fail(std::make_exception_ptr(broken()));
    CHECK_FALSE(loop.ended(0, 8, at(61ms)));
    CHECK(loop.take_result().get() == 7);
  }
  SECTION("but of an attempt that threw") {
    auto const down = std::make_exception_ptr(std::runtime_error("down"));
    CHECK_THROWS_AS(loop.ended(1, tenax::caught_exception(down), at(60ms)), broken);
    loop.fail(std::make_exception_ptr(broken()));
    CHECK_FALSE(loop.ended(0, tenax::caught_exception(down), at(61ms)));
    CHECK_THROWS_AS(loop.take_result().get(), broken);
  }
  CHECK(two.running() == 0);
}

TEST_CASE("An attempt of a hedged call has at least a millisecond left") {
  tenax::retry_budget budget;
  tenax::hedging hedging(budget, {.after = 50ms});
  tenax::detail::hedge_loop<int, decltype(hedging)> loop(hedging, {.time_left = 50'010us});
  CHECK(loop.next(at(0ms)).what == step::start);
  CHECK(loop.info(0).time_left == 50'010us);
  CHECK(loop.next(at(50ms)).what == step::start);
  CHECK(loop.info(1).time_left == 1ms);  // clients take 0 for no limit
}

TEST_CASE("A hedged call that is cancelled after a failure says that it was cancelled") {
  two_under_way call;
  CHECK_FALSE(call.fails(1, std::runtime_error("reset")));
  CHECK(call.loop.cancel(call.now));
  CHECK_FALSE(call.fails(0, std::runtime_error("aborted")));
  CHECK_THROWS_AS(call.loop.take_result().get(), tenax::cancelled);
}
