// SPDX-License-Identifier: MIT
// adaptive_rate_limiter.cpp: the limiter against servers of the simulated world, and by hand.
#include <tenax/gate/adaptive_rate_limiter.hpp>

#include <functional>
#include <thread>
#include <vector>

#include <tenax/tenax.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "../catch.hpp"
#include "scenarios.hpp"

using namespace std::chrono_literals;
using simulation::tells;
using tenax::adaptive_rate_limiter;
using tests::run_workers;

TEST_CASE("An hour against 15 in 30 seconds, unknown") {
  for (int const workers : {1, 4, 16}) {
    for (auto const how : {tells::seconds_rounded_up, tells::seconds_rounded_down}) {
      adaptive_rate_limiter limiter;
      simulation::rolling_window server(15, 30s, how);
      auto const all = run_workers(limiter, server, workers, 1h, 100ms, 300ms, 1);
      CAPTURE(workers, all.accepted, all.refused);
      CHECK(all.accepted >= 1740);
      CHECK(all.refused <= 30);
      CHECK(all.stale == 0);
    }
  }
}

TEST_CASE("An hour against 15 in 30 seconds, announced") {
  for (int const workers : {1, 4, 16}) {
    adaptive_rate_limiter limiter({.limit = {.permits = 15, .per = 30s}});
    simulation::rolling_window server(15, 30s, tells::seconds_rounded_up);
    auto const all = run_workers(limiter, server, workers, 1h, 100ms, 300ms, 1);
    CAPTURE(workers, all.accepted, all.refused);
    CHECK(all.accepted >= 1782);
    CHECK(all.refused <= 2);
  }
}
