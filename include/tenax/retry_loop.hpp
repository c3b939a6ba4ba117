// SPDX-License-Identifier: MIT
// retry_loop.hpp: the engine: one call's progress as a state machine, without clock, sleep or I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

#include <tenax/policy.hpp>
#include <tenax/result_traits.hpp>
#include <tenax/wait/range.hpp>

namespace tenax {

/// What a driver has to do next.
struct decision {
  enum class step : unsigned char {
    attempt,  ///< make an attempt, then call `finish_attempt`
    wait,     ///< wait for `delay`, then call `start_attempt`
    stop      ///< make no further attempt; why is in `reason`
  };

  step next = step::attempt;
  duration delay{};
  stop_reason reason = stop_reason::succeeded;

  [[nodiscard]] constexpr bool starts() const noexcept { return next == step::attempt; }
  [[nodiscard]] constexpr bool waits() const noexcept { return next == step::wait; }
  [[nodiscard]] constexpr bool stops() const noexcept { return next == step::stop; }
};

/// One call's progress: decides, and leaves acting to the driver. Never sleeps, reads a clock or does I/O, so that it
/// works in any event loop and in virtual time.
///
/// A driver is this loop, with `pause` and `attempt` its own:
/// ```
/// tenax::retry_loop loop{policy, now()};
/// auto next = loop.start_attempt(now());
/// while (next.waits()) { pause(next.delay); next = loop.start_attempt(now()); }
/// while (next.starts()) {
///   auto const result = attempt();                            // an outcome<T>
///   next = loop.finish_attempt(result, now());
///   while (next.waits()) { pause(next.delay); next = loop.start_attempt(now()); }
///   if (next.stops()) loop.conclude(result);
/// }
/// ```
/// If `reads_clock` is false, no part of the policy looks at time and every `now` may be left out.
///
/// One turn, in this order: gates admit? -> `before_attempt` -> (the attempt) -> `after_attempt` -> retry predicate ->
/// gates are told -> wait strategy -> stop condition -> `before_sleep`. A callback's exception passes through; the loop is
/// then only good for destruction, which gives back what gates had granted.
///
/// `Policy` is held by value; `retry_loop<Policy const&>` refers to one that outlives the loop. `ReadsClock` may be set to
/// true for the sake of `info().elapsed`.
///
/// Thread safety: distinct objects safe; a shared object unsafe.
template <class Policy, bool ReadsClock = std::remove_cvref_t<Policy>::uses_time>
class retry_loop {
  using policy_type = std::remove_cvref_t<Policy>;
  using wait_type = typename policy_type::wait_type;
  using stop_type = typename policy_type::stop_type;
  using gates_type = typename policy_type::gates_type;
  static constexpr bool has_token = detail::can_stop<typename policy_type::token_type>;
  static constexpr bool has_deadline = detail::has_time_left<stop_type>();

 public:
  /// Whether any part of the policy looks at time.
  static constexpr bool reads_clock = ReadsClock;

  /// A call that starts `now`. `random` outlives the loop; null means the source of the thread that draws.
  constexpr explicit retry_loop(Policy policy, time_point now = {}, random_source* random = nullptr)
      : policy_(static_cast<Policy&&>(policy)) {
    info_.started = now;
    info_.random = random;
  }

  // The attempt's view of the token refers to the policy inside.
  retry_loop(retry_loop const&) = delete;
  retry_loop& operator=(retry_loop const&) = delete;

  /// Whether the next attempt may start: `attempt`, `wait` and ask again, or `stop`.
  /// Call it at the beginning and after every wait, also one at a gate and one that was cut short by a cancellation.
  constexpr decision start_attempt(time_point now = {}) {
    if constexpr (reads_clock) info_.elapsed = saturating_between(info_.started, now);
    if (stop_requested()) {
      if constexpr (reads_clock) settle_wait(saturating_between(paused_at_, now));
      return stop(stop_reason::cancelled);
    }
    settle_wait(pending_);
    if (info_.number == attempts_) advance();
    if constexpr (has_deadline) {
      info_.time_left = detail::time_left(policy_.condition, info_);
      if (info_.time_left == duration::zero() && (attempts_ == 0 || !detail::clips<stop_type>())) return out_of_time();
    }
    if constexpr (has_token) info_.token = detail::view_token(policy_.token);
    if constexpr (!gates_type::empty) {
      admission const answer = policy_.gates.admit(tickets_, info_, now);
      if (answer.answer == admission::verdict::refused) {
        refusal_ = answer;
        return stop(stop_reason::refused_by_gate);
      }
      if (answer.answer == admission::verdict::wait) {
        if constexpr (has_deadline) {
          if (answer.delay >= info_.time_left) return out_of_time();
        }
        return wait(answer.delay, now);
      }
    }
    if constexpr (policy_type::observers_type::hears_before_attempt) {
      policy_.observers.before_attempt(info_);
      if (stop_requested()) return stop(stop_reason::cancelled);
    }
    return {};
  }

