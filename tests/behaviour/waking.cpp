// SPDX-License-Identifier: MIT
// waking.cpp: callers that wait at a gate are woken: by a free place, a caller that leaves, a rate that rises, or the
// end of a pause. Without a waker, they ask again.
#include <functional>
#include <thread>
#include <vector>

#include <tenax/cancel.hpp>
#include <tenax/gate/adaptive_rate_limiter.hpp>
#include <tenax/gate/bulkhead.hpp>
#include <tenax/gate/call.hpp>
#include <tenax/gate/keyed.hpp>
#include <tenax/gate/rate_limiter.hpp>
#include <tenax/tenax.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "gates.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using tenax::admission;
using tenax::time_point;
using tests::kind;
using tests::verdict;

namespace {

/// A waker that counts its calls.
struct counter {
  int calls = 0;
  [[nodiscard]] tenax::waker waker() noexcept {
    return {[](void* self) noexcept { ++static_cast<counter*>(self)->calls; }, this};
  }
};

template <class G>
admission ask(G& gate, typename G::ticket& t, counter& c, tenax::duration now = {},
              tenax::duration time_left = (tenax::duration::max)()) {
  return gate.admit(t, {.time_left = time_left}, time_point(now), c.waker());
}

using durations = std::vector<tenax::duration>;

}  // namespace

static_assert(tenax::waking_gate<tenax::bulkhead>);
static_assert(tenax::waking_gate<tenax::rate_limiter<1>>);
static_assert(tenax::waking_gate<tenax::rate_limiter<1>::view>);
static_assert(tenax::waking_gate<tenax::adaptive_rate_limiter>);
static_assert(tenax::waking_gate<tenax::keyed<int, tenax::bulkhead>::view>);
static_assert(!tenax::waking_gate<tests::test_gate>);

TEST_CASE("waking: a call sleeps once, until the place is free") {
  tenax::testing::virtual_time clock;
  tenax::bulkhead places({.at_once = 1, .queue = 4, .max_wait = 10s});
  tenax::bulkhead::ticket busy;
  REQUIRE(tests::asked(places, busy) == verdict::go);
  clock.after(1234ms, [&] { tests::tell(places, busy, kind::success, clock.now().time_since_epoch()); });
  auto const policy = tenax::retrying{}.environment(std::ref(clock)).through(std::ref(places));
  SECTION("a call of a policy") {
    auto const r = policy.try_call([] { return 1; });
    REQUIRE(r);
    CHECK(r.waited == 1234ms);
  }
  SECTION("with a deadline") {
    CHECK(policy.stop(tenax::stop::deadline(2s))([] { return 1; }) == 1);
  }
  SECTION("with a token") {
    struct token {
      bool stop_requested() const { return false; }
    };
    CHECK(policy.cancel_with(token())([] { return 1; }) == 1);
  }
  SECTION("a loop by hand") {
    for (auto& attempt : policy.attempts()) attempt([] {});
  }
  SECTION("the gate alone") {
    CHECK(tenax::call_through(places, [] { return 1; }, clock) == 1);
  }
  SECTION("a key") {
    tenax::keyed<int, tenax::bulkhead> keyed(
        [] { return tenax::bulkhead({.at_once = 1, .queue = 4, .max_wait = 10s}); });
    tenax::keyed<int, tenax::bulkhead>::view const view = keyed[1];
    tenax::keyed<int, tenax::bulkhead>::ticket first;
    REQUIRE(view.admit(first, {}, clock.now()).admitted());
    clock.after(1234ms, [&] { view.record(first, {}, clock.now()); });
    CHECK(tenax::retrying{}.environment(std::ref(clock)).through(view)([] { return 1; }) == 1);
  }
  CHECK(clock.sleeps() == durations{1234ms});
}

