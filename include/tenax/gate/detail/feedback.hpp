// SPDX-License-Identifier: MIT
// gate/detail/feedback.hpp: how an attempt ended from a gate's point of view, and how a loop asks and tells gates.
#pragma once

#include <tenax/gate/gate.hpp>
#include <tenax/platform/compiler.hpp>
#include <tenax/result_traits.hpp>

#if defined(__cpp_exceptions) && defined(__GLIBCXX__)
#include <bits/cxxabi_forced.h>
#endif

namespace tenax::detail {

/// What a policy decides about an attempt.
struct policy_verdict {
  bool retried = false;    ///< the policy wants another attempt, or would if the request could be repeated; without a
                           ///< predicate that says so: the attempt failed
  bool cancelled = false;  ///< the policy's token is triggered
};

/// How an attempt ended, from a gate's point of view.
template <class T>
constexpr feedback::kind kind_of(outcome<T> const& result, hint const& said, policy_verdict policy) {
  using tenax::verdict;
  using kind = feedback::kind;
  if (said.verdict == verdict::cancelled) return kind::cancelled;
  if (said.throttled) return kind::throttled;
  // A value that could say that it failed, and does not, is a good answer, even if the policy repeats the request.
  bool const fine = result.has_value() && !result_failed(result) && said.verdict != verdict::no_retry &&
                    said.verdict != verdict::transient;
  if (fine && (!policy.retried || may_fail(result))) return kind::success;
  // The client has its own error for an attempt that its caller cancelled.
  if (policy.cancelled) return kind::cancelled;
  if (said.inconclusive) return kind::unknown;
  if (said.verdict == verdict::no_retry) return kind::answered;
  if (known_transient(result) || said.verdict == verdict::transient || said.verdict == verdict::retry) {
    return kind::failure;
  }
  if (policy.retried && said.verdict != verdict::forbidden) return kind::failure;
  return result.has_value() || said.verdict == verdict::forbidden ? kind::answered : kind::unknown;
}

/// The rest of a quota, as the traits of the outcome read it.
template <class T>
constexpr allowance quota_left(outcome<T> const& result) {
  if constexpr (can_fail<T>) {
    if constexpr (requires { traits_of<T>::quota(result.value()); }) {
      if (result.has_value()) return traits_of<T>::quota(result.value());
    }
  }
  return {};
}

/// Whether an outcome counts as a failure where no predicate says which ones do: every exception, except for a
/// `std::logic_error`, which is a mistake of the caller, and every result that says it failed.
template <class T>
constexpr bool is_failure(outcome<T> const& result) {
#if defined(__cpp_rtti) && defined(__cpp_exceptions)
  if (auto const* caught = result.caught()) {
    return dynamic_cast<std::logic_error const*>(caught->standard()) == nullptr;
  }
#endif
  return !result.has_value() || result_transient(result);
}

/// The feedback for a gate without a policy.
template <class T>
constexpr feedback make_feedback(outcome<T> const& result, hint const& said) {
  return {.how = kind_of(result, said, {.retried = is_failure(result)}),
          .server_wait = said.wait,
          .left = quota_left(result)};
}

/// Calls `record()`, which tells gates how an attempt ended. `keeps`: the call has a value, which is more than what a
/// gate's exception says, so that the exception is dropped. Otherwise it passes.
template <class Record>
TENAX_ALWAYS_INLINE constexpr void tell_gates([[maybe_unused]] bool keeps, Record const& record) {
#if defined(__cpp_exceptions)
  try {
    record();
  }
#if defined(__GLIBCXX__)
  catch (__cxxabiv1::__forced_unwind const&) {
    throw;
  }
#endif
  catch (...) {
    if (!keeps) throw;
  }
#else
  record();
#endif
}
/// The same for the gates of a policy, if it has any.
template <class Gates, class Record>
TENAX_ALWAYS_INLINE constexpr void tell_gates(Gates const& gates, bool keeps, Record const& record) {
  if (holds_gates(gates)) tell_gates(keeps, record);
}

// For a loop: nothing is done for a policy without gates, not even `numbers()`, which makes an attempt's numbers.
template <class Gates, class Numbers>
TENAX_ALWAYS_INLINE constexpr admission ask_gates(Gates const& gates, typename Gates::tickets& t,
                                                  Numbers const& numbers, time_point now, waker const& w) {
  return holds_gates(gates) ? gates.admit(t, numbers(), now, w) : admission();
}
template <class Gates, class Numbers>
TENAX_ALWAYS_INLINE constexpr admission foresee(Gates const& gates, typename Gates::tickets& t, Numbers const& numbers,
                                                feedback::kind how, time_point now, time_point then) {
  return holds_gates(gates) ? gates.before_wait(t, numbers(), how, now, then) : admission();
}

}  // namespace tenax::detail
