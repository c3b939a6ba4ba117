// SPDX-License-Identifier: MIT
// rate_scenarios.cpp: the adaptive limiter with few and with many threads, against servers that count in different
// ways.
#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include <tenax/gate/adaptive_rate_limiter.hpp>

#include "../at_length.hpp"
#include "../catch.hpp"
#include "scenarios.hpp"

using namespace std::chrono_literals;
using simulation::tells;
using tenax::adaptive_rate_limiter;
using tests::run_workers;

namespace {

/// Fewer threads for high limits, whose simulation takes long.
std::vector<int> numbers_of_threads(double limit) {
  if (!tests::in_many_schedules) return limit > 50 ? std::vector<int>{} : std::vector<int>{8};
  return limit > 50 ? std::vector<int>{8, 128} : std::vector<int>{2, 8, 32, 128};
}

struct expected {
  double share = 0.93;     ///< at least this share of the limit is used
  double refused = 0.006;  ///< at most this share of the requests is refused
  std::uint64_t run = 6;  ///< longest run of refusals, besides requests that were sent before the first refusal arrived
};

/// Some minutes at `limit` a second. The second half counts.
template <class Server>
void holds_to(char const* what, double limit, Server const& fresh, expected const& e = {}) {
  double const half = limit > 50 ? 120 : 300;
  auto const whole = std::chrono::seconds(static_cast<int>(2 * half));
  for (int const threads : numbers_of_threads(limit)) {
    auto server = fresh;
    adaptive_rate_limiter limiter;
    double good = 0, bad = 0;
    std::uint64_t run = 0, longest_run = 0;
    auto const all = run_workers(limiter, server, {.workers = threads, .time = whole}, [&](double t, bool accepted) {
      if (t < half) return;
      (accepted ? good : bad) += 1;
      run = accepted ? 0 : run + 1;
      longest_run = std::max(run, longest_run);
    });
    CAPTURE(what, limit, threads, good, bad);
    CHECK(all.stale == 0);
    CHECK(good >= e.share * limit * half);
    CHECK(bad <= e.refused * (good + bad));
    CHECK(longest_run <= e.run + static_cast<std::uint64_t>(threads));
  }
}

}  // namespace

TEST_CASE("rate_scenarios: servers that count in windows, require an interval, or have a bucket of one") {
  for (auto const how : {tells::nothing, tells::seconds_rounded_up}) {
    for (std::uint64_t const limit : {2U, 10U, 100U}) {
      auto const rate = static_cast<double>(limit);
      bool const told = how != tells::nothing;
      // A rate of half a percent above the limit is refused once in a hundred times, which is no reason to lower it.
      holds_to(told ? "fixed second, told" : "fixed second", rate, simulation::fixed_window(limit, 1s, how),
               {.refused = limit == 2 ? 0.009 : 0.006});
      holds_to(told ? "rolling second, told" : "rolling second", rate, simulation::rolling_window(limit, 1s, how));
      holds_to(told ? "interval, told" : "interval", rate,
               simulation::strict_interval([rate](double) { return rate; }, how));
      holds_to(told ? "bucket, told" : "bucket", rate, simulation::token_bucket(rate, 1, how));
    }
  }
}

TEST_CASE("rate_scenarios: a server that counts in long windows and does not send how long it refuses") {
  for (std::uint64_t const limit : {2U, 10U, 100U}) {
    auto const rate = static_cast<double>(limit);
    expected const e{.share = 0.86, .refused = 0.012, .run = 16};
    holds_to("fixed 10 s", rate, simulation::fixed_window(10 * limit, 10s, tells::nothing), e);
    holds_to("rolling 10 s", rate, simulation::rolling_window(10 * limit, 10s, tells::nothing), e);
  }
}

TEST_CASE("rate_scenarios: a strict server, and a network with occasional delays") {
  for (int const threads : {1, 4, 32}) {
    for (std::uint64_t const seed : {1U, 2U}) {
      if (!tests::in_many_schedules && (threads != 4 || seed != 1)) continue;
      simulation::strict_interval server([](double) { return 100.0; }, tells::nothing);
      adaptive_rate_limiter limiter;
      double good = 0, bad = 0;
      auto const all = run_workers(limiter, server,
                                   {.workers = threads,
                                    .time = 140s,
                                    .least_travel = 100us,
                                    .most_travel = 600us,
                                    .seed = seed,
                                    .delayed = 5,
                                    .delay = 3ms},
                                   [&](double t, bool accepted) {
                                     if (t >= 20) (accepted ? good : bad) += 1;
                                   });
      CAPTURE(threads, seed, good, bad);
      CHECK(all.stale == 0);
      CHECK(good >= 0.925 * 100 * 120);
      CHECK(bad <= 0.008 * (good + bad));
    }
  }
}