TEST_CASE("waking: a call whose place does not become free ends at its deadline, and not before") {
  tenax::testing::virtual_time clock;
  tenax::bulkhead places({.at_once = 1, .queue = 4, .max_wait = 10s});
  tenax::bulkhead::ticket busy;
  REQUIRE(tests::asked(places, busy) == verdict::go);
  auto const policy = tenax::retrying{}.environment(std::ref(clock)).through(std::ref(places));
  auto const r = policy.stop(tenax::stop::deadline(300ms)).try_call([] {});
  CHECK(r.reason == tenax::stop_reason::expired_on_entry);
  CHECK(clock.sleeps() == durations{300ms});
  CHECK(places.waiting() == 0);

  auto const clipped = policy.stop(tenax::stop::deadline(300ms).clip_last_wait()).try_call([] {});
  CHECK(clipped.reason == tenax::stop_reason::expired_on_entry);
  CHECK(places.waiting() == 0);
}

TEST_CASE("waking: a waiter that is abandoned after it was woken passes its place on") {
  tenax::bulkhead places({.at_once = 1, .queue = 4});
  tenax::bulkhead::ticket busy, first, second, third;
  counter a, b, c;
  REQUIRE(tests::asked(places, busy) == verdict::go);
  REQUIRE(ask(places, first, a).waits());
  REQUIRE(ask(places, second, b).waits());
  REQUIRE(ask(places, third, c).waits());
  CHECK(ask(places, third, c).at_most);
  tests::tell(places, busy, kind::success);
  CHECK(a.calls == 1);
  CHECK(b.calls == 0);
  first = {};
  CHECK(b.calls == 1);
  CHECK(places.running() == 1);
  auto moved = std::move(second);
  moved = {};
  CHECK(c.calls == 1);
  CHECK(ask(places, third, c).admitted());
  third = {};
  CHECK(a.calls + b.calls + c.calls == 3);
  CHECK(places.running() == 0);
}

TEST_CASE("waking: more places wake as many waiters, and fewer places none") {
  tenax::bulkhead places({.at_once = 1, .queue = 4});
  tenax::bulkhead::ticket busy;
  std::vector<tenax::bulkhead::ticket> waiting(3);
  std::vector<counter> counts(3);
  REQUIRE(tests::asked(places, busy) == verdict::go);
  for (std::size_t i = 0; i < 3; ++i) REQUIRE(ask(places, waiting[i], counts[i]).waits());
  CHECK(tests::rejection([&] {
          places.set(0);
          return 0;
        }) == "tenax: bulkhead: at_once must be at least 1, but is 0");
  CHECK(places.running() == 1);
  places.set(3);
  CHECK(counts[0].calls == 1);
  CHECK(counts[1].calls == 1);
  CHECK(counts[2].calls == 0);
  for (std::size_t i = 0; i < 2; ++i) CHECK(ask(places, waiting[i], counts[i]).admitted());
  places.set(1);
  CHECK(places.running() == 3);
  tests::tell(places, busy, kind::success);
  tests::tell(places, waiting[0], kind::success);
  CHECK(counts[2].calls == 0);
  tests::tell(places, waiting[1], kind::success);
  CHECK(counts[2].calls == 1);
}

TEST_CASE("waking: behind a caller without a waker, which may not come, callers ask again") {
  tenax::bulkhead places({.at_once = 1, .queue = 4, .max_wait = 10s});
  tenax::bulkhead::ticket busy, hand, sleeper;
  counter c;
  REQUIRE(tests::asked(places, busy) == verdict::go);
  REQUIRE(tests::asked(places, hand) == verdict::wait);
  CHECK(ask(places, sleeper, c).delay == 50ms);
  tests::tell(places, busy, kind::success, 1ms);
  CHECK(c.calls == 0);
  CHECK(ask(places, sleeper, c, 50ms).waits());      // the place is kept for the first one
  CHECK(ask(places, sleeper, c, 100ms).admitted());  // which is late now
  sleeper = {};
  CHECK(tests::asked(places, hand, 100ms) == verdict::go);
}

