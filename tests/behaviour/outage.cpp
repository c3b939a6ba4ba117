// SPDX-License-Identifier: MIT
// outage.cpp: a thousand clients, a server that is down for a minute, and budgets that prevent a retry storm
// afterwards.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>

#include <tenax/gate/retry_budget.hpp>
#include <tenax/gate/windowed_retry_budget.hpp>
#include <tenax/tenax.hpp>

#include "../at_length.hpp"
#include "../catch.hpp"
#include "../simulation/outage.hpp"

using namespace std::chrono_literals;
using simulation::outage_kind;
using simulation::overload;

namespace {

auto const persistent = tenax::retrying{}
                            .when(tenax::when::any_error)
                            .wait(tenax::wait::exponential({.base = 100ms, .max = 10s}).full())
                            .stop(tenax::stop::after_attempts(10));

simulation::outage scene(outage_kind kind, overload when_overloaded, double capacity, int clients = 1000) {
  simulation::outage o{.clients = clients,
                       .every = 1s,
                       .begins = 20s,
                       .ends = 80s,
                       .whole = 110s,
                       .kind = kind,
                       .when_overloaded = when_overloaded};
  o.capacity = capacity * o.demand();
  return o;
}

double mean(std::vector<std::int64_t> const& series, std::size_t from, std::size_t to) {
  double sum = 0;
  for (auto t = from; t < to; ++t) sum += static_cast<double>(series[t]);
  return sum / static_cast<double>(to - from);
}

/// The smallest number of answers in any second from 5 s after the recovery on.
double least_after_recovery(simulation::course const& seen) {
  return static_cast<double>(*std::min_element(seen.good.begin() + 85, seen.good.end()));
}

/// With a budget for each client, in all eight variants.
template <class Budget>
void budgets_end_the_storm() {
  for (auto const kind : {outage_kind::refuses, outage_kind::hangs}) {
    for (auto const when_overloaded : {overload::queues, overload::sheds}) {
      for (double const capacity : {1.1, 1.5}) {
        if (!tests::in_many_schedules &&
            (kind == outage_kind::hangs || when_overloaded == overload::sheds || capacity > 1.1)) {
          continue;
        }
        auto const o = scene(kind, when_overloaded, capacity);
        std::deque<Budget> budgets;
        auto const seen = simulation::run(o, [&](int) { return persistent.through(std::ref(budgets.emplace_back())); });
        CAPTURE(kind == outage_kind::hangs, when_overloaded == overload::sheds, capacity);
        CHECK(mean(seen.offered, 20, 80) <= 1.2 * o.demand());
        CHECK(least_after_recovery(seen) >= 0.95 * o.demand());
      }
    }
  }
}

}  // namespace

TEST_CASE("outage: with a retry_budget, the load stays normal and the recovery is immediate") {
  budgets_end_the_storm<tenax::retry_budget>();
}

TEST_CASE("outage: with a windowed_retry_budget, the load stays normal and the recovery is immediate") {
  budgets_end_the_storm<tenax::windowed_retry_budget>();
}

TEST_CASE("outage: without a budget, a server that queues never recovers") {
  for (auto const kind : {outage_kind::refuses, outage_kind::hangs}) {
    for (double const capacity : {1.1, 1.5}) {
      if (!tests::in_many_schedules && (kind == outage_kind::hangs || capacity > 1.1)) continue;
      auto const o = scene(kind, overload::queues, capacity, 200);
      auto const seen = simulation::run(o, [](int) { return persistent; });
      CHECK(mean(seen.good, 10, 20) >= 0.95 * o.demand());
      CHECK(mean(seen.offered, 20, 80) >= 5 * o.demand());
      CHECK(mean(seen.good, 90, 110) <= 0.1 * o.demand());
    }
  }
}

TEST_CASE("outage: a server that sheds load recovers by itself, after many wasted requests") {
  auto const o = scene(outage_kind::refuses, overload::sheds, 1.5, 200);
  auto const seen = simulation::run(o, [](int) { return persistent; });
  CHECK(mean(seen.offered, 20, 80) >= 5 * o.demand());
  CHECK(mean(seen.good, 90, 110) >= 0.95 * o.demand());
}