  /// How the attempt ended: `wait` and then call `start_attempt`, or `stop`.
  template <class T>
  constexpr decision finish_attempt(outcome<T> const& result, time_point now = {}) {
    attempts_ = info_.number;
    if constexpr (reads_clock) info_.elapsed = saturating_between(info_.started, now);
    attempt<T> a{info_, result};
    if constexpr (policy_type::observers_type::template hears_after_attempt<T>) policy_.observers.after_attempt(a);

    hint const advice = detail::advice_of(result);
    server_wait_ = advice.wait;
    bool const retry = wants_retry(a, advice);
    if constexpr (!gates_type::empty) tell_gates(result, advice, retry, now);
    if (!retry) return stop(end_of(result, advice));
    if (stop_requested()) return stop(stop_reason::cancelled);

    a.server_wait = advice.wait;
    if (a.server_wait && *a.server_wait > policy_.server_limit.max) {
      if (policy_.server_limit.action == too_long::give_up) return stop(stop_reason::server_wait_too_long);
      if (policy_.server_limit.action == too_long::clamp) a.server_wait = policy_.server_limit.max;
      if (policy_.server_limit.action == too_long::ignore) a.server_wait.reset();
    }
    a.upcoming_wait = own_wait(a);
    if constexpr (detail::clips<stop_type>()) a.upcoming_wait = detail::clip_wait(policy_.condition, a);
    a.source = wait_source::strategy;
    if (a.server_wait && *a.server_wait >= a.upcoming_wait) {
      a.upcoming_wait = *a.server_wait;
      a.source = wait_source::server;
    }
    if (stop_requested()) return stop(stop_reason::cancelled);

    stop::answer const enough = detail::ask_stop(policy_.condition, a);
    if (stop_requested()) return stop(stop_reason::cancelled);
    info_ = a;
    if (enough.stop) return stop(enough.reason);

    if constexpr (policy_type::observers_type::template hears_before_sleep<T>) {
      policy_.observers.before_sleep(a);
      if (stop_requested()) return stop(stop_reason::cancelled);
    }
    return wait(a.upcoming_wait, now);
  }