TEST_CASE("waking: a caller that waits at another gate is passed, and keeps its rank") {
  tenax::testing::virtual_time clock;
  tenax::bulkhead places({.at_once = 1, .queue = 4, .max_wait = 10s});
  tenax::bulkhead::ticket busy, next;
  counter c;
  REQUIRE(tests::asked(places, busy) == verdict::go);
  // The outer gate admits, and withdraws that when the caller is woken.
  tests::test_gate outer({admission::go(), admission::wait(3s), admission::go(), admission::go()});
  bool next_was_woken = false;
  clock.after(100ms, [&] { REQUIRE(ask(places, next, c, 100ms).waits()); });
  clock.after(1s, [&] { tests::tell(places, busy, kind::success, 1s); });
  clock.after(2s, [&] {
    next_was_woken = c.calls == 1;
    CHECK(ask(places, next, c, 2s).admitted());
  });
  clock.after(5s, [&] { tests::tell(places, next, kind::success, 5s); });
  auto const policy = tenax::retrying{}.environment(std::ref(clock)).through(std::ref(outer)).through(std::ref(places));
  policy([] {});
  CHECK(next_was_woken);
  CHECK(clock.now() == time_point(5s));
  CHECK(places.running() == 0);
  CHECK(places.waiting() == 0);
}

TEST_CASE("waking: at a rate limiter, a caller that leaves wakes the next one, and no one else") {
  tenax::rate_limiter limiter(tenax::per_second(1));
  using ticket = tenax::rate_limiter<1>::ticket;
  std::vector<ticket> t(4);
  std::vector<counter> c(4);
  REQUIRE(limiter.admit(t[0], {}, time_point()).admitted());
  for (std::size_t i = 1; i < 4; ++i) {
    auto const answer = ask(limiter, t[i], c[i]);
    CHECK(answer.delay == std::chrono::seconds(i));
    CHECK(answer.sleep() == std::chrono::seconds(i));  // it does not ask again before
  }
  SECTION("the first leaves") {
    t[1] = {};
    CHECK(c[2].calls == 1);
    CHECK(ask(limiter, t[2], c[2]).delay == 1s);
    CHECK(ask(limiter, t[2], c[2], 1s).admitted());
    CHECK(c[3].calls == 1);
    CHECK(ask(limiter, t[3], c[3], 1s).delay == 1s);
  }
  SECTION("one in the middle leaves") {
    t[2] = {};
    CHECK(c[1].calls + c[3].calls == 0);
    CHECK(ask(limiter, t[1], c[1], 1s).admitted());
    CHECK(c[3].calls == 1);
    CHECK(ask(limiter, t[3], c[3], 1s).delay == 1s);
  }
  SECTION("all go at their moments") {
    for (std::size_t i = 1; i < 4; ++i) CHECK(ask(limiter, t[i], c[i], std::chrono::seconds(i)).admitted());
    CHECK(c[1].calls + c[2].calls + c[3].calls == 0);
  }
}

TEST_CASE("waking: a limiter whose rate rises wakes a call that sleeps, once") {
  tenax::testing::virtual_time clock;
  auto const check = [&](auto& limiter, auto const& raise) {
    clock.after(100ms, [&] { raise(limiter); });
    auto const policy = tenax::retrying{}.environment(std::ref(clock)).through(std::ref(limiter));
    policy([] {});
    policy([] {});
    REQUIRE(clock.sleeps().size() == 2);
    CHECK(clock.sleeps().front() == 100ms);
    CHECK(clock.slept() < 1100ms);
  };
  tenax::rate_limiter limiter(tenax::per_minute(1));
  tenax::adaptive_rate_limiter adaptive({.start = tenax::per_minute(1)});
  SECTION("rate_limiter") {
    check(limiter, [&](auto& l) { l.set(tenax::per_second(1), clock); });
  }
  SECTION("adaptive_rate_limiter") {
    check(adaptive, [&](auto& l) { l.set(tenax::per_second(1), clock.now()); });
  }
  SECTION("without a policy") {
    REQUIRE(limiter.try_acquire(1, clock));
    clock.after(100ms, [&] { limiter.set(tenax::per_second(1), clock); });
    CHECK(limiter.acquire({}, tenax::detail::no_token(), clock) == tenax::acquired::yes);
    CHECK(clock.sleeps().front() == 100ms);
    CHECK(clock.slept() < 1100ms);
  }
}

