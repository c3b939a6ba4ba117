// SPDX-License-Identifier: MIT
// every_step.cpp: model-checks the gates: every order of the steps on atomics and locks by a few threads.
#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "modelled.hpp"

using namespace std::chrono_literals;
namespace model = tests::model;
using modelled::admission;
using modelled::duration;
using modelled::feedback;
using modelled::per_second;
using modelled::time_point;
using tests::result;

namespace {

struct clock_at {
  duration t;
  time_point now() const { return time_point(t); }
  static void sleep(duration) {}
};

/// The actions of a caller of a rate limiter.
enum class act {
  take,      // tries once
  take_two,  // the same, with a weight of two
  use,       // waits for its time and uses the permit
  abandon    // gives up if it has to wait
};

/// One permit that a caller got.
struct permit {
  duration at;
  std::uint64_t weight;
};

/// Carries out an action, beginning at `now`, and records the permits.
template <class Limiter>
void play(Limiter& limiter, act what, duration& now, std::vector<permit>& had) {
  if (what == act::take || what == act::take_two) {
    std::uint64_t const weight = what == act::take ? 1 : 2;
    if (limiter.try_acquire(weight, clock_at{now})) had.push_back({now, weight});
    return;
  }
  typename Limiter::ticket t;
  for (;;) {
    auto const answer = limiter.admit(t, {}, time_point(now));
    if (answer.admitted()) {
      had.push_back({now, 1});
      limiter.record(t, {}, time_point(now));
      return;
    }
    model::between_operations();
    if (what == act::abandon) return;
    now += answer.delay;
  }
}

struct limit {
  duration interval;
  std::uint64_t burst;
};

/// Threads that share a limiter: the permits that they got, and when the next permit is available.
template <class Limiter>
result share(model::threads& run, Limiter& limiter, std::vector<limit> const& limits,
             std::vector<std::vector<act>> const& scripts, std::vector<duration> const& starts) {
  std::vector<std::vector<permit>> had(scripts.size());
  std::vector<model::threads::job> jobs;
  for (std::size_t i = 0; i < scripts.size(); ++i) {
    jobs.push_back([&, i] {
      auto now = starts[i];
      for (std::size_t k = 0; k < scripts[i].size(); ++k) {
        if (k != 0) model::between_operations();
        play(limiter, scripts[i][k], now, had[i]);
      }
    });
  }
  run(std::move(jobs));

  std::vector<permit> all;
  result r;
  for (auto const& thread : had) {
    for (auto const& p : thread) {
      all.push_back(p);
      r.push_back(p.at.count());
    }
    r.push_back(-1);
  }
  for (auto const& first : all) {
    for (auto const& last : all) {
      if (last.at < first.at) continue;
      std::uint64_t n = 0;
      for (auto const& p : all) n += p.at >= first.at && p.at <= last.at ? p.weight : 0;
      for (auto const& l : limits) {
        REQUIRE(n <= static_cast<std::uint64_t>((last.at - first.at) / l.interval) + l.burst);
      }
    }
  }
  r.push_back(limiter.wait_hint(1, clock_at{0ms}).count());
  return r;
}

template <class Limiter>
struct limiter_case;

template <>
struct limiter_case<modelled::rate_limiter<1>> {
  modelled::rate_limiter<1> limiter{per_second(10).with_burst(2)};
  std::vector<limit> limits{{100ms, 2}};
};

template <>
struct limiter_case<modelled::rate_limiter<2>> {
  modelled::rate_limiter<2> limiter{per_second(10).with_burst(3), per_second(20).with_burst(2)};
  std::vector<limit> limits{{100ms, 3}, {50ms, 2}};
};

}  // namespace

TEMPLATE_TEST_CASE("every step: a rate limiter grants no permit twice and loses none", "", modelled::rate_limiter<1>,
                   modelled::rate_limiter<2>) {
  auto const schedules_of = [](model::bounds const& b, std::vector<std::vector<act>> const& scripts,
                               std::vector<duration> const& starts) {
    return tests::check_like_whole_operations(b, [&](model::threads& run) {
      limiter_case<TestType> c;
      return share(run, c.limiter, c.limits, scripts, starts);
    });
  };
  std::array const acts{act::take, act::take_two, act::use, act::abandon};
  std::uint64_t schedules = 0;
  int const n = tests::in_many_schedules ? 1 : 0;
  for (auto const a : acts) {
    for (auto const b : acts) {
      for (auto const c : acts) {
        INFO(static_cast<int>(a) << ' ' << static_cast<int>(b) << ' ' << static_cast<int>(c));
        schedules += schedules_of({.preemptions = n}, {{a}, {b}, {c}}, {0ms, 120ms, 50ms});
        schedules += schedules_of({.preemptions = n + 1}, {{a, b}, {c}}, {0ms, 0ms});
      }
    }
  }
  CHECK(schedules > (std::is_same_v<TestType, modelled::rate_limiter<1>> ? 7000 : 1600));
}

