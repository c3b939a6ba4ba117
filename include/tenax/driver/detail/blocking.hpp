// SPDX-License-Identifier: MIT
// driver/detail/blocking.hpp: the loops that block the calling thread between attempts.
#pragma once

#include <type_traits>
#include <utility>

#include <tenax/capture.hpp>
#include <tenax/driver/detail/attempt_scope.hpp>
#include <tenax/environment.hpp>
#include <tenax/gate/detail/gate_waits.hpp>
#include <tenax/platform/compiler.hpp>
#include <tenax/retry_loop.hpp>

namespace tenax::detail {

template <bool ReadsClock, class Env>
TENAX_ALWAYS_INLINE constexpr time_point now_of([[maybe_unused]] Env& environment) {
  if constexpr (ReadsClock) {
    return time_point(environment.now());
  } else {
    return time_point();
  }
}

/// The random source of an environment; null for the real environment, whose source is this thread's own.
template <class Env>
TENAX_ALWAYS_INLINE constexpr random_source* random_of([[maybe_unused]] Env& environment) {
  if constexpr (!std::is_same_v<std::remove_const_t<Env>, real_time> && requires { environment.random(); }) {
    return &environment.random();
  } else {
    return nullptr;
  }
}

/// Whether attempts of a policy have limits that a client can obey.
template <class Policy>
inline constexpr bool bounds_attempts = can_stop<typename Policy::token_type> || Policy::limits_type::times_attempts ||
                                        has_time_left<typename Policy::stop_type>;

/// Makes an attempt and registers it as the current one of this thread.
template <class T, class Env, class Attempt>
T make_bounded_attempt(attempt_info const& info, Attempt const& attempt) {
  attempt_scope const scope(info, std::is_same_v<std::remove_const_t<Env>, real_time>);
  return attempt(info);
}

/// Makes an attempt; registers it as the current one of this thread if it has limits that a client can obey.
template <class T, class Policy, class Env, class Attempt>
TENAX_ALWAYS_INLINE constexpr T make_attempt(attempt_info const& info, Attempt const& attempt) {
  if constexpr (bounds_attempts<Policy>) {
    return make_bounded_attempt<T, Env>(info, attempt);
  } else {
    return attempt(info);
  }
}

/// The steps of a loop; passes the time if the loop uses it.
template <class Loop, class Env>
TENAX_ALWAYS_INLINE constexpr decision start_next(Loop& loop, [[maybe_unused]] Env& environment) {
  if constexpr (Loop::reads_clock) {
    return loop.start_attempt(time_point(environment.now()));
  } else {
    return loop.start_attempt();
  }
}
template <class Loop, class T, class Env>
TENAX_ALWAYS_INLINE constexpr decision finish_one(Loop& loop, outcome<T> const& result,
                                                  [[maybe_unused]] Env& environment) {
  if constexpr (Loop::reads_clock) {
    return loop.finish_attempt(result, time_point(environment.now()));
  } else {
    return loop.finish_attempt(result);
  }
}

/// Waits as long as the loop asks for it. Returns whether the loop stops.
template <class Loop, class Env, class Waiter = plain_waiter const>
TENAX_ALWAYS_INLINE constexpr bool wait_or_stop(Loop& loop, Env& environment, decision next,
                                                [[maybe_unused]] Waiter&& waiter = {}) {
  while (next.waits()) {
    if (next.delay.count() > 0) waiter.sleep(environment, next.delay, loop.policy().token);
    if constexpr (Loop::reads_clock) {
      next = loop.start_attempt(time_point(environment.now()), waiter.lend());
    } else {
      next = loop.start_attempt();
    }
  }
  return next.stops();
}

/// The waiter of a loop.
template <class Loop, class Env>
using waiter_of = waiter_for<Loop::wakes, Env, std::remove_cvref_t<decltype(std::declval<Loop&>().policy().token)>>;

/// The driver: `attempt(info)` makes an attempt, `finish(loop, outcome)` makes the result of the call.
template <class T, bool ReadsClock, class Policy, class Env, class Attempt, class Finish>
constexpr decltype(auto) drive(Policy const& policy, Env& environment, Attempt const& attempt, Finish const& finish) {
  auto const start = now_of<ReadsClock>(environment);
  using loop_type = retry_loop<Policy const&, ReadsClock>;
  waiter_of<loop_type, Env> waiter;  // outlives the tickets of the loop
  loop_type loop(policy, start, random_of(environment));
  decision first;
  if constexpr (ReadsClock) {
    first = loop.start_attempt(start, waiter.lend());
  } else {
    first = loop.start_attempt();
  }
  [[maybe_unused]] auto const ended = wait_or_stop(loop, environment, first, waiter);
  if constexpr (loop_type::can_end_unstarted) {
    if (ended) {
      auto none = loop.template unstarted<T>();
      loop.conclude(none);
      return finish(loop, std::move(none));
    }
  }
  std::type_info const* plain = nullptr;
  for (;;) {
    outcome_slot<T> slot;
    slot.fill([&]() -> T { return make_attempt<T, Policy, Env>(loop.info(), attempt); }, plain);
    emptied_at_exit const guard(slot);
    auto const next = finish_one(loop, slot.result, environment);
    if constexpr (can_release<T>) {
      if (next.waits()) release(slot.result);
    }
    if (wait_or_stop(loop, environment, next, waiter)) {
      loop.conclude(slot.result);
      return finish(loop, std::move(slot.result));
    }
  }
}

// The drivers below are the driver above for policies that do nothing before an attempt. Their fast paths are what one
// would write by hand. The first exception leaves the fast path for `drive_on`: a handler that made decisions would
// keep compilers from holding the loop in registers, and would enlarge the frame that every throw has to unwind.

template <class Policy>
inline constexpr bool starts_at_once =
    !Policy::uses_time && !bounds_attempts<Policy> && !Policy::observers_type::hears_before_attempt;

/// Whether every value is a success, and nothing has to be done after an attempt that returns a value.
template <class Policy, class T>
inline constexpr bool fails_by_exception_only =
    accepts_every_value<typename Policy::when_type, T> && !can_fail<T> &&
    !Policy::observers_type::template hears_after_attempt<T> && !Policy::observers_type::template hears_success<T>;

/// An exception type that is known to say nothing about trying again, or null. It saves a lookup.
template <class When>
inline constexpr std::type_info const* likely_type = nullptr;
template <class When>
  requires requires { When::likely_type; }
inline constexpr std::type_info const* likely_type<When> = When::likely_type;

/// Continues a call after its first failure: an exception, or a value that the predicate wants retried.
template <class T, class Policy, class Env, class Attempt>
TENAX_ALWAYS_INLINE inline T drive_rest(retry_loop<Policy const&>& loop, Env& environment, Attempt const& attempt,
                                        stashed_exception& failure, outcome<T>* value) {
  std::type_info const* plain = likely_type<typename Policy::when_type>;
  outcome_slot<T> slot;
  bool asked = value != nullptr;
  if (asked) {
    slot.take(std::move(*value));
  } else {
    slot.keep(failure, plain);
  }
  for (;;) {
    {
      emptied_at_exit const guard(slot);
      auto const next = loop.finish_attempt(slot.result, asked);
      if constexpr (can_release<T>) {
        if (next.waits()) release(slot.result);
      }
      if (wait_or_stop(loop, environment, next)) {
        if constexpr (Policy::observers_type::template hears_end<T>) loop.conclude(slot.result);
        return std::move(slot.result).get();
      }
    }
    asked = false;
    slot.fill(attempt, plain);
  }
}

/// Continues a call after an exception. Takes everything by value, so that the fast path can keep its values in
/// registers until then.
template <class T, class Policy, class Env, class Attempt>
TENAX_COLD T drive_on(retry_loop<Policy const&> loop, Env& environment, Attempt attempt, stashed_exception failure) {
  return drive_rest<T>(loop, environment, attempt, failure, nullptr);
}

/// Continues a call whose first attempt failed: makes the loop, which a success does not need.
template <class T, class Policy, class Env, class Attempt>
TENAX_COLD T drive_failed(Policy const& policy, Env& environment, Attempt attempt, stashed_exception failure,
                          outcome<T>* value) {
  retry_loop<Policy const&> loop(policy, time_point(), random_of(environment));
  return drive_rest<T>(loop, environment, attempt, failure, value);
}

/// Whether the retries of a policy wait: then the code before a retry need not be as fast as a loop without waits.
template <class Wait>
inline constexpr bool never_waits = false;
template <class Wait>
  requires requires { requires Wait::never_waits; }
inline constexpr bool never_waits<Wait> = true;

/// Whether a value needs nothing but the answer of the predicate, and a retry waits.
template <class Policy, class T>
inline constexpr bool only_predicate_judges =
    !can_fail<T> && std::is_same_v<typename Policy::hint_reader_type, own_hint_reader> &&
    !never_waits<typename Policy::wait_type> && !Policy::observers_type::template hears_after_attempt<T> &&
    !Policy::observers_type::template hears_success<T>;

/// Drives a call whose values the predicate judges.
template <class T, class Policy, class Env, class Attempt>
TENAX_ALWAYS_INLINE inline T drive_values(Policy const& policy, Env& environment, Attempt const& attempt) {
  if constexpr (only_predicate_judges<Policy, T>) {
    outcome_slot<T> slot;
    stashed_exception failure;
    if (!slot.fill(attempt, failure)) [[unlikely]]
      return drive_failed<T>(policy, environment, attempt, failure, nullptr);
    emptied_at_exit const guard(slot);
    if (!wants_retry(policy.predicate, tenax::attempt<T>{{.random = random_of(environment)}, slot.result, hint{}})) {
      return std::move(slot.result).get();
    }
    return drive_failed<T>(policy, environment, attempt, failure, &slot.result);
  } else {
    retry_loop<Policy const&> loop(policy, time_point(), random_of(environment));
    for (;;) {
      outcome_slot<T> slot;
      stashed_exception failure;
      if (!slot.fill(attempt, failure)) [[unlikely]]
        return drive_on<T>(std::move(loop), environment, attempt, failure);
      emptied_at_exit const guard(slot);
      auto const next = loop.finish_attempt(slot.result);
      if constexpr (can_release<T>) {
        if (next.waits()) release(slot.result);
      }
      if (wait_or_stop(loop, environment, next)) {
        loop.conclude(slot.result);
        return std::move(slot.result).get();
      }
    }
  }
}

/// Drives a call for which every value is a success: returns the result of the operation directly.
template <class T, class Policy, class Env, class Attempt>
TENAX_ALWAYS_INLINE inline T drive_exceptions([[maybe_unused]] Policy const& policy, [[maybe_unused]] Env& environment,
                                              Attempt const& attempt) {
#if defined(__cpp_exceptions)
  stashed_exception failure;
  try {
    return attempt();
  } catch (std::exception const& e) {
    failure = stashed_exception::current(&e);
  }
#if defined(__GLIBCXX__)
  catch (__cxxabiv1::__forced_unwind const&) {
    throw;
  }
#endif
  catch (...) {
    failure = stashed_exception::current(nullptr);
  }
  return drive_failed<T>(policy, environment, attempt, failure, static_cast<outcome<T>*>(nullptr));
#else
  return attempt();
#endif
}

}  // namespace tenax::detail