TEST_CASE("rate_scenarios: small buckets") {
  for (double const burst : {3.0, 6.0}) {
    for (double const limit : {10.0, 100.0}) {
      holds_to("small bucket", limit, simulation::token_bucket(limit, burst, tells::nothing),
               {.share = 0.93, .refused = 0.012});
    }
  }
}

TEST_CASE("rate_scenarios: refusals while the rate is still doubling do not look like a long blackout") {
  // They come so close together that there are three before the next interval of the server.
  for (double const limit : {10.0, 100.0}) {
    for (int const threads : {1, 4}) {
      simulation::token_bucket server(limit, 11, tells::nothing);
      adaptive_rate_limiter limiter;
      double good = 0;
      run_workers(limiter, server, {.workers = threads, .time = 80s, .least_travel = 100us, .most_travel = 600us},
                  [&](double t, bool accepted) { good += t >= 20 && accepted ? 1 : 0; });
      CAPTURE(limit, threads);
      CHECK(good >= 0.95 * limit * 60);
    }
  }
}

TEST_CASE("rate_scenarios: an hour against windows of different lengths, whatever the number of workers") {
  if (!tests::every_simulation) return;
  double accepted = 0, refused = 0, worst = 1;
  int cells = 0;
  for (auto const how : {tells::seconds_rounded_up, tells::seconds_rounded_down}) {
    for (int const seconds : {10, 30, 60}) {
      for (int const workers : {1, 4, 16}) {
        for (std::uint64_t const seed : {1U, 2U, 3U, 4U}) {
          simulation::rolling_window server(static_cast<std::size_t>(seconds / 2), std::chrono::seconds(seconds), how);
          adaptive_rate_limiter limiter;
          simulation::workforce const force{
              .workers = workers, .time = 1h, .least_travel = 100ms, .most_travel = 300ms, .seed = seed};
          auto const all = run_workers(limiter, server, force);
          CHECK(all.stale == 0);
          auto const share = static_cast<double>(all.accepted) / 1800;
          accepted += share;
          refused += static_cast<double>(all.refused);
          worst = std::min(worst, share);
          ++cells;
        }
      }
    }
  }
  CHECK(accepted / cells >= 0.982);
  CHECK(refused / cells <= 13.5);
  CHECK(worst >= 0.95);
}

TEST_CASE("rate_scenarios: an hour against the documented limits of services") {
  if (!tests::every_simulation) return;
  for (int const workers : {1, 4, 16}) {
    if (!tests::in_many_schedules && workers != 4) continue;
    for (auto const how : {tells::nothing, tells::seconds_rounded_up}) {
      // The mean of several runs, because where the search ends depends on the first refusals.
      auto const check = [&](char const* what, double an_hour, auto const& fresh) {
        constexpr int runs = 6;
        double accepted = 0, refused = 0, worst = 1;
        for (std::uint64_t seed = 1; seed <= runs; ++seed) {
          auto server = fresh;
          adaptive_rate_limiter limiter;
          auto const all = tests::run_an_hour(limiter, server, workers, seed);
          CHECK(all.stale == 0);
          auto const share = static_cast<double>(all.accepted) / an_hour;
          accepted += share / runs;
          refused += static_cast<double>(all.refused) / static_cast<double>(all.accepted) / runs;
          worst = std::min(worst, share);
        }
        CAPTURE(what, how == tells::nothing, workers, accepted, refused, worst);
        CHECK(accepted >= 0.965);
        CHECK(worst >= 0.94);
        CHECK(refused <= 0.022);
      };
      check("60 in a minute of the clock", 3600, simulation::fixed_window(60, 60s, how));
      check("60 in any minute", 3600, simulation::rolling_window(60, 60s, how));
      check("100 in any 100 seconds", 3600, simulation::rolling_window(100, 100s, how));
      check("3600 in an hour of the clock", 3600, simulation::fixed_window(3600, 1h, how));
      check("a bucket of 60, one a second", 3660, simulation::token_bucket(1, 60, how));
      if (workers == 1) continue;  // one worker makes five requests a second
      check("600 in a minute of the clock", 36000, simulation::fixed_window(600, 60s, how));
      check("600 in any minute", 36000, simulation::rolling_window(600, 60s, how));
    }
  }
}

