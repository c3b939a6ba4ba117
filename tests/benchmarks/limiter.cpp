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

struct means {
  double accepted = 0;
  double refused = 0;
};

/// The mean of 40 runs.
template <class Server>
means hour(char const* what, tenax::adaptive_rate_options const& options, int workers, Server const& fresh,
           means const& bar) {
  constexpr int runs = 40;
  means mean;
  std::uint64_t stale = 0;
  for (std::uint64_t seed = 1; seed <= runs; ++seed) {
    auto server = fresh;
    adaptive_rate_limiter limiter(options);
    auto const all = tests::run_an_hour(limiter, server, workers, seed);
    mean.accepted += static_cast<double>(all.accepted) / runs;
    mean.refused += static_cast<double>(all.refused) / runs;
    stale += all.stale;
  }
  std::printf("%-34s %7d %9.1f %8.1f %6llu\n", what, workers, mean.accepted, mean.refused,
              static_cast<unsigned long long>(stale));
  good = good && mean.accepted >= bar.accepted && mean.refused <= bar.refused && stale == 0;
  return mean;
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
  good = good && goodput / cells >= 0.95 && steady / cells >= 0.975 && wasted / cells <= 0.0035 && longest_run <= 5 &&
         stale == 0;
}

}  // namespace

int main() {
  std::printf("%-34s %7s %9s %8s %6s\n", "an hour, 1800 allowed", "workers", "accepted", "refused", "stale");
  for (int const workers : {1, 4, 16}) {
    auto const window = [&](char const* what, tells how) {
      return hour(what, {}, workers, simulation::rolling_window(15, 30s, how), {.accepted = 1765, .refused = 15});
    };
    auto const up = window("window, unknown, rounds up", tells::seconds_rounded_up);
    auto const down = window("window, unknown, rounds down", tells::seconds_rounded_down);
    good = good && up.accepted + down.accepted >= 2 * 1770 && up.refused + down.refused <= 2 * 13;
    hour("bucket, unknown, rounds up", {}, workers, simulation::token_bucket(0.5, 15, tells::seconds_rounded_up),
         {.accepted = 1810, .refused = 16});
    hour("bucket, unknown, rounds down", {}, workers, simulation::token_bucket(0.5, 15, tells::seconds_rounded_down),
         {.accepted = 1810, .refused = 37});
    hour("window, tells what is left", {}, workers,
         simulation::rolling_window(15, 30s, tells::seconds_rounded_up, true), {.accepted = 1788, .refused = 2});
    hour("window, limit announced", {.limit = {.permits = 15, .per = 30s}}, workers,
         simulation::rolling_window(15, 30s, tells::seconds_rounded_up), {.accepted = 1790, .refused = 0});
  }
  changing_limit();
  return good ? 0 : 1;
}