TEST_CASE("waking: an adaptive limiter wakes the first caller when a pause ends or the rate rises") {
  tenax::adaptive_rate_limiter limiter({.start = tenax::per_second(1)});
  using ticket = tenax::adaptive_rate_limiter::ticket;
  ticket sent, first, second;
  counter a, b;
  REQUIRE(tests::asked(limiter, sent) == verdict::go);
  SECTION("the end of a pause") {
    limiter.record(sent, {.how = kind::throttled, .server_wait = tenax::duration(1min)}, time_point(1ms));
    CHECK(ask(limiter, first, a, 1s).delay > 58s);
    CHECK(ask(limiter, second, b, 1s).delay > 58s);
    limiter.resume(time_point(2s));
    CHECK(a.calls == 1);
    CHECK(b.calls == 0);
    CHECK(ask(limiter, first, a, 2s).admitted());
  }
  SECTION("an announced limit") {
    CHECK(ask(limiter, first, a, 1ms).delay >= 998ms);
    limiter.record(sent, {.how = kind::success, .left = {.limit = 6000, .window = tenax::duration(1min)}},
                   time_point(2ms));
    CHECK(a.calls == 1);
    CHECK(ask(limiter, first, a, 11ms).admitted());
  }
  SECTION("a caller that leaves") {
    auto const own = ask(limiter, first, a, 1ms).delay;
    CHECK(ask(limiter, second, b, 1ms).delay > own);
    first = {};
    CHECK(b.calls == 1);
    CHECK(ask(limiter, second, b, 1ms).delay == own);
  }
}

TEST_CASE("waking: eight threads pass a bulkhead, a rate limiter and an adaptive limiter, and no call is forgotten") {
  tenax::bulkhead places({.at_once = 2, .queue = 8, .max_wait = 1min});
  tenax::rate_limiter limiter(tenax::per_second(50'000));
  tenax::adaptive_rate_limiter adaptive({.start = tenax::per_second(20'000), .limit = tenax::per_second(20'000)});
  std::atomic<int> inside{0}, done{0}, cancelled{0};
  std::atomic<bool> crowded{false};
  auto const base = tenax::retrying{}.wait(tenax::wait::none).when(tenax::when::exception<std::runtime_error>);
  auto const policy = base.through(std::ref(adaptive)).through(std::ref(limiter)).through(std::ref(places));
  constexpr int each = 100;
  tests::in_eight_threads([&](int thread) {
    for (int i = 0; i < each; ++i) {
      auto const body = [&] {
        if (++inside > 2) crowded = true;
        if (i % 16 == 0) std::this_thread::yield();
        --inside;
        if (i % 7 == 0) throw std::runtime_error("again");
      };
      if ((i + thread) % 5 == 0) {
        // A call that gives up early, wherever it waits.
        if (policy.stop(tenax::stop::deadline(100us)).try_call(body).attempts == 0) ++cancelled;
      } else {
        static_cast<void>(policy.try_call(body));
      }
      ++done;
    }
  });
  CHECK_FALSE(crowded);
  CHECK(done == 8 * each);
  CHECK(places.running() == 0);
  CHECK(places.waiting() == 0);
  CHECK(adaptive.state().waiting == 0);
  CHECK(adaptive.state().in_flight == 0);
  static_cast<void>(cancelled);
}