TEST_CASE("rate_scenarios: a limit that halves is followed immediately, and its recovery within a minute") {
  for (auto const how : {tells::nothing, tells::seconds_rounded_up}) {
    for (double const limit : {2.0, 10.0, 100.0}) {
      for (int const threads : numbers_of_threads(limit)) {
        simulation::strict_interval server([limit](double t) { return t >= 300 && t < 600 ? limit / 2 : limit; }, how);
        adaptive_rate_limiter limiter;
        double followed = 0;
        std::vector<double> good(900);
        auto const all =
            run_workers(limiter, server, {.workers = threads, .time = 15min}, [&](double t, bool accepted) {
              if (t > 300 && followed == 0 && limiter.state().rate <= 1.05 * limit / 2) followed = t;
              if (accepted && t < 900) ++good[static_cast<std::size_t>(t)];
            });
        double recovered = 600;
        for (auto ten = good.begin() + 600; ten + 10 != good.end(); ++ten, ++recovered) {
          if (std::accumulate(ten, ten + 10, 0.0) >= 9 * limit) break;
        }
        CAPTURE(how == tells::nothing, limit, threads, followed, recovered);
        CHECK(all.stale == 0);
        CHECK(followed > 300);
        double const two_waits = how == tells::nothing ? 0 : 2;
        CHECK(followed <= 300 + two_waits + 20 / (limit / 2));
        CHECK(recovered <= 660);
      }
    }
  }
}

TEST_CASE("rate_scenarios: after a pause, requests do not come in a burst") {
  /// Admits every request but one, a minute after the beginning.
  struct annoyed_once {
    simulation::strict_interval server;
    bool annoyed = false;
    simulation::reply answer(tenax::time_point now) {
      if (annoyed || now < tenax::time_point(1min)) return server.answer(now);
      annoyed = true;
      return {429, 5s, {}};
    }
  };
  for (double const limit : {2.0, 10.0, 100.0}) {
    for (int const threads : numbers_of_threads(limit)) {
      annoyed_once server{{[limit](double) { return limit; }, tells::nothing}};
      adaptive_rate_limiter limiter;
      double refused = 0;
      int in_pause = 0, in_first_second = 0;
      run_workers(limiter, server, {.workers = threads, .time = 70s}, [&](double t, bool accepted) {
        if (t >= 60 && refused == 0 && !accepted) {
          refused = t;
        } else if (refused != 0) {
          // Requests that were sent before the refusal arrive within a round trip.
          if (t > refused + 0.011 && t < refused + 5) ++in_pause;
          if (t >= refused + 5 && t < refused + 6) ++in_first_second;
        }
      });
      CAPTURE(limit, threads, in_first_second);
      CHECK(refused >= 60);
      CHECK(in_pause == 0);
      CHECK(in_first_second >= 1);
      CHECK(in_first_second <= limit + 1);
    }
  }
}

namespace {

/// Refuses a share of the requests at any rate, such as requests for things that the server never has.
template <class Server>
struct picky {
  Server server;
  double share;  ///< the refused share
  tenax::optional_duration wait{};
  tenax::seeded_random random;

  simulation::reply answer(tenax::time_point now) {
    auto const drawn = static_cast<double>(random() >> 11) / static_cast<double>(std::uint64_t{1} << 53);
    if (drawn < share) return {429, wait, {}};
    return server.answer(now);
  }
};

struct unlimited {
  static simulation::reply answer(tenax::time_point) { return {}; }
};

struct minutes {
  double last = 0;     ///< requests accepted in the tenth minute
  double refused = 0;  ///< requests refused in that minute
};

/// Ten minutes of a worker that makes up to 50 requests a second: the mean of several runs.
template <class Server>
minutes ten_minutes(Server const& server, double share, tenax::optional_duration wait,
                    tenax::adaptive_rate_options const& options = {}) {
  constexpr int runs = 8;
  minutes all;
  for (std::uint64_t seed = 1; seed <= runs; ++seed) {
    picky<Server> one{server, share, wait, tenax::seeded_random(seed)};
    adaptive_rate_limiter limiter(options);
    run_workers(limiter, one, {.workers = 1, .time = 10min, .least_travel = 19ms, .most_travel = 21ms, .seed = seed},
                [&](double t, bool accepted) {
                  if (t >= 540) (accepted ? all.last : all.refused) += 1.0 / runs;
                });
  }
  return all;
}

}  // namespace

