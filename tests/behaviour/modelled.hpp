// SPDX-License-Identifier: MIT
// modelled.hpp: the gates again, in the namespace `modelled`, with the atomics and mutexes of the model checker.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
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

// The headers are compiled unchanged. Another namespace keeps them separate from those of other files. Inside it, `std`
// is the namespace below: the real one, except for these names.
namespace modelled::std {
using namespace ::std;
using tests::model::atomic;
using tests::model::condition_variable;
using tests::model::mutex;
}  // namespace modelled::std

#define TENAX_WITHOUT_BUILTINS  // atomics of `std`, not of the compiler
#define TENAX_WITHOUT_FUTEX
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

/// The permits that threads got, and those that are left.
using result = std::vector<std::int64_t>;

/// Checks that interrupting threads between any two steps causes no additional results of `scenario(threads)`, which
/// returns a `result`, compared with interruptions between whole operations. Returns the number of schedules.
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
