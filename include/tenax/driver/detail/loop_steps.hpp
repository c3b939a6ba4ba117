// SPDX-License-Identifier: MIT
// driver/detail/loop_steps.hpp: the steps of retry_loop, apart from the object that holds a loop's parts.
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

namespace tenax::detail {

/// The steps of a loop: functions of its numbers, its policy, and the tickets that it holds. `Policy` is a policy, or
/// an object with the same members that refer to the parts of one. See `retry_loop` for what the steps do. An
/// `any_retrying` has steps of its own, which make one call through a pointer each.
template <class Policy, bool ReadsClock>
struct loop_steps {
  using wait_type = typename Policy::wait_type;
  using stop_type = typename Policy::stop_type;
  using gates_type = typename Policy::gates_type;
  using observers_type = typename Policy::observers_type;
  using tickets_type = typename gates_type::tickets;
  static constexpr bool has_token = can_stop<typename Policy::token_type>;
  static constexpr bool has_deadline = has_time_left<stop_type>;

  /// Whether the steps use the time that they are told. Those of an `any_retrying` know it only when the program runs.
  TENAX_ALWAYS_INLINE static constexpr bool uses_time(Policy const&) noexcept { return ReadsClock; }

  template <bool Told>
  TENAX_ALWAYS_INLINE static constexpr decision start(loop_state& loop, Policy const& policy, tickets_type& tickets,
                                                      time_point now, [[maybe_unused]] waker w) {
    if constexpr (ReadsClock) loop.elapsed_ = saturating_between(loop.started_, now);
    if constexpr (has_token) {
      if (asked_to_stop(policy.token)) {
        if constexpr (ReadsClock) loop.settle_wait(saturating_between(loop.paused_at_, now));
        return give_back_and_stop(loop, tickets, stop_reason::cancelled);
      }
    }
    if constexpr (Told) {
      if (loop.backs_off_ && loop.ends_early(now)) {
        return {.next = decision::step::wait,
                .delay = saturating_subtract(loop.pending_, saturating_between(loop.paused_at_, now))};
      }
    }
    loop.settle_wait(gates_type::wakes && !loop.backs_off_ ? saturating_between(loop.paused_at_, now) : loop.pending_);
    loop.previous_wait_ = loop.last_wait_;
    if constexpr (has_deadline) {
      loop.time_left_ = time_left_of(policy.condition, [&] { return loop.numbers(policy.token, policy.limits); });
      if (loop.time_left_.count() == 0 && (loop.attempts_ == 0 || !may_clip(policy.condition))) {
        return give_back_and_stop(loop, tickets, loop.out_of_time().reason);
      }
    }
    if constexpr (!gates_type::empty) {
      admission answer =
          ask_gates(policy.gates, tickets, [&] { return loop.numbers(policy.token, policy.limits); }, now, w);
      if (answer.refused()) return refused_by(loop, tickets, answer);
      if (answer.waits()) {
        auto const& server = policy.limits.server;
        if (loop.waits_too_long(answer, has_deadline && loop.has_time_limit(), server.max,
                                server.action == too_long::give_up)) {
          return give_back_and_stop(loop, tickets, loop.reason_);
        }
        if constexpr (observers_type::hears_gate_wait) {
          gate_wait next{loop.numbers(policy.token, policy.limits)};
          next.upcoming_wait = answer.sleep();
          policy.observers.before_gate_wait(next);
          if (asked_to_stop(policy.token)) return give_back_and_stop(loop, tickets, stop_reason::cancelled);
        }
        if constexpr (Told) loop.backs_off_ = false;
        return loop.wait(answer.sleep(), now);
      }
    }
    if constexpr (observers_type::hears_before_attempt) {
      tell_start(policy.observers, [&] { return loop.numbers(policy.token, policy.limits); });
      if (asked_to_stop(policy.token)) return give_back_and_stop(loop, tickets, stop_reason::cancelled);
    }
    if constexpr (gates_type::has_started) policy.gates.started(tickets, now);
    return {};
  }

