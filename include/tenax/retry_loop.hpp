// SPDX-License-Identifier: MIT
// retry_loop.hpp: the retry engine: one call's progress as a state machine, without clock, sleep or I/O.
#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

#include <tenax/driver/detail/loop_state.hpp>
#include <tenax/driver/detail/reading.hpp>
#include <tenax/gate/detail/feedback.hpp>
#include <tenax/platform/compiler.hpp>
#include <tenax/policy.hpp>
#include <tenax/result_traits.hpp>
#include <tenax/wait/bounds.hpp>

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
  using wait_type = typename policy_type::wait_type;
  using stop_type = typename policy_type::stop_type;
  using gates_type = typename policy_type::gates_type;
  using observers_type = typename policy_type::observers_type;
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
    return finish<false>(result, without_time<reads_clock>(), false);
  }
  template <class T>
  TENAX_ALWAYS_INLINE constexpr decision finish_attempt(outcome<T> const& result, time_point now) {
    return finish<true>(result, now, false);
  }

  /// Tells the observers how the call ended. Call it once, after a decision to stop, with the last outcome, or with
  /// `unstarted<T>()` if there was no attempt; the attempt's number is 0 then.
  template <class T>
  TENAX_ALWAYS_INLINE constexpr void conclude([[maybe_unused]] outcome<T> const& result) {
    if constexpr (observers_type::template hears_end<T>) {
      if (!detail::hears_end_now<T>(policy_.observers)) return;
      attempt<T> a{numbers(policy_.token, policy_.limits), result,
                   hint{.wait = server_wait_, .ignored = {ignored_, ignored_size_}}};
      a.number = attempts_;
      a.server_wait = server_wait_;
      if (reason_ == stop_reason::succeeded) {
        policy_.observers.on_success(a);
      } else {
        policy_.observers.on_give_up(a, reason_);
      }
    }
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
    if constexpr (reads_clock) elapsed_ = saturating_between(started_, now);
    if constexpr (has_token) {
      if (detail::asked_to_stop(policy_.token)) {
        if constexpr (reads_clock) settle_wait(saturating_between(paused_at_, now));
        return give_back_and_stop(stop_reason::cancelled);
      }
    }
    if constexpr (Told) {
      if (backs_off_ && ends_early(now)) {
        return {.next = decision::step::wait,
                .delay = saturating_subtract(pending_, saturating_between(paused_at_, now))};
      }
    }
    settle_wait(wakes && !backs_off_ ? saturating_between(paused_at_, now) : pending_);
    previous_wait_ = last_wait_;
    if constexpr (has_deadline) {
      time_left_ = detail::time_left_of(policy_.condition, [&] { return numbers(policy_.token, policy_.limits); });
      if (time_left_.count() == 0 && (attempts_ == 0 || !detail::may_clip(policy_.condition))) {
        return give_back_and_stop(out_of_time().reason);
      }
    }
    if constexpr (!gates_type::empty) {
      admission answer =
          detail::ask_gates(policy_.gates, tickets_, [&] { return numbers(policy_.token, policy_.limits); }, now, w);
      if (answer.refused()) return refused_by(answer);
      if (answer.waits()) {
        auto const& server = policy_.limits.server;
        if (waits_too_long(answer, has_deadline && has_time_limit(), server.max, server.action == too_long::give_up)) {
          return give_back_and_stop(reason_);
        }
        if constexpr (observers_type::hears_gate_wait) {
          gate_wait next{numbers(policy_.token, policy_.limits)};
          next.upcoming_wait = answer.sleep();
          policy_.observers.before_gate_wait(next);
          if (detail::asked_to_stop(policy_.token)) return give_back_and_stop(stop_reason::cancelled);
        }
        if constexpr (Told) backs_off_ = false;
        return wait(answer.sleep(), now);
      }
    }
    if constexpr (observers_type::hears_before_attempt) {
      detail::tell_start(policy_.observers, [&] { return numbers(policy_.token, policy_.limits); });
      if (detail::asked_to_stop(policy_.token)) return give_back_and_stop(stop_reason::cancelled);
    }
    if constexpr (gates_type::has_started) policy_.gates.started(tickets_, now);
    return {};
  }

  template <bool Told, class T>
  TENAX_ALWAYS_INLINE constexpr decision finish(outcome<T> const& result, time_point now, bool asked) {
    attempts_ = next_number();
    if constexpr (reads_clock) elapsed_ = saturating_between(started_, now);
    attempt<T> a{numbers(policy_.token, policy_.limits), result,
                 detail::read_hint<typename policy_type::hint_reader_type>(result)};
    a.number = attempts_;
    if constexpr (!std::is_same_v<typename policy_type::hint_reader_type, detail::own_hint_reader>) {
      a.hint = detail::completed(policy_.hint_reader(a), a.hint, detail::binds(result));
    }
    a.server_wait = server_wait_ = a.hint.wait;
    if constexpr (observers_type::template hears_end<T>) {
      ignored_ = a.hint.ignored.data();
      ignored_size_ = a.hint.ignored.size();
    }
    if constexpr (observers_type::template hears_after_attempt<T>) policy_.observers.after_attempt(a);

    bool wanted = asked;
    if (!asked && a.hint.verdict != verdict::none && a.hint.verdict != verdict::transient) {
      wanted = a.hint.verdict == verdict::retry;
    } else if (!asked) {
      if constexpr (detail::has_veto<typename policy_type::when_type>) {
        wanted = policy_.predicate.wants(a);
      } else {
        wanted = policy_.predicate(a);
      }
    }
    bool retry = wanted;
    if constexpr (detail::can_fail<T> || detail::has_veto<typename policy_type::when_type>) {
      retry = wanted && (detail::can_repeat(result) || detail::goes_on(policy_.predicate, a)) &&
              detail::permits_retry(policy_.predicate, a);
    }
    [[maybe_unused]] auto how = feedback::kind::success;
    if constexpr (!gates_type::empty || has_token) {
      how = detail::kind_of(result, a.hint, {.retried = wanted, .cancelled = detail::asked_to_stop(policy_.token)});
      polls_ = how == feedback::kind::success;
      if constexpr (!gates_type::empty) {
        detail::tell_gates(policy_.gates, result.has_value(), [&] {
          auto const obeyed = detail::obeyed_wait(a.hint.wait, policy_.limits.server);
          feedback f{.how = how, .server_wait = obeyed, .left = detail::quota_left(policy_, a)};
          if constexpr (policy_type::limits_type::times_attempts) f.attempt_limit = policy_.limits.attempt;
          policy_.gates.record(tickets_, f, now);
        });
        tickets_ = {};
      }
      if (how == feedback::kind::cancelled) return stop(stop_reason::cancelled);
    }
    // A value that the predicate wants repeated is no success if it cannot be.
    if (!retry) return stop(end_of(!wanted && result.has_value() && !detail::result_failed(result), a.hint.verdict));
    if constexpr (has_token) {
      if (detail::asked_to_stop(policy_.token)) return stop(stop_reason::cancelled);
    }

    if (a.server_wait && a.server_wait->count() > policy_.limits.server.max.count()) {
      if (policy_.limits.server.action == too_long::give_up) return stop(stop_reason::server_wait_too_long);
      a.server_wait = detail::visible_wait(a.hint.wait, policy_.limits.server);
    }
    if constexpr (policy_type::limits_type::restarts) {
      if (a.hint.progress && detail::restarts(policy_.limits)) {
        progress_at_ = attempts_ - 1;
        a.previous_wait = previous_wait_ = duration::zero();
      }
      a.number = attempts_ - progress_at_;
    }
    static_assert(!detail::is_partial<wait_type, attempt<T>>,
                  "tenax: .wait() needs a strategy that always has an answer; end it with "
                  "wait::first_of(..., wait::exponential())");
    a.upcoming_wait = optional_duration(detail::ask_wait(policy_.strategy, a)).value_or(duration::zero());
    if constexpr (detail::clips<stop_type>) a.upcoming_wait = detail::clip_wait(policy_.condition, a);
    auto const least = detail::least_wait(a.server_wait, a.hint.wait, a.upcoming_wait, policy_.limits.server);
    if (least && least->count() >= a.upcoming_wait.count()) {
      a.upcoming_wait = *least;
      a.source = wait_source::server;
    }
    if constexpr (has_token) {
      if (detail::asked_to_stop(policy_.token)) return stop(stop_reason::cancelled);
    }

    stop::answer enough = detail::ask_stop(policy_.condition, a);
    if constexpr (has_token) {
      if (detail::asked_to_stop(policy_.token)) return stop(stop_reason::cancelled);
    }
    if (enough.stop) return stop(enough.reason);
    if constexpr (gates_type::has_would_admit) {
      auto const then = time_point(saturating_add(now.time_since_epoch(), a.upcoming_wait));
      auto const answer = detail::foresee(
          policy_.gates, tickets_, [&] { return numbers(policy_.token, policy_.limits); }, how, now, then);
      if (answer.refused()) return refused_by(answer);
    }

    if constexpr (observers_type::template hears_before_sleep<T>) {
      a.server_wait = a.hint.wait;
      a.number = attempts_;
      policy_.observers.before_sleep(a);
      if (detail::asked_to_stop(policy_.token)) return give_back_and_stop(stop_reason::cancelled);
    }
    last_wait_ = a.upcoming_wait;
    if constexpr (Told) backs_off_ = true;  // without the time, the driver's timer is believed
    return wait(a.upcoming_wait, now);
  }

 private:
  constexpr decision refused_by(admission const& answer) {
    refusal_ = answer.reason;
    refusal_retry_after_ = answer.retry_after;
    return give_back_and_stop(stop_reason::refused_by_gate);
  }

  /// Stops before an attempt and gives back to the gates what they granted.
  constexpr decision give_back_and_stop(stop_reason reason) {
    tickets_ = {};
    return stop(reason);
  }

  Policy policy_;
  typename gates_type::tickets tickets_{};
};

template <class... Parts>
retry_loop(policy<Parts...> const&, time_point = {}, random_source* = nullptr) -> retry_loop<policy<Parts...>>;

}  // namespace tenax