TEST_CASE("rate_scenarios: requests that are refused at any rate do not starve the others") {
  constexpr double possible = 3000;
  SECTION("the server sends no wait") {
    if (!tests::every_simulation) return;
    CHECK(ten_minutes(unlimited{}, 0, {}).last >= 0.99 * possible);
    CHECK(ten_minutes(unlimited{}, 0.01, {}).last >= 0.9 * possible);
    CHECK(ten_minutes(unlimited{}, 0.03, {}).last >= 0.8 * possible);
    CHECK(ten_minutes(unlimited{}, 0.1, {}).last >= 0.6 * possible);
  }
  SECTION("each refusal asks for a wait of a second, which is obeyed") {
    // 100 requests take 2 s, and a pause takes one.
    CHECK(ten_minutes(unlimited{}, 0.01, 1s).last >= 0.7 * 2000);
  }
  SECTION("a minimum where there are too few cases to learn from") {
    CHECK(ten_minutes(unlimited{}, 0.2, {}, {.at_least = tenax::per_second(25)}).last >= 0.3 * possible);
    CHECK(ten_minutes(unlimited{}, 0.1, 1s, {.at_least = tenax::per_second(25)}).last >= 150);
  }
  SECTION("a limit is still obeyed") {
    for (double const share : {0.01, 0.1}) {
      simulation::strict_interval const server([](double) { return 10.0; }, tells::nothing);
      auto const all = ten_minutes(server, share, {});
      CAPTURE(share, all.last, all.refused);
      CHECK(all.last >= (share > 0.05 ? 0.4 : 0.75) * 600);
      CHECK(all.refused <= 1.6 * share * (all.last + all.refused) + 6);
    }
  }
}

TEST_CASE("rate_scenarios: a limit that falls to a small part is not taken for random refusals") {
  for (auto const how : {tells::nothing, tells::seconds_rounded_up}) {
    for (double const part : {0.3, 0.1, 0.02}) {
      simulation::strict_interval server([part](double t) { return t < 120 ? 50.0 : 50 * part; }, how);
      adaptive_rate_limiter limiter;
      double good = 0, bad = 0;
      run_workers(limiter, server, {.workers = 4, .time = 10min}, [&](double t, bool accepted) {
        if (t >= 240) (accepted ? good : bad) += 1;
      });
      CAPTURE(how == tells::nothing, part, good, bad);
      CHECK(bad <= 0.01 * (good + bad) + 6);
      CHECK(good >= 0.85 * 50 * part * 360);
    }
  }
}

TEST_CASE("rate_scenarios: a server that counts refused requests as well, as haproxy does") {
  for (auto const how : {tells::nothing, tells::seconds_rounded_up}) {
    bool const told = how != tells::nothing;
    holds_to(told ? "http_req_rate, told" : "http_req_rate", 10, simulation::counts_all_requests(100, 10s, how),
             {.share = 0.85, .refused = 0.004, .run = 16});
    // Two callers at 2 per second who are not told how long to wait find 71 % of the limit.
    holds_to(told ? "http_req_rate, told" : "http_req_rate", 2, simulation::counts_all_requests(20, 10s, how),
             {.share = told ? 0.9 : 0.7, .refused = told ? 0.006 : 0.004, .run = 16});
  }
  // A client that asks as often as before stays refused.
  simulation::counts_all_requests server(10, 1s, tells::nothing);
  int accepted = 0;
  for (int ms = 0; ms < 10'000; ms += 50) {
    accepted += server.answer(tenax::time_point(std::chrono::milliseconds(ms))).status == 200 ? 1 : 0;
  }
  CHECK(accepted == 10);
}

TEST_CASE("rate_scenarios: a bucket of whole permits, as with vsthrottle") {
  // A client that asks more often than the limit allows stays blocked, another one does not. varnish_throttles.sh asks
  // the real one.
  auto const first_accepted = [](tenax::duration pause) {
    simulation::vsthrottle server(10, 1s, 1s);
    auto const status = [&](tenax::duration t) { return server.answer(tenax::time_point(t)).status; };
    for (int i = 0; i < 10; ++i) CHECK(status(1s) == 200);
    CHECK(status(1s) == 429);
    tenax::duration t = 1s + pause;
    while (t < 20s && status(t) != 200) t += pause;
    return t;
  };
  CHECK(first_accepted(90ms) >= 20s);
  CHECK(first_accepted(110ms) == 2100ms);
  CHECK(first_accepted(1s) == 2s);
  holds_to("without a block", 10, simulation::vsthrottle(10, 1s), {.share = 0.96, .refused = 0.002});
  // The parts of permits that are lost.
  for (auto const jitter : {1ms, 10ms}) {
    simulation::vsthrottle server(100, 1s);
    adaptive_rate_limiter limiter;
    double good = 0, bad = 0;
    auto const all = run_workers(limiter, server, {.workers = 4, .time = 4min, .most_travel = 10ms + jitter},
                                 [&](double t, bool ok) {
                                   if (t >= 120) (ok ? good : bad) += 1;
                                 });
    CAPTURE(jitter, good, bad);
    CHECK(all.stale == 0);
    CHECK(good >= (jitter == 1ms ? 0.93 : 0.66) * 100 * 120);
    CHECK(bad <= 0.005 * good);
  }
  // Varnish asks for a wait of 5 s, whatever its limit: the limiter notices that it does not count in windows.
  for (std::int64_t const limit : {10, 100}) {
    simulation::vsthrottle server(limit, 1s, {}, 5s);
    adaptive_rate_limiter limiter;
    double good = 0, bad = 0;
    auto const all = run_workers(limiter, server, {.workers = 4, .time = 30min}, [&](double t, bool ok) {
      if (t >= 1200) (ok ? good : bad) += 1;
    });
    CAPTURE(limit, good, bad);
    CHECK(all.stale == 0);
    CHECK(good >= 0.93 * static_cast<double>(limit) * 600);
    CHECK(bad <= 0.001 * good);
  }
  // A long block costs so much that the limit should be known.
  simulation::vsthrottle strict(10, 1s, 30s);
  adaptive_rate_limiter limiter({.limit = tenax::per_second(9)});
  auto const all = run_workers(limiter, strict, {.workers = 32, .time = 10min, .most_travel = 20ms});
  CHECK(all.refused == 0);
  CHECK(all.accepted >= 5346);
}