  /// `Plain`: the outcome is a value that can neither fail nor say anything about trying again.
  template <bool Told, bool Plain = false, class T>
  TENAX_ALWAYS_INLINE static constexpr decision finish(loop_state& loop, Policy const& policy, tickets_type& tickets,
                                                       outcome<T> const& result, time_point now, bool asked) {
    loop.attempts_ = loop.next_number();
    if constexpr (ReadsClock) loop.elapsed_ = saturating_between(loop.started_, now);
    attempt<T> a{loop.numbers(policy.token, policy.limits), result,
                 read_hint<typename Policy::hint_reader_type, Plain>(result)};
    a.number = loop.attempts_;
    if constexpr (!std::is_same_v<typename Policy::hint_reader_type, own_hint_reader>) {
      a.hint = completed(policy.hint_reader(a), a.hint, binds(result));
    }
    a.server_wait = loop.server_wait_ = a.hint.wait;
    if constexpr (observers_type::template hears_end<T>) {
      loop.ignored_ = a.hint.ignored.data();
      loop.ignored_size_ = a.hint.ignored.size();
    }
    if constexpr (observers_type::template hears_after_attempt<T>) policy.observers.after_attempt(a);

    bool wanted = asked;
    if (!asked && a.hint.verdict != verdict::none && a.hint.verdict != verdict::transient) {
      wanted = a.hint.verdict == verdict::retry;
    } else if (!asked) {
      if constexpr (has_veto<typename Policy::when_type>) {
        wanted = policy.predicate.wants(a);
      } else {
        wanted = policy.predicate(a);
      }
    }
    bool retry = wanted;
    if constexpr ((can_fail<T> && !Plain) || has_veto<typename Policy::when_type>) {
      retry =
          wanted && (Plain || can_repeat(result) || goes_on(policy.predicate, a)) && permits_retry(policy.predicate, a);
    }
    [[maybe_unused]] auto how = feedback::kind::success;
    if constexpr (!gates_type::empty || has_token) {
      how = how_it_ended<Plain>(result, a.hint,
                                {.retried = wanted || fails_without_opinion<Plain>(policy.predicate, result),
                                 .cancelled = asked_to_stop(policy.token)});
      loop.polls_ = how == feedback::kind::success;
      if constexpr (!gates_type::empty) {
        tell_gates(policy.gates, result.has_value(), [&] {
          auto const obeyed = obeyed_wait(a.hint.wait, policy.limits.server);
          feedback f{.how = how, .server_wait = obeyed, .left = quota_left(policy, a)};
          if constexpr (Policy::limits_type::times_attempts) f.attempt_limit = policy.limits.attempt;
          policy.gates.record(tickets, f, now);
        });
        tickets = {};
      }
      if (how == feedback::kind::cancelled) return loop.stop(stop_reason::cancelled);
    }
    // A value that the predicate wants repeated is no success if it cannot be.
    if (!retry) {
      if constexpr ((can_fail<T> && !Plain) || has_veto<typename Policy::when_type>) {
        if (wanted) loop.refusal_ = can_repeat(result) ? why_denied(policy.predicate, a) : why_not_repeated(result);
      }
      return loop.stop(
          loop.end_of(!wanted && (Plain || (result.has_value() && !result_failed(result))), a.hint.verdict));
    }
    if constexpr (has_token) {
      if (asked_to_stop(policy.token)) return loop.stop(stop_reason::cancelled);
    }

    if (a.server_wait && a.server_wait->count() > policy.limits.server.max.count()) {
      if (policy.limits.server.action == too_long::give_up) return loop.stop(stop_reason::server_wait_too_long);
      a.server_wait = visible_wait(a.hint.wait, policy.limits.server);
    }
    if constexpr (Policy::limits_type::restarts) {
      if (a.hint.progress && restarts(policy.limits)) {
        loop.progress_at_ = loop.attempts_ - 1;
        a.previous_wait = loop.previous_wait_ = duration::zero();
      }
      a.number = loop.attempts_ - loop.progress_at_;
    }
    static_assert(!is_partial<wait_type, attempt<T>>,
                  "tenax: .wait() needs a strategy that always has an answer; end it with "
                  "wait::first_of(..., wait::exponential())");
    a.upcoming_wait = optional_duration(ask_wait(policy.strategy, a)).value_or(duration::zero());
    if constexpr (clips<stop_type>) a.upcoming_wait = clip_wait(policy.condition, a);
    auto const least = least_wait(a.server_wait, a.hint.wait, a.upcoming_wait, policy.limits.server);
    if (least && least->count() >= a.upcoming_wait.count()) {
      a.upcoming_wait = *least;
      a.source = wait_source::server;
    }
    if constexpr (has_token) {
      if (asked_to_stop(policy.token)) return loop.stop(stop_reason::cancelled);
    }

    stop::answer enough = ask_stop(policy.condition, a);
    if constexpr (has_token) {
      if (asked_to_stop(policy.token)) return loop.stop(stop_reason::cancelled);
    }
    if (enough.stop) return loop.stop(enough.reason);
    if constexpr (gates_type::has_would_admit) {
      auto const then = time_point(saturating_add(now.time_since_epoch(), a.upcoming_wait));
      auto const answer =
          foresee(policy.gates, tickets, [&] { return loop.numbers(policy.token, policy.limits); }, how, now, then);
      if (answer.refused()) return refused_by(loop, tickets, answer);
    }

    if constexpr (observers_type::template hears_before_sleep<T>) {
      a.server_wait = a.hint.wait;
      a.number = loop.attempts_;
      policy.observers.before_sleep(a);
      if (asked_to_stop(policy.token)) return give_back_and_stop(loop, tickets, stop_reason::cancelled);
    }
    loop.last_wait_ = a.upcoming_wait;
    if constexpr (Told) loop.backs_off_ = true;  // without the time, the driver's timer is believed
    return loop.wait(a.upcoming_wait, now);
  }