TEST_CASE("every step: threads that try get the available permits, wherever they are interrupted") {
  auto const schedules_of = [](model::bounds const& b, std::size_t threads) {
    return model::explore(b, [&](model::threads& run) {
      modelled::rate_limiter limiter(per_second(10).with_burst(static_cast<std::int64_t>(threads) - 1));
      std::size_t got = 0;
      run(std::vector<model::threads::job>(threads, [&] { got += limiter.try_acquire(1, clock_at{1s}) ? 1 : 0; }));
      REQUIRE(got == threads - 1);
      REQUIRE_FALSE(limiter.try_acquire(1, clock_at{1s}));
      REQUIRE(limiter.wait_hint(1, clock_at{1s}) == 100ms);
    });
  };
  CHECK(schedules_of({.preemptions = 3, .surprises = 2}, 2) > 9000);
  CHECK(schedules_of({.preemptions = tests::in_many_schedules ? 3 : 2}, 3) > 13'000);
}

TEST_CASE("every step: a new rate neither loses nor doubles permits that threads take meanwhile") {
  for (auto const fresh : {per_second(20).with_burst(2), per_second(10).with_burst(2), per_second(3).with_burst(2)}) {
    auto const schedules = model::explore({.preemptions = tests::in_many_schedules ? 2 : 1}, [&](model::threads& run) {
      modelled::rate_limiter limiter(per_second(10).with_burst(2));
      int got = 0;
      auto const take = [&] { got += limiter.try_acquire(1, clock_at{1s}) ? 1 : 0; };
      run({take, [&] { limiter.set(fresh, clock_at{1s}); },
           [&] {
             take();
             take();
           }});
      REQUIRE(got == 2);
      REQUIRE_FALSE(limiter.try_acquire(1, clock_at{1s}));
      auto const wait = limiter.wait_hint(1, clock_at{1s});
      auto const one = fresh.interval();
      REQUIRE(wait >= one);
      REQUIRE(wait <= one + 3ns);
    });
    CHECK(schedules > 1000);
  }
}

TEST_CASE("every step: a caller that gives up returns its time slot, even if others fail to acquire meanwhile") {
  auto const schedules = model::explore({.preemptions = tests::in_many_schedules ? 3 : 2}, [&](model::threads& run) {
    modelled::rate_limiter limiter(per_second(10));
    bool good = limiter.try_acquire(1, clock_at{0ms});
    auto const give_up = [&] {
      decltype(limiter)::ticket t;
      good = good && limiter.admit(t, {}, time_point(10ms)).waits();
    };
    auto const fail = [&] { good = good && !limiter.try_acquire(1, clock_at{20ms}); };
    run({give_up, fail, fail});
    REQUIRE(good);
    REQUIRE(limiter.wait_hint(1, clock_at{0ms}) == 100ms);
  });
  CHECK(schedules > 4500);
}

TEST_CASE("every step: a ticket that moves while it waits keeps its place, even if others leave or are admitted") {
  auto const schedules = model::explore({.preemptions = tests::in_many_schedules ? 2 : 1}, [&](model::threads& run) {
    modelled::rate_limiter limiter(per_second(10));
    bool const first = limiter.try_acquire(1, clock_at{0ms});
    std::vector<duration> went(3, -1ms);
    auto const wait = [&](std::size_t who, bool stays) {
      return [&, who, stays] {
        decltype(limiter)::ticket t;
        duration now = 1ms * static_cast<int>(who);
        for (;;) {
          auto const answer = limiter.admit(t, {}, time_point(now));
          if (answer.admitted()) {
            went[who] = now;
            return;
          }
          decltype(limiter)::ticket moved(std::move(t));
          t = std::move(moved);
          if (!stays) return;
          now += answer.delay;
        }
      };
    };
    run({wait(0, true), wait(1, false), wait(2, true)});
    REQUIRE(first);
    auto const last = std::max(went[0], went[2]);
    REQUIRE(std::min(went[0], went[2]) >= 100ms);
    REQUIRE(last >= std::min(went[0], went[2]) + 100ms);
    REQUIRE(limiter.keep_until(time_point(last)) == time_point(last + 100ms));
  });
  CHECK(schedules > 1700);
}

TEST_CASE("every step: without contention, a permit takes one clock read and one exchange") {
  struct counted_clock {
    int* reads;
    time_point now() const {
      ++*reads;
      return time_point(1s);
    }
    static void sleep(duration) {}
  };
  int reads = 0;
  modelled::rate_limiter limiter(per_second(10).with_burst(5));
  // The used part, whether others wait, and the numbers of the limit: five to take permits, one to check the weight.
  model::operations const once{.loads = 8, .stores = 0, .exchanges = 1, .locks = 0};
  model::done() = {};
  CHECK(limiter.try_acquire(1, counted_clock{&reads}));
  CHECK(model::done() == once);
  CHECK(reads == 1);
  model::done() = {};
  CHECK(limiter.acquire({}, modelled::detail::no_token{}, counted_clock{&reads}) == modelled::acquired::yes);
  CHECK(model::done() == once);
  CHECK(reads == 2);
  model::done() = {};
  {
    decltype(limiter)::ticket t;
    CHECK(limiter.admit(t, {}, time_point(1s)).admitted());
    limiter.record(t, {}, time_point(1s));
  }
  CHECK(model::done() == model::operations{.loads = 7, .stores = 0, .exchanges = 1, .locks = 0});
}

TEST_CASE("every step: the adaptive limiter admits no request by a schedule older than a reported refusal") {
  enum class end { succeeds, is_throttled, is_abandoned };
  std::uint64_t admitted_after = 0;
  auto const schedules =
      tests::check_like_whole_operations({.preemptions = tests::in_many_schedules ? 3 : 2}, [&](model::threads& run) {
        modelled::adaptive_rate_limiter limiter({.start = per_second(10)});
        using ticket = modelled::adaptive_rate_limiter::ticket;
        ticket first, waiting, late;
        bool good = limiter.admit(first, {}, time_point(0ms)).admitted();
        good = good && limiter.admit(waiting, {}, time_point(0ms)).waits();
        std::uint64_t admitted = 1;
        model::atomic<bool> reported{false};
        auto const work = [&](ticket& t, duration now, end how) {
          return [&, now, how]() mutable {
            for (int turn = 0; turn < 2; ++turn) {
              bool const knows = reported.load();
              auto const answer = limiter.admit(t, {}, time_point(now));
              if (answer.admitted()) {
                ++admitted;
                if (knows) ++admitted_after;
                good = good && (!knows || now >= 310ms);
                model::between_operations();
                if (how == end::is_abandoned) break;
                // Another gate may have made it wait in the meantime.
                bool const knows_now = reported.load();
                auto const again = limiter.admit(t, {}, time_point(now)).how;
                good = good && (!knows_now || now >= 310ms || again != admission::kind::go);
                model::between_operations();
                if (again != admission::kind::go) break;
                auto const kind = how == end::succeeds ? feedback::kind::success : feedback::kind::throttled;
                limiter.record(t, {.how = kind}, time_point(now + 5ms));
                return;
              }
              model::between_operations();
              now += answer.delay;
            }
            t = {};
          };
        };
        auto const ends = run.choose(3);
        run({[&] {
               limiter.record(first, {.how = feedback::kind::throttled, .server_wait = 300ms}, time_point(10ms));
               reported.store(true);
             },
             work(waiting, 100ms, static_cast<end>(ends)), work(late, 210ms, static_cast<end>((ends + 1) % 3))});
        auto const state = limiter.state();
        REQUIRE(good);
        REQUIRE(state.in_flight == 0);
        REQUIRE(state.waiting == 0);
        return result{static_cast<std::int64_t>(admitted), state.paused_until.time_since_epoch().count(),
                      static_cast<std::int64_t>(state.generation), static_cast<std::int64_t>(state.rate * 1000)};
      });
  CHECK(admitted_after > 10);
  CHECK(schedules > 2000);
}