  /// Tells the observers how the call ended. Call it once, after a decision to stop, with the last outcome, or with
  /// `unstarted<T>()` if there was no attempt: its number is 0 then.
  template <class T>
  constexpr void conclude([[maybe_unused]] outcome<T> const& result) {
    if constexpr (policy_type::observers_type::template hears_end<T>) {
      attempt<T> a{info_, result};
      a.number = attempts_;
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
#if defined(__cpp_exceptions)
    if (reason_ == stop_reason::refused_by_gate) return made(refused(refusal_.reason, refusal_.retry_after));
    if (reason_ == stop_reason::cancelled) return made(cancelled());
    return made(expired());
#else
    return caught_exception();
#endif
  }

  /// The numbers of the current attempt.
  [[nodiscard]] constexpr attempt_info const& info() const noexcept { return info_; }
  /// Attempts made.
  [[nodiscard]] constexpr std::uint32_t attempts() const noexcept { return attempts_; }
  /// What the last answer asked us to wait, before `max_server_wait`.
  [[nodiscard]] constexpr std::optional<duration> server_wait() const noexcept { return server_wait_; }
  /// Why the call stopped, once a decision said so.
  [[nodiscard]] constexpr stop_reason reason() const noexcept { return reason_; }
  /// What the gate said that refused the call. Meaningful if the reason is `refused_by_gate`.
  [[nodiscard]] constexpr admission const& refusal() const noexcept { return refusal_; }
  [[nodiscard]] constexpr policy_type const& policy() const noexcept { return policy_; }

 private:
  constexpr bool stop_requested() const {
    if constexpr (has_token) {
      return static_cast<bool>(policy_.token.stop_requested());
    } else {
      return false;
    }
  }

  constexpr decision stop(stop_reason reason) {
    reason_ = reason;
    if constexpr (!gates_type::empty) tickets_ = {};
    return {.next = decision::step::stop, .reason = reason};
  }

  constexpr decision out_of_time() {
    return stop(attempts_ == 0 ? stop_reason::expired_on_entry : stop_reason::deadline);
  }

  constexpr decision wait(duration d, [[maybe_unused]] time_point now) {
    pending_ = d;
    if constexpr (reads_clock) paused_at_ = now;
    return {.next = decision::step::wait, .delay = d};
  }

  /// Counts what was waited of the wait that was decided last.
  constexpr void settle_wait(duration passed) {
    info_.waited = saturating_add(info_.waited, passed < pending_ ? passed : pending_);
    pending_ = duration::zero();
  }

  constexpr void advance() {
    if (attempts_ != std::numeric_limits<std::uint32_t>::max()) info_.number = attempts_ + 1;
    info_.previous_wait = info_.upcoming_wait;
    info_.upcoming_wait = duration::zero();
    info_.server_wait.reset();
  }

  template <class T>
  constexpr bool wants_retry(attempt<T> const& a, hint const& advice) const {
    if (advice.directive == hint::advice::none) return policy_.predicate(a);
    return advice.directive == hint::advice::retry;
  }

  template <class T>
  constexpr duration own_wait(attempt<T> const& a) const {
    if constexpr (detail::is_partial<wait_type, attempt<T>>) {
      static_assert(detail::always_false<T>,
                    "tenax: .wait() needs a strategy that always has an answer; end it with wait::first_of(..., wait::exponential())");
      return {};
    } else {
      return detail::ask_wait(policy_.strategy, a);
    }
  }

  template <class T>
  static constexpr stop_reason end_of(outcome<T> const& result, hint const& advice) {
    switch (advice.directive) {
      case hint::advice::cancelled: return stop_reason::cancelled;
      case hint::advice::forbidden: return stop_reason::server_forbids;
      case hint::advice::no_retry: return stop_reason::not_retryable;
      case hint::advice::none:
      case hint::advice::retry: break;
    }
    return result.has_value() ? stop_reason::succeeded : stop_reason::not_retryable;
  }

  template <class T>
  constexpr void tell_gates(outcome<T> const& result, hint const& advice, bool retry, time_point now) {
    feedback f{.server_wait = advice.wait};
    if (advice.directive == hint::advice::cancelled) {
      f.how = feedback::kind::cancelled;
    } else if (advice.throttled) {
      f.how = feedback::kind::throttled;
    } else if (retry || !result.has_value() || detail::result_failed(result)) {
      f.how = feedback::kind::failure;
    }
    policy_.gates.report(tickets_, f, now);
    tickets_ = {};
  }

#if defined(__cpp_exceptions)
  template <class E>
  static caught_exception made(E const& exception) {
    auto const pointer = std::make_exception_ptr(exception);
    try {
      std::rethrow_exception(pointer);
    } catch (classified_error const& e) {
      return caught_exception(pointer, e.as_exception(), &e);
    } catch (std::exception const& e) {
      return caught_exception(pointer, &e);
    }
  }
#endif

  Policy policy_;
  attempt_info info_{};
  std::uint32_t attempts_ = 0;
  stop_reason reason_ = stop_reason::succeeded;
  duration pending_{};
  time_point paused_at_{};
  std::optional<duration> server_wait_{};
  admission refusal_{};
  typename gates_type::tickets tickets_{};
};

template <class When, class Wait, class Stop, class Observers, class Gates, class Token>
retry_loop(policy<When, Wait, Stop, Observers, Gates, Token> const&, time_point = {}, random_source* = nullptr)
    -> retry_loop<policy<When, Wait, Stop, Observers, Gates, Token>>;

}  // namespace tenax
