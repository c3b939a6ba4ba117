// SPDX-License-Identifier: MIT
// every_step_of_waking.cpp: model-checks callers that sleep at a gate until it wakes them: no wake-up is lost, wherever
// threads are interrupted, and no waker is called after its caller has gone on.
#include <cstdint>
#include <memory>
#include <utility>

#include "modelled.hpp"

#define tenax modelled
#include <tenax/gate/concurrency_limiter.hpp>
#undef tenax

using namespace std::chrono_literals;
namespace model = tests::model;
using modelled::admission;
using modelled::feedback;
using modelled::time_point;

namespace {

/// A clock that stands still. It goes on only for a thread that would sleep for ever, so that the test ends.
struct still {
  static constexpr modelled::duration look_again = 1h;
  static inline int readings = 0;
  static time_point now() noexcept { return ++readings < 10'000 ? time_point() : time_point::max(); }
};

/// A thread at a gate. Its waker may be called only between a question and the next one.
struct caller {
  modelled::platform::wake_word word{};
  bool lent = false;

  [[nodiscard]] modelled::waker lend() noexcept {
    word.reset();
    lent = true;
    return {[](void* self) noexcept {
              auto& c = *static_cast<caller*>(self);
              if (!c.lent) std::terminate();
              c.word.wake();
            },
            this};
  }
  ~caller() { lent = false; }
};

/// How often a schedule stops a thread that could go on: two suffice for every wake-up that can be lost between two
/// steps.
constexpr int few = tests::at_length ? 3 : 2;

enum class end { records, abandons, leaves_the_queue, moves };
constexpr std::size_t ends = 4;

/// Asks until it is admitted, sleeping without a limit, and ends. Returns whether it was admitted.
template <class Gate>
bool pass(Gate& gate, end how, int& inside, int& most_inside) {
  caller me;
  typename Gate::ticket t;
  for (;;) {
    auto const answer = gate.admit(t, {}, time_point(), me.lend());
    if (answer.admitted()) break;
    if (answer.refused()) return false;
    if (how == end::leaves_the_queue) return false;
    if (how == end::moves) {
      typename Gate::ticket moved(std::move(t));
      t = std::move(moved);
    }
    me.word.sleep_until<still>(time_point(1h));
  }
  me.lent = false;
  most_inside = std::max(most_inside, ++inside);
  model::between_operations();
  --inside;
  if (how == end::records) gate.record(t, {.how = feedback::kind::success}, time_point());
  return true;
}

/// Three threads, one of which passes with each ending.
template <class Make, class Check>
std::uint64_t explore(model::bounds const& bounds, Make const& make, Check const& check) {
  return model::explore(bounds, [&](model::threads& run) {
    still::readings = 0;
    auto gate = make();
    auto const first = static_cast<end>(run.choose(ends));
    auto const second = static_cast<end>(run.choose(ends));
    int inside = 0, most_inside = 0;
    int passed = 0;
    run({[&] { passed += pass(*gate, first, inside, most_inside) ? 1 : 0; },
         [&] { passed += pass(*gate, second, inside, most_inside) ? 1 : 0; },
         [&] { passed += pass(*gate, end::records, inside, most_inside) ? 1 : 0; }});
    REQUIRE(inside == 0);
    check(*gate, most_inside, passed);
  });
}

}  // namespace

TEST_CASE("every step: a bulkhead wakes a sleeping caller for every free place") {
  auto const schedules = explore(
      {.preemptions = few},
      [] { return std::make_unique<modelled::bulkhead>(modelled::bulkhead_options{.at_once = 1, .queue = 2}); },
      [](modelled::bulkhead& gate, int most_inside, int passed) {
        REQUIRE(most_inside == 1);
        REQUIRE(passed >= 1);
        REQUIRE(gate.running() == 0);
        REQUIRE(gate.waiting() == 0);
      });
  CHECK(schedules > 1000);
}

TEST_CASE("every step: a concurrency limiter wakes a sleeping caller for every free place") {
  auto const schedules = explore(
      {.preemptions = few},
      [] {
        return std::make_unique<modelled::concurrency_limiter>(
            modelled::concurrency_options{.start = 1, .at_most = 1, .queue = 2});
      },
      [](modelled::concurrency_limiter& gate, int most_inside, int passed) {
        REQUIRE(most_inside == 1);
        REQUIRE(passed >= 1);
        auto const now = gate.state();
        REQUIRE(now.in_flight == 0);
        REQUIRE(now.waiting == 0);
      });
  CHECK(schedules > 1000);
}

TEST_CASE("every step: a bulkhead that gets more places wakes sleeping callers") {
  auto const schedules = model::explore({.preemptions = few}, [&](model::threads& run) {
    still::readings = 0;
    modelled::bulkhead gate({.at_once = 1, .queue = 2});
    modelled::bulkhead::ticket stays;
    REQUIRE(gate.admit(stays, {}, time_point()).admitted());
    int inside = 0, most_inside = 0;
    bool a = false, b = false;
    run({[&] { a = pass(gate, end::records, inside, most_inside); },
         [&] { b = pass(gate, end::moves, inside, most_inside); }, [&] { gate.set(2); }});
    REQUIRE((a && b));
    REQUIRE(most_inside == 1);
    REQUIRE(gate.running() == 1);
  });
  CHECK(schedules > 1000);
}

TEST_CASE("every step: a caller that steps aside passes its place on, and loses none") {
  auto const schedules = model::explore({.preemptions = few}, [&](model::threads& run) {
    still::readings = 0;
    modelled::bulkhead gate({.at_once = 1, .queue = 2});
    int inside = 0, most_inside = 0;
    bool a = false;
    run({[&] { a = pass(gate, end::records, inside, most_inside); },
         [&] {
           caller me;
           modelled::bulkhead::ticket t;
           auto const answer = gate.admit(t, {}, time_point(), me.lend());
           if (answer.admitted()) {
             me.lent = false;
             gate.record(t, {}, time_point());
           } else {
             gate.step_aside(t);
           }
         }});
    REQUIRE(a);
    REQUIRE(gate.running() == 0);
    REQUIRE(gate.waiting() == 0);
  });
  CHECK(schedules > 10);
}

TEST_CASE("every step: a pause that is lifted wakes a caller that sleeps at the adaptive limiter") {
  auto const schedules = model::explore({.preemptions = few}, [&](model::threads& run) {
    still::readings = 0;
    modelled::adaptive_rate_limiter gate({.start = modelled::per_second(10)});
    modelled::adaptive_rate_limiter::ticket t;
    REQUIRE(gate.admit(t, {}, time_point()).admitted());
    gate.record(t, {.how = feedback::kind::throttled, .server_wait = modelled::duration(1min)}, time_point());
    int inside = 0, most_inside = 0;
    bool a = false;
    run({[&] {
           caller me;
           modelled::adaptive_rate_limiter::ticket own;
           // Moments after the pause would have begun, as the other thread's.
           while (!gate.admit(own, {}, time_point(1s), me.lend()).admitted())
             me.word.sleep_until<still>(time_point(1h));
           me.lent = false;
           a = true;
         },
         [&] { gate.resume(time_point(1s)); }});
    static_cast<void>(inside + most_inside);
    REQUIRE(a);
  });
  CHECK(schedules > 10);
}

TEST_CASE("every step: a caller that gives up at a rate limiter wakes the next one for its moment") {
  auto const schedules = model::explore({.preemptions = few}, [&](model::threads& run) {
    still::readings = 0;
    modelled::rate_limiter gate(modelled::per_second(1));
    REQUIRE(gate.try_acquire(1, modelled::real_time()));
    int told = 0;
    modelled::rate_limiter<1>::ticket first;
    auto const now = modelled::real_time::now();
    REQUIRE(gate.admit(first, {}, now).waits());
    run({[&] {
           caller me;
           modelled::rate_limiter<1>::ticket second;
           auto answer = gate.admit(second, {}, now, me.lend());
           if (answer.delay > 1s) {
             me.word.sleep_until<still>(time_point(1h));
             answer = gate.admit(second, {}, now, me.lend());
           }
           REQUIRE(answer.waits());
           REQUIRE(answer.delay <= 1s);
           ++told;
         },
         [&] { first = {}; }});
    REQUIRE(told == 1);
  });
  CHECK(schedules > 10);
}
