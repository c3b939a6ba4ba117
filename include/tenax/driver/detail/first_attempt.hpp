// SPDX-License-Identifier: MIT
// driver/detail/first_attempt.hpp: the path of a success: a blocking call that ends with its first attempt.
#pragma once

#include <type_traits>
#include <utility>

#include <tenax/driver/detail/operation.hpp>
#include <tenax/driver/detail/policy_copy.hpp>
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

/// The report of a call whose last attempt returned a value, which moves first: compilers then keep nothing for later.
template <class T, class Env>
TENAX_ALWAYS_INLINE inline report<T> report_value(outcome<T>& last, loop_state const& loop, stop_reason reason,
                                                  time_point start, Env& environment) {
  auto const why = loop.refusal();
  return make_report<T>([&]() -> T { return std::move(last).value(); }, reason, loop.attempts(),
                        [&] { return elapsed_since(start, environment); }, loop.waited(), loop.server_wait(),
                        why.reason, "", why.retry_after);
}

/// The same for a first attempt.
template <class T, class Env>
TENAX_ALWAYS_INLINE inline report<T> report_success(outcome<T>& last, time_point start, Env& environment) {
  return make_report<T>([&]() -> T { return std::move(last).value(); }, stop_reason::succeeded, 1,
                        [&] { return elapsed_since(start, environment); }, duration(), {}, "", "", {});
}

template <class T>
struct nothing_at_exit {
  constexpr explicit nothing_at_exit(outcome_slot<T>&) noexcept {}
};

/// Destroys the value in a slot, if there is anything to do.
template <class T, bool Trivial = std::is_trivially_destructible_v<typename stored<T>::type>>
using value_at_exit = std::conditional_t<Trivial, nothing_at_exit<T>, emptied_at_exit<T>>;

/// Leaves a call to `end_unstarted` that ends before its first attempt.
template <bool Reports, class T, class Policy, class Env>
TENAX_ALWAYS_INLINE inline call_result<Reports, T> end_now(Policy const& policy, Env& environment, time_point start,
                                                           stop_reason reason) {
  auto&& rules = policy_for_retries(policy);
  world_for_retries<Env> world = environment;
  return end_unstarted<Reports, T, Policy, Env>(rules, world, start, reason);
}

/// Makes the first attempt. `numbers.time_left` is the time that is left until the deadline.
template <class T, bool Knows, class Policy, class Attempt>
TENAX_ALWAYS_INLINE inline T attempt_first([[maybe_unused]] Policy const& policy, [[maybe_unused]] attempt_frame& frame,
                                           attempt_info const& numbers, Attempt const& attempt) {
  attempt_info info = numbers;
  if constexpr (has_time_left<typename Policy::stop_type>) {
    info.time_left = longer(info.time_left, std::chrono::milliseconds(1));
  }
  if constexpr (Policy::limits_type::times_attempts) info.time_left = shorter(info.time_left, policy.limits.attempt);
  if constexpr (bounds_attempts<Policy>) {
    attempt_scope<Knows> const scope(frame, info);
    return attempt(info);
  } else {
    return attempt(info);
  }
}

/// Whether the operation is called with the attempt's numbers, or the attempt has limits that a client can see.
template <class Policy, class F, class... Args>
inline constexpr bool needs_numbers = bounds_attempts<Policy> || called_with_attempt<F, Args...>;

/// Whether a value needs more than a look at the predicate.
template <class Policy, class T>
inline constexpr bool looks_at_values = !ends_plainly<Policy, T> || !says_nothing<T>;

/// The steps of a call that its driver leaves out.
enum class call_path {
  every_step,  ///< none
  loop,        ///< those before an attempt. For retries without waits, and for policies that look at every value
  first        ///< all but the first attempt; a failure leaves the rest to `retry_call`
};

template <class Policy, class F, class... Args>
inline constexpr bool is_plain = !Policy::uses_time && !needs_numbers<Policy, F, Args...>;

