// SPDX-License-Identifier: MIT
// max_gate_wait.cpp: an attempt that would wait at its gates for too long is refused, and leaves nothing behind.
#include <functional>
#include <stdexcept>
#include <vector>

#include <tenax/gate/adaptive_rate_limiter.hpp>
#include <tenax/gate/bulkhead.hpp>
#include <tenax/gate/concurrency_limiter.hpp>
#include <tenax/gate/keyed.hpp>
#include <tenax/gate/rate_limiter.hpp>
#include <tenax/tenax.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "../catch.hpp"
#include "../gates.hpp"
#include "../support.hpp"

using namespace std::chrono_literals;
using tenax::admission;
using tenax::stop_reason;
using tests::kind;
using tests::verdict;

namespace {

using durations = std::vector<tenax::duration>;

/// A waker that counts its calls.
struct counter {
  int calls = 0;
  [[nodiscard]] tenax::waker waker() noexcept {
    return {[](void* self) noexcept { ++static_cast<counter*>(self)->calls; }, this};
  }
};

struct nothing {
  void operator()() const {}
};

}  // namespace

TEST_CASE("max_gate_wait: a call that waits for a place is refused when the time is over, and leaves the queue") {
  tenax::testing::virtual_time clock;
  tenax::bulkhead places({.at_once = 1, .queue = 4, .max_wait = 10s});
  tenax::bulkhead::ticket busy, next;
  counter woken;
  REQUIRE(tests::asked(places, busy) == verdict::go);
  // A caller behind it, which gets the place.
  clock.after(100ms, [&] { REQUIRE(places.admit(next, {}, clock.now(), woken.waker()).waits()); });
  clock.after(400ms, [&] { tests::tell(places, busy, kind::success, 400ms); });
  auto const policy = tenax::retrying{}.environment(std::ref(clock)).through(std::ref(places)).max_gate_wait(300ms);
  auto const check = [&](auto const& p) {
    auto const r = p.try_call(nothing());
    CHECK(r.reason == stop_reason::refused_by_gate);
    CHECK(r.attempts == 0);
    CHECK(r.waited == 300ms);
    CHECK(r.refusal == std::string("a gate's wait would exceed max_gate_wait"));
    CHECK_FALSE(r.retry_after);
  };
  SECTION("a call") { check(policy); }
  SECTION("with a deadline that is later") { check(policy.stop(tenax::stop::deadline(1s))); }
  SECTION("set before the gate") {
    check(tenax::retrying{}.max_gate_wait(300ms).environment(std::ref(clock)).through(std::ref(places)));
  }
  SECTION("the last limit counts") { check(policy.max_gate_wait(1h).max_gate_wait(300ms)); }
  SECTION("a loop by hand") {
    CHECK_THROWS_AS(policy.attempts().begin(), tenax::refused);
    CHECK(clock.now().time_since_epoch() == 300ms);
  }
  CHECK(clock.sleeps() == durations{300ms});
  CHECK(places.waiting() == 1);
  clock.sleep(100ms);
  CHECK(woken.calls == 1);
  CHECK(places.admit(next, {}, clock.now(), woken.waker()).admitted());
}

TEST_CASE("max_gate_wait: a call whose place becomes free in time goes on, and a deadline that is earlier counts") {
  tenax::testing::virtual_time clock;
  tenax::bulkhead places({.at_once = 1, .queue = 4, .max_wait = 10s});
  tenax::bulkhead::ticket busy;
  REQUIRE(tests::asked(places, busy) == verdict::go);
  auto const policy = tenax::retrying{}.environment(std::ref(clock)).through(std::ref(places)).max_gate_wait(300ms);
  CHECK(policy.stop(tenax::stop::deadline(200ms)).try_call(nothing()).reason == stop_reason::expired_on_entry);
  clock.after(299ms, [&] { tests::tell(places, busy, kind::success, clock.now().time_since_epoch()); });
  CHECK(policy.try_call(nothing()).waited == 299ms);
  CHECK(places.running() == 0);
}

TEST_CASE("max_gate_wait: a limiter that expects a longer wait refuses at once, and the moment stays free") {
  tenax::testing::virtual_time clock;
  auto const check = [&](auto&& limiter, auto& state) {
    auto const policy = tenax::retrying{}.environment(std::ref(clock)).through(limiter);
    for (int i = 0; i < 3; ++i) {
      auto const r = policy.max_gate_wait(999ms).try_call(nothing());
      CHECK(r.reason == stop_reason::refused_by_gate);
      CHECK(r.retry_after == tenax::duration(1s));
    }
    CHECK(clock.sleeps().empty());
    CHECK(state.wait_hint(1, clock) == 1s);
    CHECK(policy.max_gate_wait(1s).try_call(nothing()).waited == 1s);
  };
  tenax::rate_limiter limiter(tenax::per_second(1));
  SECTION("rate_limiter") {
    REQUIRE(limiter.try_acquire(1, clock));
    check(std::ref(limiter), limiter);
  }
  SECTION("rate_limiter with a weight") {
    tenax::rate_limiter heavy(tenax::per_second(2).with_burst(2));
    REQUIRE(heavy.try_acquire(2, clock));
    auto const policy = tenax::retrying{}.environment(std::ref(clock)).through(heavy.with_weight(2));
    CHECK(policy.max_gate_wait(999ms).try_call(nothing()).reason == stop_reason::refused_by_gate);
    CHECK(policy.max_gate_wait(1s).try_call(nothing()).attempts == 1);
  }
  SECTION("keyed") {
    tenax::keyed<int, tenax::rate_limiter<1>> keyed([] { return tenax::rate_limiter(tenax::per_second(1)); });
    tenax::retrying{}.environment(std::ref(clock)).through(keyed[1])(nothing());
    keyed.visit(1, [&](auto& own) { check(keyed[1], own); });
  }
}

