// SPDX-License-Identifier: MIT
// retry_loop.hpp: the retry engine: one call's progress as a state machine, without clock, sleep or I/O.
#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

#include <tenax/driver/detail/loop_state.hpp>
#include <tenax/driver/detail/loop_steps.hpp>
#include <tenax/platform/compiler.hpp>
#include <tenax/policy.hpp>

namespace tenax {

/// The progress of one call: decides what to do next, and leaves acting to the driver. Never sleeps, reads a clock or
/// does I/O, so it works in any event loop and in virtual time.
///
/// A driver is this loop, with its own `pause` and `operation`:
/// ```
/// tenax::retry_loop loop{policy, now()};
/// auto next = loop.start_attempt(now());
/// while (next.waits()) { pause(next.delay); next = loop.start_attempt(now()); }
/// while (next.starts()) {
///   auto const result = tenax::capture(operation);            // an outcome<T>
///   next = loop.finish_attempt(result, now());
///   while (next.waits()) { pause(next.delay); next = loop.start_attempt(now()); }
///   if (next.stops()) loop.conclude(result);
/// }
/// ```
/// Every `now` must be given, unless `reads_clock` is false: then no part of the policy uses time.
///
/// One turn, in this order: gates admit? -> `before_attempt` -> (the attempt) -> the hint is read -> `after_attempt` ->
/// retry predicate -> gates record the result -> wait strategy -> stop condition -> would gates refuse? ->
/// `before_sleep`. A callback's exception passes through; the loop may then only be destroyed, which gives back what
/// gates granted. If a gate's `record` throws, a value stays: the exception is dropped.
///
/// A timer may fire early: if `start_attempt` gets the time, it then answers `wait` for the rest.
///
/// `Policy` is held by value; `retry_loop<Policy const&>` refers to a policy that outlives the loop. Set `ReadsClock`
/// to true to have `info().elapsed` for a policy that does not use time.
///
/// Thread safety: distinct objects safe; a shared object unsafe.
template <class Policy, bool ReadsClock = std::remove_cvref_t<Policy>::uses_time>
class retry_loop : public detail::loop_state {
  using policy_type = std::remove_cvref_t<Policy>;
  using stop_type = typename policy_type::stop_type;
  using gates_type = typename policy_type::gates_type;
  using steps = detail::loop_steps<policy_type, ReadsClock>;
  static constexpr bool has_token = detail::can_stop<typename policy_type::token_type>;
  static constexpr bool has_deadline = detail::has_time_left<stop_type>;

 public:
  /// Whether any part of the policy uses time, and whether gates wake a call that waits at them.
  static constexpr bool reads_clock = ReadsClock;
  static constexpr bool wakes = gates_type::wakes;
  /// Whether a call can end before its first attempt.
  static constexpr bool can_end_unstarted = has_token || has_deadline || !gates_type::empty;

  /// Begins a call at `now`. `random` outlives the loop; null means the source of the thread that draws.
  TENAX_ALWAYS_INLINE constexpr explicit retry_loop(Policy policy, time_point now, random_source* random = nullptr)
      : loop_state(now, random), policy_(static_cast<Policy&&>(policy)) {}
  TENAX_ALWAYS_INLINE constexpr explicit retry_loop(Policy policy)
      : retry_loop(static_cast<Policy&&>(policy), without_time<reads_clock>()) {}

  /// Moves the state of the call; the loop moved from may only be destroyed.
  TENAX_ALWAYS_INLINE constexpr retry_loop(retry_loop&& other) noexcept
      : loop_state(std::move(other)),
        policy_(static_cast<Policy&&>(other.policy_)),
        tickets_(std::move(other.tickets_)) {}

  /// Whether the next attempt may start: `attempt`, `wait` (then call it again), or `stop`. Call it at the beginning
  /// and after every wait, even one that was cut short. `w` ends a wait at a gate early, and must outlive it.
  TENAX_ALWAYS_INLINE constexpr decision start_attempt() { return start<false>(without_time<reads_clock>()); }
  TENAX_ALWAYS_INLINE constexpr decision start_attempt(time_point now, waker w = {}) { return start<true>(now, w); }

  /// Decides after an attempt from its outcome: `wait` (then call `start_attempt`) or `stop`.
  template <class T>
  TENAX_ALWAYS_INLINE constexpr decision finish_attempt(outcome<T> const& result) {
    return steps::template finish<false>(*this, policy_, tickets_, result, without_time<reads_clock>(), false);
  }
  template <class T>
  TENAX_ALWAYS_INLINE constexpr decision finish_attempt(outcome<T> const& result, time_point now) {
    return steps::template finish<true>(*this, policy_, tickets_, result, now, false);
  }

  /// Tells the observers how the call ended. Call it once, after a decision to stop, with the last outcome, or with
  /// `unstarted<T>()` if there was no attempt; the attempt's number is 0 then.
  template <class T>
  TENAX_ALWAYS_INLINE constexpr void conclude(outcome<T> const& result) {
    steps::conclude(*this, policy_, result);
  }

  /// The outcome of a call that ended before its first attempt: `tenax::cancelled`, `tenax::refused` or
  /// `tenax::expired`. In a build without exceptions it is empty.
  template <class T>
  [[nodiscard]] outcome<T> unstarted() const {
    return detail::unstarted_exception(reason_, refusal());
  }

  /// The numbers of the attempt that is under way or may start next.
  [[nodiscard, gnu::always_inline]] constexpr attempt_info info() const noexcept {
    auto next = numbers(policy_.token, policy_.limits);
    if constexpr (has_deadline) next.time_left = detail::longer(next.time_left, std::chrono::milliseconds(1));
    if constexpr (policy_type::limits_type::times_attempts) {
      next.time_left = detail::shorter(next.time_left, policy_.limits.attempt);
    }
    return next;
  }

  [[nodiscard]] constexpr policy_type const& policy() const noexcept { return policy_; }

  // For the library's drivers. `Told`: `now` is the time. `asked`: the predicate was called, and wants another attempt.
  template <bool Told>
  TENAX_ALWAYS_INLINE constexpr decision start(time_point now, [[maybe_unused]] waker w = {}) {
    return steps::template start<Told>(*this, policy_, tickets_, now, w);
  }
  template <bool Told, class T>
  TENAX_ALWAYS_INLINE constexpr decision finish(outcome<T> const& result, time_point now, bool asked) {
    return steps::template finish<Told>(*this, policy_, tickets_, result, now, asked);
  }
  // Whether the loop uses the time that it is told, apart from `elapsed()`.
  [[nodiscard]] TENAX_ALWAYS_INLINE constexpr bool uses_time() const noexcept { return steps::uses_time(policy_); }

 private:
  Policy policy_;
  typename gates_type::tickets tickets_{};
};

template <class... Parts>
retry_loop(policy<Parts...> const&, time_point = {}, random_source* = nullptr) -> retry_loop<policy<Parts...>>;

}  // namespace tenax