template <class Policy, class T, class F, class... Args>
inline constexpr call_path path_of =
    !starts_plainly<Policy> || (looks_at_values<Policy, T> && !is_plain<Policy, F, Args...>) ? call_path::every_step
    : is_plain<Policy, F, Args...> && (looks_at_values<Policy, T> ||
                                       (never_waits<typename Policy::wait_type> && !fails_by_exception_only<Policy, T>))
        ? call_path::loop
        : call_path::first;

/// Calls the operation until the policy accepts its outcome or gives up. Returns a report, or the last outcome.
template <bool Reports, class T, class Policy, class Env, class F, class... Args>
  requires(path_of<Policy, T, F, Args...> == call_path::every_step)
constexpr call_result<Reports, T> make_call(Policy const& policy, Env& environment, F& f, Args&... args) {
  auto const attempt = [&](attempt_info const& info) -> T { return call_operation(info, f, args...); };
  auto const finish = [&](auto& loop, outcome<T>&& last) -> call_result<Reports, T> {
    return end_call<Reports>(loop, std::move(last), time_point(), environment);
  };
  return drive<T, Reports>(policy, environment, attempt, finish);
}

template <bool Reports, class T, class Policy, class Env, class F, class... Args>
  requires(path_of<Policy, T, F, Args...> == call_path::loop)
TENAX_ALWAYS_INLINE inline call_result<Reports, T> make_call(Policy const& policy, Env& environment, F& f,
                                                             Args&... args) {
  using loop_type = call_loop<Reports, Policy>;
  using likely = likely_exception<typename Policy::when_type>;
  auto const attempt = [&]() -> T { return call_operation(attempt_info{}, f, args...); };
  auto const start = now_of<Reports>(environment);
  loop_type loop(policy, time_point(), random_of(environment));
  for (;;) {
    outcome_slot<T> slot;
    stashed_exception failure;
    if (!slot.template fill<likely>(attempt, failure)) [[unlikely]] {
      // Copies, so that the loop above has its numbers in registers until here.
      auto const again = attempt;
      late_loop::goes_on(loop);
      loop_type resumed(std::move(loop));
      failed_attempt<T, loop_type> last;
      last.failure = failure;
      last.returned = last.wanted = false;
      last.start = last.ended = start.time_since_epoch();
      last.attempt = &again;
      last.repeat = repeat_attempt<T, Policy, Env, false, loop_type, decltype(again)>;
      return retry_call<Reports, T, Policy, Env>(policy, environment, last, &resumed);
    }
    [[maybe_unused]] value_at_exit<T> const guard(slot);
    auto const next = loop.finish_attempt(slot.result);
    if constexpr (can_release<T>) {
      if (next.waits()) release(slot.result);
    }
    if (wait_or_stop(loop, environment, next)) {
      loop.conclude(slot.result);
      if constexpr (Reports) {
        // Nothing but this decision ends the call: there is no token, deadline or gate.
        return report_value(slot.result, loop, next.reason, start, environment);
      } else {
        return static_cast<outcome<T>&&>(slot.result).value();
      }
    }
  }
}

template <bool Reports, class T, class Policy, class Env, class F, class... Args>
  requires(path_of<Policy, T, F, Args...> == call_path::first)
