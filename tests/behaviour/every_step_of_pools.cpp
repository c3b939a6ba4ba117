// SPDX-License-Identifier: MIT
// every_step_of_pools.cpp: model-checks threads that take work from a scheduler: no work is lost or done twice, and no
// thread sleeps for ever while there is work that its gate admits, wherever threads are interrupted.
#include <cstdint>
#include <optional>

#include "modelled.hpp"

#define tenax modelled
#include <tenax/gate/keyed_scheduler.hpp>
#undef tenax

using namespace std::chrono_literals;
namespace model = tests::model;
using modelled::time_point;

namespace {

/// A clock that stands still. It goes on only for a thread that would sleep for ever, which fails the test.
struct still {
  static constexpr modelled::duration look_again = 1h;
  static inline int readings = 0;
  static time_point now() noexcept { return ++readings < 10'000 ? time_point() : time_point::max(); }
};

/// Time that stands still: a thread that sleeps has to be woken.
struct no_time {
  static time_point now() noexcept { return {}; }
  static void sleep(modelled::duration) { std::terminate(); }
  template <class Token>
  static void sleep(modelled::duration, Token const& t) {
    t.word->template sleep_until<still>(time_point(1h));
    // The thread was not woken.
    if (!t.word->woken()) std::terminate();
  }
};

struct flag {
  bool const* set;
  [[nodiscard]] bool stop_requested() const { return *set; }
};

using places = modelled::keyed<int, modelled::bulkhead>;
using scheduler = modelled::keyed_scheduler<int, int, modelled::bulkhead>;

constexpr int few = tests::at_length ? 2 : 1;

}  // namespace

TEST_CASE("every step: threads of a pool take all work, one at a time for each place, and end") {
  auto const schedules = model::explore({.preemptions = few}, [](model::threads& run) {
    still::readings = 0;
    places all([] { return modelled::bulkhead({.at_once = 1, .queue = 2, .max_wait = 1h}); });
    scheduler line(all);
    bool const drops = run.choose(2) == 1;
    bool const other_key = run.choose(2) == 1;
    int inside = 0, most_inside = 0, sum = 0;
    no_time world;
    auto const work = [&] {
      while (auto job = line.pop(modelled::detail::no_token(), world)) {
        REQUIRE(job->admitted());
        most_inside = std::max(most_inside, ++inside);
        model::between_operations();
        --inside;
        sum += job->work();
        if (!drops) job->record({}, time_point());
      }
    };
    run({work, work, [&] {
           REQUIRE(line.push(1, 1));
           REQUIRE(line.push(other_key ? 2 : 1, 10));
           line.close();
         }});
    REQUIRE(sum == 11);
    REQUIRE(line.waiting() == 0);
    if (!other_key) REQUIRE(most_inside == 1);
  });
  CHECK(schedules > 1000);
}

TEST_CASE("every step: a thread that stops passes on what woke it") {
  auto const schedules = model::explore({.preemptions = few}, [](model::threads& run) {
    still::readings = 0;
    places all([] { return modelled::bulkhead({.at_once = 1, .queue = 2, .max_wait = 1h}); });
    scheduler line(all);
    bool stop = false;
    int taken = 0;
    no_time world;
    run({[&] {
           // If it is too late to stop, the other thread gets work of its own.
           if (line.pop(flag{&stop}, world)) REQUIRE(line.push(2, 2));
         },
         [&] {
           taken += line.pop(modelled::detail::no_token(), world) ? 1 : 0;
           line.close();
         },
         [&] {
           stop = true;
           REQUIRE(line.push(1, 1));
         }});
    REQUIRE(taken == 1);
  });
  CHECK(schedules > 100);
}

TEST_CASE("every step: a place that becomes free while its gate is asked is not missed") {
  auto const schedules = model::explore({.preemptions = few}, [](model::threads& run) {
    still::readings = 0;
    places all([] { return modelled::bulkhead({.at_once = 1, .queue = 2, .max_wait = 1h}); });
    scheduler line(all);
    REQUIRE(line.push(1, 1));
    REQUIRE(line.push(1, 2));
    no_time world;
    auto held = line.try_pop(world);
    REQUIRE(held);
    int taken = 0;
    run({[&] { taken = line.pop(modelled::detail::no_token(), world)->work(); },
         [&] { held->record({}, time_point()); }});
    REQUIRE(taken == 2);
  });
  CHECK(schedules > 10);
}