  template <class T>
  TENAX_ALWAYS_INLINE static constexpr void conclude([[maybe_unused]] loop_state const& loop,
                                                     [[maybe_unused]] Policy const& policy,
                                                     [[maybe_unused]] outcome<T> const& result) {
    if constexpr (observers_type::template hears_end<T>) {
      if (!hears_end_now<T>(policy.observers)) return;
      attempt<T> a{loop.numbers(policy.token, policy.limits), result,
                   hint{.wait = loop.server_wait_, .ignored = {loop.ignored_, loop.ignored_size_}}};
      a.number = loop.attempts_;
      a.server_wait = loop.server_wait_;
      if (loop.reason_ == stop_reason::succeeded) {
        policy.observers.on_success(a);
      } else {
        policy.observers.on_give_up(a, loop.reason_, loop.refusal_);
      }
    }
  }

 private:
  /// Whether the predicate leaves it open which outcomes are failures, and this is one.
  template <bool Plain, class When, class T>
  TENAX_ALWAYS_INLINE static constexpr bool fails_without_opinion([[maybe_unused]] When const& predicate,
                                                                  [[maybe_unused]] outcome<T> const& result) {
    if constexpr (!Plain && requires { predicate.has_no_opinion(); }) {
      return predicate.has_no_opinion() && is_failure(result);
    } else {
      return false;
    }
  }

  template <bool Plain, class T>
  TENAX_ALWAYS_INLINE static constexpr feedback::kind how_it_ended(outcome<T> const& result, hint const& said,
                                                                   policy_verdict policy) {
    if constexpr (Plain) {
      using kind = feedback::kind;
      if (!policy.retried) return kind::success;
      return policy.cancelled ? kind::cancelled : kind::failure;
    } else {
      return kind_of(result, said, policy);
    }
  }

  static constexpr decision refused_by(loop_state& loop, tickets_type& tickets, admission const& answer) {
    loop.refusal_ = answer.reason;
    loop.refusal_retry_after_ = answer.retry_after;
    return give_back_and_stop(loop, tickets, stop_reason::refused_by_gate);
  }

  /// Stops before an attempt and gives back to the gates what they granted.
  static constexpr decision give_back_and_stop(loop_state& loop, tickets_type& tickets, stop_reason reason) {
    tickets = {};
    return loop.stop(reason);
  }
};

}  // namespace tenax::detail