TEST_CASE("rate_scenarios: a server whose block is renewed by every request") {
  // A client that asks during the block stays blocked.
  simulation::renewed_block server(10, 10, 2s);
  auto const status = [&](tenax::duration t) { return server.answer(tenax::time_point(t)).status; };
  for (int i = 0; i < 10; ++i) CHECK(status(1s) == 200);
  CHECK(status(1s) == 429);
  CHECK(status(2900ms) == 429);
  CHECK(status(4800ms) == 429);
  CHECK(status(6800ms) == 200);
  holds_to("a short block", 10, simulation::renewed_block(10, 10, 1s), {.share = 0.86, .refused = 0.009, .run = 16});
  // The limiter learns how long it must be silent, because such a server then accepts far more than its first block
  // seemed to allow.
  for (auto const block : {2s, 5s}) {
    for (int const threads : {1, 4, 32}) {
      if (!tests::in_many_schedules && threads == 32) continue;
      simulation::renewed_block blocks(10, 10, block);
      adaptive_rate_limiter limiter;
      double good = 0, bad = 0;
      auto const all = run_workers(limiter, blocks, {.workers = threads, .time = 90min}, [&](double t, bool accepted) {
        if (t >= 3600) (accepted ? good : bad) += 1;
      });
      CAPTURE(block, threads, good, bad);
      CHECK(all.stale == 0);
      CHECK(good >= 0.93 * 10 * 1800);
      CHECK(bad <= 0.002 * good);
    }
  }
  // A long block costs so much that the limit should be known.
  for (int const threads : {1, 32}) {
    simulation::renewed_block strict(10, 10, 30s);
    adaptive_rate_limiter limiter({.limit = tenax::per_second(10)});
    auto const all = run_workers(limiter, strict, {.workers = threads, .time = 60s});
    CHECK(all.refused == 0);
    CHECK(all.accepted >= 590);
  }
}

TEST_CASE("rate_scenarios: a server that keeps its rate in thousandths, as nginx does") {
  // One request a minute is one in 62.5 s.
  simulation::rate_in_thousandths server(1, 60s);
  auto const status = [&](tenax::duration t) { return server.answer(tenax::time_point(t)).status; };
  CHECK(status(0s) == 200);
  CHECK(status(60s) == 429);
  CHECK(status(62s) == 429);
  CHECK(status(62500ms) == 200);
  CHECK(status(122500ms) == 429);
  CHECK(status(125s) == 200);
  holds_to("10r/s", 10, simulation::rate_in_thousandths(10, 1s));
  holds_to("10r/s burst=5", 10, simulation::rate_in_thousandths(10, 1s, 5), {.refused = 0.012});
  for (int const threads : {1, 32}) {
    simulation::rate_in_thousandths slow(1, 60s);
    adaptive_rate_limiter limiter;
    double good = 0, bad = 0;
    auto const all = run_workers(limiter, slow, {.workers = threads, .time = 20h}, [&](double t, bool accepted) {
      if (t >= 36'000) (accepted ? good : bad) += 1;
    });
    CAPTURE(threads, good, bad);
    CHECK(all.stale == 0);
    CHECK(good >= 0.95 * 36'000 / 62.5);
    CHECK(bad <= 5);
  }
}