TEST_CASE("max_gate_wait: a pause of a server that is too long ends the call, and the next caller is woken") {
  tenax::testing::virtual_time clock;
  tenax::adaptive_rate_limiter limiter({.start = tenax::per_second(10)});
  tenax::adaptive_rate_limiter::ticket sent;
  REQUIRE(tests::asked(limiter, sent) == verdict::go);
  limiter.record(sent, {.how = kind::throttled, .server_wait = tenax::duration(1min)}, clock.now());
  auto const policy = tenax::retrying{}.environment(std::ref(clock)).through(std::ref(limiter)).max_gate_wait(5s);
  auto const r = policy.try_call(nothing());
  CHECK(r.reason == stop_reason::refused_by_gate);
  REQUIRE(r.retry_after);
  CHECK(*r.retry_after >= 1min);
  CHECK(clock.sleeps().empty());
  CHECK(limiter.state().waiting == 0);
}

TEST_CASE("max_gate_wait: is the time at all gates together, and begins anew with each attempt") {
  tenax::testing::virtual_time clock;
  using answers = std::vector<admission>;
  auto const call = [&](answers outer, answers inner, int failures) {
    tests::test_gate first(std::move(outer)), second(std::move(inner));
    int calls = 0;
    return tenax::retrying{}
        .environment(std::ref(clock))
        .wait(tenax::wait::constant(10s))
        .max_gate_wait(5s)
        .through(std::ref(first))
        .through(std::ref(second))
        .try_call([&] {
          if (++calls <= failures) throw std::runtime_error("lost");
        });
  };
  auto const go = admission::go();
  auto const wait = [](tenax::duration d) { return admission::wait(d); };
  CHECK(call({wait(3s), go}, {wait(2s), go}, 0).waited == 5s);
  auto const r = call({wait(3s), go}, {wait(2s + 1ns), go}, 0);
  CHECK(r.reason == stop_reason::refused_by_gate);
  CHECK(r.waited == 3s);
  CHECK(r.retry_after == tenax::duration(2s + 1ns));
  // 4 s before the first attempt, and 5 s before the second one; the wait between the attempts does not count.
  CHECK(call({wait(4s), go, wait(5s), go}, {}, 1).waited == 19s);
  auto const second = call({go, wait(4s), wait(2s)}, {}, 1);
  CHECK(second.reason == stop_reason::refused_by_gate);
  CHECK(second.attempts == 1);
  // A gate that always says the same is asked until the time is over.
  CHECK(call(answers(100, admission::wait_at_most(2s)), {}, 0).waited == 5s);
  CHECK(call(answers(100, wait(1s)), {}, 0).waited == 5s);
}

TEST_CASE("max_gate_wait: 0 means that a call does not wait") {
  tenax::testing::virtual_time clock;
  tenax::bulkhead places({.at_once = 1, .queue = 4, .max_wait = 10s});
  auto const policy = tenax::retrying{}.environment(std::ref(clock)).through(std::ref(places)).max_gate_wait(0s);
  CHECK(policy.try_call(nothing()).attempts == 1);
  tenax::bulkhead::ticket busy;
  REQUIRE(tests::asked(places, busy) == verdict::go);
  CHECK(policy.try_call(nothing()).reason == stop_reason::refused_by_gate);
  CHECK(places.waiting() == 0);
  CHECK(clock.sleeps().empty());
}

TEST_CASE("max_gate_wait: a wait that becomes longer than allowed ends when the gate says so") {
  tenax::testing::virtual_time clock;
  tenax::rate_limiter limiter(tenax::per_second(1));
  REQUIRE(limiter.try_acquire(1, clock));
  clock.after(500ms, [&] { limiter.charge(10, clock); });
  auto const policy = tenax::retrying{}.environment(std::ref(clock)).through(std::ref(limiter)).max_gate_wait(2s);
  auto const r = policy.try_call(nothing());
  CHECK(r.reason == stop_reason::refused_by_gate);
  CHECK(clock.now().time_since_epoch() <= 1s);
  CHECK(limiter.wait_hint(1, clock) <= 11s);
}

TEST_CASE("max_gate_wait: has no effect on a policy without gates, and costs none of its size") {
  constexpr auto base = tenax::retrying{};
  int calls = 0;
  base.max_gate_wait(0s)([&] { ++calls; });
  CHECK(calls == 1);
  tenax::concurrency_limiter limiter;
  static_assert(decltype(base.max_gate_wait(1s).through(std::ref(limiter)))::gates_type::wakes);
  static_assert(!decltype(base.max_gate_wait(1s))::uses_time);
}

TEST_CASE("max_gate_wait: rejects a negative time") {
  CHECK(tests::rejection([] { return tenax::retrying{}.max_gate_wait(-1s); }) ==
        "tenax: max_gate_wait: max must not be negative, but is -1s");
}
