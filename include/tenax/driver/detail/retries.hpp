// SPDX-License-Identifier: MIT
// driver/detail/retries.hpp: the path of a retry: what a blocking call does after a first attempt that failed.
#pragma once

#include <type_traits>
#include <utility>

#include <tenax/driver/detail/blocking.hpp>
#include <tenax/when/exception.hpp>

namespace tenax::detail {

// The path of a success and the path of a retry are two functions. The first one is inlined into the caller and knows
// nothing of the policy's numbers. The second one is out of line, and call sites whose policy and result have the same
// types share it: it calls the operation through a pointer.

/// An exception type that is known to say nothing about trying again, or null. It saves a lookup.
template <class When>
inline constexpr std::type_info const* likely_type = nullptr;
template <class When>
  requires requires { When::likely_type; }
inline constexpr std::type_info const* likely_type<When> = When::likely_type;

/// The class of exceptions that a predicate wants, if it is a single one that derives from `std::exception`; otherwise
/// `void`. A handler for just this class saves the search for its base class.
template <class When>
struct likely {
  using type = void;
};
#if defined(__cpp_exceptions)
template <class E>
  requires(platform::derives_from<E, std::exception> && !std::is_same_v<E, std::exception>)
struct likely<when::exception_predicate<E>> {
  using type = E;
};
#endif
template <class When>
using likely_exception = typename likely<When>::type;

template <bool Reports, class T>
using call_result = std::conditional_t<Reports, report<T>, T>;

/// The report of a call that ended: calls `value` for the result, and then `elapsed`. Takes its numbers as parameters,
/// because g++ fills an object whose initializers are constants with zeros first.
template <class T, class Value, class Elapsed>
TENAX_ALWAYS_INLINE constexpr report<T> make_report(Value const& value, stop_reason reason, std::uint32_t attempts,
                                                    Elapsed const& elapsed, duration waited,
                                                    optional_duration server_wait, char const* refusal,
                                                    char const* name, optional_duration retry_after) {
  return {outcome<T>(from_call, value), reason, attempts, elapsed(), waited, server_wait, refusal, name, retry_after};
}

/// The time since `start` on the clock of the call.
template <class Env>
TENAX_ALWAYS_INLINE constexpr duration elapsed_since(time_point start, Env& environment) {
  auto const now = time_point(environment.now());
  if constexpr (is_real<Env>) {
    return duration(now.time_since_epoch().count() - start.time_since_epoch().count());
  } else {
    return saturating_between(start, now);
  }
}

/// The result of a call that has ended: the last outcome, or a report with it.
template <bool Reports, class Loop, class T, class Env>
TENAX_ALWAYS_INLINE constexpr call_result<Reports, T> end_call([[maybe_unused]] Loop& loop, outcome<T>&& last,
                                                               [[maybe_unused]] time_point start,
                                                               [[maybe_unused]] Env& environment) {
  if constexpr (Reports) {
    auto const elapsed = Loop::reads_clock ? loop.elapsed() : elapsed_since(start, environment);
    auto const why = loop.refusal();
    return {std::move(last), loop.reason(), loop.attempts(), elapsed, loop.waited(), loop.server_wait(), why.reason, "",
            why.retry_after};
  } else {
    return std::move(last).get();
  }
}

/// The loop of a call. That of a report reads the clock if waits can be cut short.
template <bool Reports, class Policy>
using call_loop = retry_loop<Policy const&, Policy::uses_time || (Reports && can_stop<typename Policy::token_type>)>;

/// An attempt that did not end the call, and how to make the next ones. It has no initializers, because a success would
/// pay for them: the path of a success sets all of it when it ends.
template <class T, class Loop>
struct failed_attempt {
  stashed_exception failure;  ///< the exception, if the attempt threw
  outcome_slot<T> slot;       ///< the value otherwise
  bool returned;
  bool wanted;     ///< the predicate has been called, and wants another attempt
  duration start;  ///< when the call started, and when the attempt ended: on the clock of the call, if it reads one
  duration ended;
  void const* attempt;
  void (*repeat)(failed_attempt&, Loop const&);
};

/// Makes an attempt again and keeps its outcome in `last`. It has a stack frame of its own, with one saved register:
/// a throw costs more the more a frame that it unwinds has saved.
template <class T, class Policy, class Env, bool Informed, class Loop, class Attempt>
TENAX_NEVER_INLINE void repeat_attempt(failed_attempt<T, Loop>& last, [[maybe_unused]] Loop const& loop) {
  using likely = likely_exception<typename Policy::when_type>;
  auto const& make = *static_cast<Attempt const*>(last.attempt);
  if constexpr (bounds_attempts<Policy>) {
    auto const bounded = [&]() -> T { return make_bounded_attempt<T, Env>(loop.info(), make); };
    last.returned = last.slot.template fill<likely>(bounded, last.failure);
  } else if constexpr (Informed) {
    last.returned = last.slot.template fill<likely>([&]() -> T { return make(loop.info()); }, last.failure);
  } else {
    last.returned = last.slot.template fill<likely>(make, last.failure);
  }
}

/// The numbers of a first attempt. `time_left` is as the policy's condition says it: 0 if the call is too late.
template <class Policy, class Env>
TENAX_ALWAYS_INLINE constexpr attempt_info first_info([[maybe_unused]] Policy const& policy, Env& environment,
                                                      time_point start) {
  attempt_info info{.started = start, .random = random_of(environment)};
  if constexpr (can_stop<typename Policy::token_type>) info.token = view_token(policy.token);
  set_name(policy.limits, info);
  if constexpr (has_time_left<typename Policy::stop_type>) info.time_left = time_left(policy.condition, info);
  return info;
}

/// Continues a call after an attempt that failed: the first one, or one of the loop `resumed`. Makes a loop for the
/// first one, which a success does not need.
template <bool Reports, class T, class Policy, class Env>
TENAX_COLD call_result<Reports, T> retry_call(Policy const& policy, Env& environment,
                                              failed_attempt<T, call_loop<Reports, Policy>>& last,
                                              call_loop<Reports, Policy>* resumed) {
  call_loop<Reports, Policy> own(policy, time_point(last.start), random_of(environment));
  auto& loop = resumed != nullptr ? *resumed : own;
  if constexpr (has_time_left<typename Policy::stop_type>) {
    late_loop::started(loop, first_info(policy, environment, time_point(last.start)).time_left);
  }
  std::type_info const* plain = likely_type<typename Policy::when_type>;
  auto& slot = last.slot;
  time_point now(last.ended);
  for (bool wanted = last.wanted;; wanted = false) {
    if (!last.returned) slot.keep(last.failure, plain);
    {
      emptied_at_exit const guard(slot);
      auto const next = loop.template finish<call_loop<Reports, Policy>::reads_clock>(slot.result, now, wanted);
      if constexpr (can_release<T>) {
        if (next.waits()) release(slot.result);
      }
      if (wait_or_stop(loop, environment, next)) {
        if constexpr (Policy::observers_type::template hears_end<T>) loop.conclude(slot.result);
        if constexpr (Reports) {
          return end_call<true>(loop, std::move(slot.result), time_point(last.start), environment);
        } else {
          return static_cast<outcome<T>&&>(slot.result).get();
        }
      }
    }
    last.repeat(last, loop);
    if constexpr (call_loop<Reports, Policy>::reads_clock) now = time_point(environment.now());
  }
}

/// Ends a call before its first attempt.
template <bool Reports, class T, class Policy, class Env>
TENAX_COLD call_result<Reports, T> end_unstarted(Policy const& policy, Env& environment, time_point start,
                                                 stop_reason reason) {
  call_loop<Reports, Policy> loop(policy, start, random_of(environment));
  late_loop::stopped(loop, reason);
  auto none = loop.template unstarted<T>();
  loop.conclude(none);
  return end_call<Reports>(loop, std::move(none), start, environment);
}

}  // namespace tenax::detail
