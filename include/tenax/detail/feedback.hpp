// SPDX-License-Identifier: MIT
// detail/feedback.hpp: what gates are told of an attempt.
#pragma once

#include <tenax/gate/gate.hpp>
#include <tenax/result_traits.hpp>

namespace tenax::detail {

/// What a gate is told of an attempt that ended with `result`, which advises `advice`. `retry`: whether a policy wants
/// another attempt, which makes a failure of what may not look like one.
template <class T>
constexpr feedback make_feedback(outcome<T> const& result, hint const& advice, bool retry) {
  feedback f{.server_wait = advice.wait};
  if (advice.directive == hint::advice::cancelled) {
    f.how = feedback::kind::cancelled;
  } else if (advice.throttled) {
    f.how = feedback::kind::throttled;
  } else if (retry || !result.has_value() || result_transient(result)) {
    f.how = feedback::kind::failure;
  }
  if constexpr (can_fail<T>) {
    if constexpr (requires { traits_of<T>::quota(result.value()); }) {
      if (result.has_value()) f.left = traits_of<T>::quota(result.value());
    }
  }
  return f;
}

}  // namespace tenax::detail