TENAX_ALWAYS_INLINE inline call_result<Reports, T> make_call(Policy const& policy, Env& environment, F& f,
                                                             Args&... args) {
  using loop_type = call_loop<Reports, Policy>;
  using likely = likely_exception<typename Policy::when_type>;
  constexpr bool uses_clock = loop_type::reads_clock;
  constexpr bool predicate_uses_clock = uses_time<typename Policy::when_type>;
  constexpr bool has_deadline = has_time_left<typename Policy::stop_type>;
  constexpr bool has_token = can_stop<typename Policy::token_type>;
  constexpr bool informed = called_with_attempt<F, Args...>;
  constexpr bool knows = is_real<Env> && (uses_clock || Reports);  // when the attempt begins, on the real clock
  auto const attempt = [&](attempt_info const& info = {}) -> T {
    if constexpr (informed) {
      return f(info, args...);
    } else if constexpr (called_directly<F, Args...>) {
      return f(args...);
    } else {
      return call_operation(info, f, args...);
    }
  };

  time_point begin;
  if constexpr (uses_clock || Reports) begin = time_point(environment.now());
  attempt_info numbers{.started = begin, .random = random_of(environment)};
  if constexpr (has_token || has_deadline) numbers = first_info(policy, environment, begin);
  set_name(policy.limits, numbers);
  if constexpr (has_token) {
    if (asked_to_stop(policy.token)) [[unlikely]]
      return end_now<Reports, T>(policy, environment, begin, stop_reason::cancelled);
  }
  if constexpr (has_deadline) {
    if (numbers.time_left.count() == 0) [[unlikely]]
      return end_now<Reports, T>(policy, environment, begin, stop_reason::expired_on_entry);
  }

  attempt_frame frame;
  failed_attempt<T, loop_type> failed;
  bool returned = false;
  bool wanted = false;
  time_point ended;
  auto const first = [&]() -> T {
    if constexpr (needs_numbers<Policy, F, Args...>) {
      return attempt_first<T, knows>(policy, frame, numbers, attempt);
    } else {
      return attempt();
    }
  };
  if constexpr (!Reports && fails_by_exception_only<Policy, T>) {
#if defined(__cpp_exceptions)
    try {
      if constexpr (std::is_void_v<likely>) {
        return first();
      } else {
        try {
          return first();
        } catch (likely const& e) {
          failed.failure.keep(e);
        }
      }
    } catch (std::exception const& e) {
      failed.failure.keep(e);
    } catch (...) {
      failed.failure.keep_other();
    }
#else
    return first();
#endif
  } else {
    outcome_slot<T> slot;
    if constexpr (needs_numbers<Policy, F, Args...>) {
      returned = slot.template fill<likely>(first, failed.failure);
    } else {
      returned = slot.template fill<likely>(attempt, failed.failure);
    }
    if (returned) [[likely]] {
      [[maybe_unused]] value_at_exit<T> const guard(slot);
      bool good = true;
      if constexpr (can_fail<T>) good = !result_failed(slot.result);
      if constexpr (!fails_by_exception_only<Policy, T>) {
        if constexpr (predicate_uses_clock) {
          ended = time_point(environment.now());
          numbers.elapsed = saturating_between(begin, ended);
        }
        tenax::attempt<T> const a{numbers, slot.result, hint{}};
        if constexpr (has_veto<typename Policy::when_type>) {
          wanted = good && policy.predicate.wants(a);
        } else {
          wanted = good && policy.predicate(a);
        }
      }
      if (good && !wanted) {
        if constexpr (Reports) {
          return report_success(slot.result, begin, environment);
        } else {
          return static_cast<outcome<T>&&>(slot.result).value();
        }
      }
      failed.slot.take(static_cast<outcome<T>&&>(slot.result));
    }
  }

  // Copies that are made here only, so that the path of a success has none of them in memory. The start of the call is
  // in the frame already, if there is one: then no register has to hold it.
  auto const again = attempt;
  auto&& rules = policy_for_retries(policy);
  world_for_retries<Env> world = environment;
  failed.returned = returned;
  failed.wanted = wanted;
  failed.start = knows && has_deadline ? frame.begun : begin.time_since_epoch();
  if constexpr (uses_clock) {
    if (!predicate_uses_clock || !returned) ended = time_point(environment.now());
  }
  failed.ended = ended.time_since_epoch();
  failed.attempt = &again;
  failed.repeat = repeat_attempt<T, Policy, Env, informed, loop_type, decltype(again)>;
  return retry_call<Reports, T, Policy, Env>(rules, world, failed, nullptr);
}

/// The report of a call, with its name if it has one.
template <class T, class Policy, class Env, class F, class... Args>
TENAX_ALWAYS_INLINE inline report<T> report_call(Policy const& policy, Env& environment, F& f, Args&... args) {
  auto r = make_call<true, T>(policy, environment, f, args...);
  set_name(policy.limits, r);
  return r;
}

}  // namespace tenax::detail
