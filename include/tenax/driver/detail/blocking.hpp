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

/// The time for the beginning of a call, if its loop reads the clock. `Anyway`: for a report, even if the policy does
/// not use time, which a policy of any type knows only when the program runs.
template <bool ReadsClock, bool Anyway, class Policy, class Env>
TENAX_ALWAYS_INLINE constexpr time_point start_of([[maybe_unused]] Policy const& policy, Env& environment) {
  if constexpr (ReadsClock && !Anyway) {
    if (!loop_steps<Policy, ReadsClock>::uses_time(policy)) return {};
  }
  return now_of<ReadsClock>(environment);
}

/// Whether the time of a call is that of the real clock.
template <class Env>
inline constexpr bool is_real = std::is_same_v<std::remove_const_t<Env>, real_time>;

/// The random source of an environment; null for the real environment, whose source is this thread's own.
template <class Env>
TENAX_ALWAYS_INLINE constexpr random_source* random_of([[maybe_unused]] Env& environment) {
  if constexpr (!is_real<Env> && requires { environment.random(); }) {
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
  attempt_frame frame;
  if (is_real<Env> && info.started != time_point{}) {
    attempt_scope<true> const scope(frame, info);
    return attempt(info);
  }
  attempt_scope<false> const scope(frame, info);
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

/// The time for the steps of a loop that reads the clock. `Anyway`: for a report, even if the policy does not use time.
template <bool Anyway, class Loop, class Env>
TENAX_ALWAYS_INLINE constexpr time_point time_for(Loop const& loop, Env& environment) {
  if (!Anyway && !loop.uses_time()) return {};
  return time_point(environment.now());
}

/// The steps of a loop; passes the time if the loop uses it, and the waker if gates wake the call.
template <bool Anyway, class Loop, class Env>
TENAX_ALWAYS_INLINE constexpr decision start_next(Loop& loop, [[maybe_unused]] Env& environment,
                                                  [[maybe_unused]] waker w = {}) {
  if constexpr (Loop::wakes && requires { environment.lend(); }) {
    return loop.start_attempt(time_for<Anyway>(loop, environment), environment.lend());
  } else if constexpr (Loop::reads_clock) {
    return loop.start_attempt(time_for<Anyway>(loop, environment), w);
  } else {
    return loop.start_attempt();
  }
}
template <bool Anyway, class Loop, class T, class Env>
TENAX_ALWAYS_INLINE constexpr decision finish_one(Loop& loop, outcome<T> const& result,
                                                  [[maybe_unused]] Env& environment) {
  if constexpr (Loop::reads_clock) {
    return loop.finish_attempt(result, time_for<Anyway>(loop, environment));
  } else {
    return loop.finish_attempt(result);
  }
}

/// Waits as long as the loop asks for it. Returns whether the loop stops.
template <bool Anyway = false, class Loop, class Env, class Waiter = plain_waiter const>
TENAX_ALWAYS_INLINE constexpr bool wait_or_stop(Loop& loop, Env& environment, decision next,
                                                [[maybe_unused]] Waiter&& waiter = {}) {
  while (next.waits()) {
    if (next.delay.count() > 0) {
      if constexpr (Loop::can_end_unstarted) {
        waiter.sleep(environment, next.delay, loop.policy().token);
      } else {
        waiter.sleep(environment, next.delay, no_token());
      }
    }
    if constexpr (Loop::reads_clock) {
      next = loop.template start<true>(time_for<Anyway>(loop, environment), waiter.lend());
    } else {
      next = loop.template start<false>(time_point());
    }
  }
  return next.stops();
}

/// The waiter of a loop.
template <class Loop, class Env>
using waiter_of = waiter_for<Loop::wakes, Env, std::remove_cvref_t<decltype(std::declval<Loop&>().policy().token)>>;

/// The driver: `attempt(info)` makes an attempt, `finish(loop, outcome)` makes the result of the call.
template <class T, bool Reports, class Policy, class Env, class Attempt, class Finish>
constexpr decltype(auto) drive(Policy const& policy, Env& environment, Attempt const& attempt, Finish const& finish) {
  constexpr bool reads_clock = Policy::uses_time || Reports;
  auto const start = start_of<reads_clock, Reports>(policy, environment);
  using loop_type = retry_loop<Policy const&, reads_clock>;
  waiter_of<loop_type, Env> waiter;  // outlives the tickets of the loop
  loop_type loop(policy, start, random_of(environment));
  decision first;
  if constexpr (reads_clock) {
    first = loop.start_attempt(start, waiter.lend());
  } else {
    first = loop.start_attempt();
  }
  [[maybe_unused]] auto const ended = wait_or_stop<Reports>(loop, environment, first, waiter);
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
    auto const next = finish_one<Reports>(loop, slot.result, environment);
    if constexpr (can_release<T>) {
      if (next.waits()) release(slot.result);
    }
    if (wait_or_stop<Reports>(loop, environment, next, waiter)) {
      loop.conclude(slot.result);
      return finish(loop, std::move(slot.result));
    }
  }
}

}  // namespace tenax::detail
