// SPDX-License-Identifier: MIT
// limiter.cpp: how the adaptive limiter performs in simulation: the figures of its page in docs/reference/gates.
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>

#include <tenax/gate/adaptive_rate_limiter.hpp>

#include "../behaviour/scenarios.hpp"

using namespace std::chrono_literals;
using simulation::tells;
using tenax::adaptive_rate_limiter;

namespace {

bool good = true;

template <class Server>
void hour(char const* what, tenax::adaptive_rate_options const& options, int workers, Server server,
          std::uint64_t least_accepted, std::uint64_t most_refused) {
  adaptive_rate_limiter limiter(options);
  auto const all = tests::run_an_hour(limiter, server, workers);
  std::printf("%-34s %7d %9llu %8llu %6llu\n", what, workers, static_cast<unsigned long long>(all.accepted),
              static_cast<unsigned long long>(all.refused), static_cast<unsigned long long>(all.stale));
  good = good && all.accepted >= least_accepted && all.refused <= most_refused && all.stale == 0;
}

/// A limit that halves at 300 s and recovers at 600 s, for 72 combinations of threads, limits and servers.
void changing_limit() {
  double goodput = 0, steady = 0, wasted = 0;
  std::uint64_t longest_run = 0, stale = 0;
  int cells = 0;
  for (int const threads : {2, 8, 32, 128}) {
    for (double const limit : {2.0, 10.0, 100.0}) {
      for (double const advertised : {1.0, 1.1, 1.3}) {
        for (auto const how : {tells::nothing, tells::seconds_rounded_up}) {
          simulation::strict_interval server([limit](double t) { return t >= 300 && t < 600 ? limit / 2 : limit; },
                                             how);
          auto const permits = static_cast<std::uint64_t>(std::llround(10 * limit * advertised));
          adaptive_rate_limiter limiter({.start = {.permits = permits, .per = 10s}});
          double accepted = 0, steady_good = 0, steady_bad = 0;
          std::uint64_t run = 0;
          auto const see = [&](double t, bool ok) {
            accepted += ok ? 1 : 0;
            if (std::fmod(t, 300) >= 150) (ok ? steady_good : steady_bad) += 1;
            run = ok ? 0 : run + 1;
            if (t > 20 && run > longest_run) longest_run = run;
          };
          stale += tests::run_workers(limiter, server, {.workers = threads, .time = 15min}, see).stale;
          goodput += accepted / (limit * 750);
          steady += steady_good / (limit * 375);
          wasted += steady_bad / (steady_good + steady_bad);
          ++cells;
        }
      }
    }
  }
  std::printf(
      "\na limit that halves and recovers, mean of %d cells: goodput %.3f, in the steady state %.3f, refused "
      "there %.2f %%, longest run of refusals %llu, stale %llu\n",
      cells, goodput / cells, steady / cells, 100 * wasted / cells, static_cast<unsigned long long>(longest_run),
      static_cast<unsigned long long>(stale));
  good = good && goodput / cells >= 0.95 && steady / cells >= 0.98 && wasted / cells <= 0.0035 && longest_run <= 5 &&
         stale == 0;
}

}  // namespace

int main() {
  std::printf("%-34s %7s %9s %8s %6s\n", "an hour, 1800 allowed", "workers", "accepted", "refused", "stale");
  for (int const workers : {1, 4, 16}) {
    for (auto const how : {tells::seconds_rounded_up, tells::seconds_rounded_down}) {
      bool const up = how == tells::seconds_rounded_up;
      hour(up ? "window, unknown, rounds up" : "window, unknown, rounds down", {}, workers,
           simulation::rolling_window(15, 30s, how), up && workers >= 4 ? 1773 : 1760, up ? 13 : 15);
      hour(up ? "bucket, unknown, rounds up" : "bucket, unknown, rounds down", {}, workers,
           simulation::token_bucket(0.5, 15, how), 1800, up ? 24 : 36);
    }
    hour("window, tells what is left", {}, workers,
         simulation::rolling_window(15, 30s, tells::seconds_rounded_up, true), 1782, 2);
    hour("window, limit announced", {.limit = {.permits = 15, .per = 30s}}, workers,
         simulation::rolling_window(15, 30s, tells::seconds_rounded_up), 1782, 0);
  }
  changing_limit();
  return good ? 0 : 1;
}
