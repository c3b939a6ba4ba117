// SPDX-License-Identifier: MIT
// scenarios.hpp: simulates workers that share a limiter in front of a server, and counts their requests.
#pragma once

#include <cmath>
#include <cstdint>

#include "../simulation/workers.hpp"
#include "stale_watch.hpp"

namespace tests {

struct tally {
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;
  std::uint64_t stale = 0;        // see `stale_watch`
  std::uint64_t longest_run = 0;  // longest run of refusals
};

/// See `simulation::run_workers`.
template <class Server>
tally run_workers(tenax::adaptive_rate_limiter& limiter, Server& server, simulation::workforce const& force,
                  simulation::witness const& see = {}) {
  tally all;
  std::uint64_t run = 0;
  stale_watch gate(limiter);
  simulation::run_workers(gate, server, force, [&](double t, bool good) {
    good ? ++all.accepted : ++all.refused;
    run = good ? 0 : run + 1;
    all.longest_run = run > all.longest_run ? run : all.longest_run;
    if (see) see(t, good);
  });
  all.stale = gate.stale();
  return all;
}

/// An hour of workers whose requests take 100 to 300 ms.
template <class Server>
tally run_an_hour(tenax::adaptive_rate_limiter& limiter, Server& server, int workers, std::uint64_t seed = 1) {
  using std::chrono::milliseconds;
  return run_workers(limiter, server,
                     {.workers = workers,
                      .time = std::chrono::hours(1),
                      .least_travel = milliseconds(100),
                      .most_travel = milliseconds(300),
                      .seed = seed});
}

}  // namespace tests
