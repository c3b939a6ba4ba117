// SPDX-License-Identifier: MIT
// modelled.hpp: the gates once more, in the namespace `modelled`, with the atomics and mutexes of the model checker.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <iterator>
#include <mutex>
#include <set>
#include <unordered_map>
#include <vector>

#include "../at_length.hpp"
#include "../catch.hpp"
#include "../model_checker.hpp"

// The headers are compiled as they are. They stand in a namespace of another name here, so that they do not mix with those of
// other files; and in that namespace `std` is the one below, which has everything of the real one but these two.
namespace modelled::std {
using namespace ::std;
using tests::model::atomic;
using tests::model::mutex;
}  // namespace modelled::std

#define tenax modelled
#include <tenax/gate/adaptive_rate_limiter.hpp>
#include <tenax/gate/adaptive_throttle.hpp>
#include <tenax/gate/bulkhead.hpp>
#include <tenax/gate/circuit_breaker.hpp>
#include <tenax/gate/keyed.hpp>
#include <tenax/gate/rate_limiter.hpp>
#include <tenax/gate/retry_budget.hpp>
#include <tenax/gate/windowed_retry_budget.hpp>
#undef tenax

namespace tests {

/// What threads got, and what was left.
using result = std::vector<std::int64_t>;

/// Checks that `scenario(threads)`, which returns a `result`, returns nothing when threads are stopped between any two steps
/// that it does not return when they are only stopped between whole operations. How many schedules there were.
template <class Scenario>
std::uint64_t check_like_whole_operations(model::bounds const& b, Scenario const& scenario) {
  std::set<result> whole, steps;
  model::explore({.whole_operations = true}, [&](model::threads& run) { whole.insert(scenario(run)); });
  auto const schedules = model::explore(b, [&](model::threads& run) { steps.insert(scenario(run)); });
  std::vector<result> others;
  std::set_difference(steps.begin(), steps.end(), whole.begin(), whole.end(), std::back_inserter(others));
  CHECK(others == std::vector<result>{});
  return schedules;
}

}  // namespace tests
