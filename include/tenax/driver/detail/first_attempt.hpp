// SPDX-License-Identifier: MIT
// driver/detail/first_attempt.hpp: the path of a success: a blocking call that ends with its first attempt.
#pragma once

#include <type_traits>
#include <utility>

#include <tenax/driver/detail/operation.hpp>
#include <tenax/driver/detail/retries.hpp>

namespace tenax::detail {

/// Whether a call does nothing before its first attempt but look at its token and its deadline.
template <class Policy>
inline constexpr bool starts_plainly = Policy::gates_type::empty && !Policy::observers_type::hears_before_attempt;

/// Whether a value that does not fail ends the call without more than a look at the predicate.
template <class Policy, class T>
inline constexpr bool ends_plainly =
    std::is_same_v<typename Policy::hint_reader_type, own_hint_reader> &&
    !Policy::observers_type::template hears_after_attempt<T> && !Policy::observers_type::template hears_success<T>;

/// Whether nothing but the traits that the library knows says what a value means.
template <class T>
inline constexpr bool says_nothing = true;
template <class T>
  requires can_fail<T>
inline constexpr bool says_nothing<T> = requires { traits_of<T>::unspecialized; };

/// Whether every value is a success.
template <class Policy, class T>
inline constexpr bool fails_by_exception_only = accepts_every_value<typename Policy::when_type, T> && !can_fail<T>;

/// Whether the retries of a policy do not wait: then the code before a retry has to be as fast as a loop without waits.
template <class Wait>
inline constexpr bool never_waits = false;
template <class Wait>
  requires requires { requires Wait::never_waits; }
inline constexpr bool never_waits<Wait> = true;

/// Whether the path of a retry gets a copy, because that costs nothing: then the path of a success does not need the
/// original in memory.
template <class P>
inline constexpr bool copied_for_retries = __is_trivially_copyable(P) && sizeof(P) <= 256;

template <class Env>
using world_for_retries = std::conditional_t<copied_for_retries<Env>, Env, Env&>;

// Copies, part by part: compilers hold the parts of a policy in registers, but not a part that is copied as a whole and
// has holes.
template <class P>
TENAX_ALWAYS_INLINE constexpr P const& part(P const& p) {
  return p;
}
template <class L, class R>
TENAX_ALWAYS_INLINE constexpr stop::any_of<L, R> part(stop::any_of<L, R> const& p) {
  return stop::any_of<L, R>(detail::part(p.left), detail::part(p.right));
}
template <class Earlier, class Observer>
TENAX_ALWAYS_INLINE constexpr observers<Earlier, Observer> part(observers<Earlier, Observer> const& p) {
  return observers<Earlier, Observer>(detail::part(p.earlier), p.own);
}

template <class W, class Jitter>
TENAX_ALWAYS_INLINE constexpr wait::jittered<W, Jitter> part(wait::jittered<W, Jitter> const& p) {
  return wait::jittered<W, Jitter>(p.strategy, p.jitter);
}
template <bool Restarts>
TENAX_ALWAYS_INLINE constexpr basic_limits<Restarts> part(basic_limits<Restarts> const& l) {
  return {{l.server.max, l.server.action}};
}
template <bool Restarts>
TENAX_ALWAYS_INLINE constexpr timed_limits<Restarts> part(timed_limits<Restarts> const& l) {
  return {{l.server.max, l.server.action}, l.attempt};
}

template <class Policy>
TENAX_ALWAYS_INLINE constexpr decltype(auto) policy_for_retries(Policy const& p) {
  if constexpr (copied_for_retries<Policy>) {
    return Policy{p.predicate, part(p.strategy), part(p.condition), part(p.observers),
                  p.gates,     p.token,          p.hint_reader,     part(p.limits)};
  } else {
    return (p);
  }
}

/// The result of a call whose first attempt returned a value.
template <bool Reports, class T, class Env>
TENAX_ALWAYS_INLINE inline call_result<Reports, T> end_first(outcome<T>& last, [[maybe_unused]] time_point start,
                                                             [[maybe_unused]] Env& environment) {
  if constexpr (Reports) {
    // The value moves first, so that compilers keep nothing for the time in which the clock is read.
    return make_report<T>([&]() -> T { return std::move(last).value(); }, stop_reason::succeeded, 1,
                          [&] { return elapsed_since(start, environment); }, duration(), {}, "", {});
  } else {
    return std::move(last).value();
  }
}

template <class T>
struct nothing_at_exit {
  constexpr explicit nothing_at_exit(outcome_slot<T>&) noexcept {}
};

/// Destroys the value in a slot, if there is anything to do.
template <class T, bool Trivial = std::is_trivially_destructible_v<typename stored<T>::type>>
using value_at_exit = std::conditional_t<Trivial, nothing_at_exit<T>, emptied_at_exit<T>>;

/// Leaves a call to `retry_call` after a first attempt that failed.
template <bool Reports, class T, bool Informed, class Policy, class Env, class Attempt>
TENAX_ALWAYS_INLINE inline call_result<Reports, T> go_on(Policy const& policy, Env& environment, Attempt const& attempt,
                                                         failed_attempt<T, retry_loop<Policy const&>>& first,
                                                         bool returned, bool wanted, time_point start,
                                                         time_point ended) {
  // Copies that are made here only, so that the path of a success has none of them in memory.
  Attempt const again = attempt;
  auto&& rules = policy_for_retries(policy);
  world_for_retries<Env> world = environment;
  first.returned = returned;
  first.wanted = wanted;
  first.start = start.time_since_epoch();
  first.ended = ended.time_since_epoch();
  first.attempt = &again;
  first.repeat = repeat_attempt<T, Env, Informed, retry_loop<Policy const&>, Attempt>;
  return retry_call<Reports, T, Policy, Env>(rules, world, first);
}

/// Leaves a call to `end_unstarted` that ends before its first attempt.
template <bool Reports, class T, class Policy, class Env>
TENAX_ALWAYS_INLINE inline call_result<Reports, T> end_now(Policy const& policy, Env& environment, time_point start,
                                                           stop_reason reason) {
  auto&& rules = policy_for_retries(policy);
  world_for_retries<Env> world = environment;
  return end_unstarted<Reports, T, Policy, Env>(rules, world, start, reason);
}

/// Makes the first attempt. `numbers.time_left` is the time that is left until the deadline.
template <class T, class Policy, class Env, class Attempt>
TENAX_ALWAYS_INLINE inline T attempt_first([[maybe_unused]] Policy const& policy,
                                           [[maybe_unused]] attempt_frame& frame, attempt_info const& numbers,
                                           Attempt const& attempt) {
  attempt_info info = numbers;
  if constexpr (has_time_left<typename Policy::stop_type>) {
    info.time_left = longer(info.time_left, std::chrono::milliseconds(1));
  }
  if constexpr (Policy::limits_type::times_attempts) info.time_left = shorter(info.time_left, policy.limits.attempt);
  if constexpr (bounds_attempts<Policy>) {
    attempt_scope<is_real<Env> && Policy::uses_time> const scope(frame, info);
    return attempt(info);
  } else {
    return attempt(info);
  }
}

/// Makes the first attempt, and leaves what comes after it to `retry_call`, unless it is a success.
template <bool Reports, class T, bool Informed, class Policy, class Env, class Attempt>
TENAX_ALWAYS_INLINE inline call_result<Reports, T> make_first(Policy const& policy, Env& environment,
                                                              Attempt const& attempt) {
  constexpr bool uses_clock = Policy::uses_time;
  constexpr bool predicate_uses_clock = uses_time<typename Policy::when_type>;
  // The frame is in memory while the attempt is made. So the start is read there, instead of being kept in a register.
  constexpr bool start_in_frame = is_real<Env> && uses_clock && has_time_left<typename Policy::stop_type>;
  attempt_frame frame;
  auto const begin = now_of<uses_clock || Reports>(environment);
  auto numbers = first_info(policy, environment, begin);
  if constexpr (can_stop<typename Policy::token_type>) {
    if (asked_to_stop(policy.token)) [[unlikely]]
      return end_now<Reports, T>(policy, environment, begin, stop_reason::cancelled);
  }
  if constexpr (has_time_left<typename Policy::stop_type>) {
    if (numbers.time_left.count() == 0) [[unlikely]]
      return end_now<Reports, T>(policy, environment, begin, stop_reason::expired_on_entry);
  }
  auto const start = [&] {
    return start_in_frame ? time_point(frame.begun) : begin;
  };
  failed_attempt<T, retry_loop<Policy const&>> failed;
  bool returned = false;
  bool wanted = false;
  time_point ended;
  if constexpr (!Reports && fails_by_exception_only<Policy, T>) {
#if defined(__cpp_exceptions)
    try {
      return attempt_first<T, Policy, Env>(policy, frame, numbers, attempt);
    } catch (std::exception const& e) {
      failed.failure.keep(e);
    } catch (...) {
      failed.failure.keep_other();
    }
#else
    return attempt_first<T, Policy, Env>(policy, frame, numbers, attempt);
#endif
  } else {
    outcome_slot<T> slot;
    returned = slot.fill([&]() -> T { return attempt_first<T, Policy, Env>(policy, frame, numbers, attempt); }, failed.failure);
    if (returned) [[likely]] {
      value_at_exit<T> const guard(slot);
      bool const good = !result_failed(slot.result);
      if constexpr (!fails_by_exception_only<Policy, T>) {
        if constexpr (predicate_uses_clock) {
          ended = now_of<true>(environment);
          numbers.elapsed = saturating_between(begin, ended);
        }
        wanted = good && wants_retry(policy.predicate, tenax::attempt<T>{numbers, slot.result, hint{}});
      }
      if (good && !wanted) return end_first<Reports>(slot.result, start(), environment);
      failed.slot.take(std::move(slot.result));
    }
  }
  if (!predicate_uses_clock || !returned) ended = now_of<uses_clock>(environment);
  return go_on<Reports, T, Informed>(policy, environment, attempt, failed, returned, wanted, start(), ended);
}

/// A loop that keeps the path of a retry inline: for retries without waits, and for policies that look at every value.
template <bool Reports, class T, class Policy, class Env, class Attempt>
TENAX_ALWAYS_INLINE inline call_result<Reports, T> make_attempts(Policy const& policy, Env& environment,
                                                                 Attempt const& attempt) {
  using loop_type = retry_loop<Policy const&>;
  auto const start = now_of<Reports>(environment);
  loop_type loop(policy, time_point(), random_of(environment));
  auto const make = [&]() -> T { return attempt({}); };
  for (;;) {
    outcome_slot<T> slot;
    stashed_exception failure;
    if (!slot.fill(make, failure)) [[unlikely]] {
      Attempt const again = attempt;
      failed_attempt<T, loop_type> last;
      last.failure = failure;
      last.returned = last.wanted = false;
      last.start = last.ended = start.time_since_epoch();
      last.attempt = &again;
      last.repeat = repeat_attempt<T, Env, false, loop_type, Attempt>;
      return resume_call<Reports, T>(std::move(loop), environment, last);
    }
    emptied_at_exit const guard(slot);
    auto const next = loop.finish_attempt(slot.result);
    if constexpr (can_release<T>) {
      if (next.waits()) release(slot.result);
    }
    if (wait_or_stop(loop, environment, next)) {
      loop.conclude(slot.result);
      return end_call<Reports>(loop, std::move(slot.result), start, environment);
    }
  }
}

/// Calls the operation until the policy accepts its outcome or gives up. Returns a report, or the last outcome.
template <bool Reports, class T, class Policy, class Env, class F, class... Args>
TENAX_ALWAYS_INLINE inline call_result<Reports, T> make_call(Policy const& policy, Env& environment, F& f,
                                                             Args&... args) {
  constexpr bool informed = called_with_attempt<F, Args...>;
  constexpr bool looks_at_values = !ends_plainly<Policy, T> || !says_nothing<T>;
  constexpr bool loops = looks_at_values || (never_waits<typename Policy::wait_type> && !fails_by_exception_only<Policy, T>);
  auto const attempt = [&](attempt_info const& info) -> T { return call_operation(info, f, args...); };
  if constexpr (!starts_plainly<Policy> ||
                (looks_at_values && (Policy::uses_time || bounds_attempts<Policy> || informed))) {
    constexpr bool reads_clock = Policy::uses_time || Reports;
    auto const finish = [&](auto& loop, outcome<T>&& last) {
      return end_call<Reports>(loop, std::move(last), time_point(), environment);
    };
    return drive<T, reads_clock>(policy, environment, attempt, finish);
  } else if constexpr (loops && !Policy::uses_time && !bounds_attempts<Policy> && !informed) {
    return make_attempts<Reports, T>(policy, environment, attempt);
  } else {
    return make_first<Reports, T, informed>(policy, environment, attempt);
  }
}

}  // namespace tenax::detail
