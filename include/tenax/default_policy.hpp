// SPDX-License-Identifier: MIT
// default_policy.hpp: the policy of `retrying{}`, without any setting.
#pragma once

#include <tenax/policy.hpp>
#include <tenax/stop/after_attempts.hpp>
#include <tenax/wait/exponential.hpp>
#include <tenax/when/error.hpp>

namespace tenax {

/// The policy of `retrying{}` without any setting: three attempts, exponential waits from 100 ms to 5 s with full
/// jitter, on exceptions derived from `std::runtime_error` and on results that say they failed.
using default_policy = policy<when::failed_predicate, wait::jittered<wait::exponential_strategy, wait::full_jitter>,
                              stop::after_attempts_condition>;

namespace detail {

constexpr default_policy make_default_policy() {
  return {when::failed,
          wait::exponential({.base = std::chrono::milliseconds(100), .max = std::chrono::seconds(5)}).full(),
          stop::after_attempts(3)};
}

}  // namespace detail
}  // namespace tenax
