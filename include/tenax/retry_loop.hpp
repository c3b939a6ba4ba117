// SPDX-License-Identifier: MIT
// retry_loop.hpp: the engine: one call's progress as a state machine, without clock, sleep or I/O.
#pragma once

#include <cstdint>
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
  static constexpr bool refers = std::is_reference_v<Policy>;

 public:
  /// Whether any part of the policy looks at time.
  static constexpr bool reads_clock = ReadsClock;

  /// A call that starts `now`. `random` outlives the loop; null means the source of the thread that draws.
  constexpr explicit retry_loop(Policy policy, time_point now = {}, random_source* random = nullptr)
      : policy_(hold(policy)), started_(now), random_(random) {}

  /// Moves the state of the call; the loop moved from is only good for destruction. Written out, because compilers keep a
  /// loop in registers as long as nothing copies it whole.
  [[gnu::always_inline]] constexpr retry_loop(retry_loop&& other) noexcept
      : policy_(std::move(other.policy_)),
        attempts_(other.attempts_),
        reason_(other.reason_),
        elapsed_(other.elapsed_),
        waited_(other.waited_),
        previous_wait_(other.previous_wait_),
        last_wait_(other.last_wait_),
        time_left_(other.time_left_),
        pending_(other.pending_),
        started_(other.started_),
        paused_at_(other.paused_at_),
        random_(other.random_),
        server_wait_(other.server_wait_),
        refusal_(other.refusal_),
        tickets_(std::move(other.tickets_)) {}

  /// Whether the next attempt may start: `attempt`, `wait` and ask again, or `stop`.
  /// Call it at the beginning and after every wait, also one at a gate and one that was cut short by a cancellation.
  [[gnu::always_inline]] constexpr decision start_attempt(time_point now = {}) {
    if constexpr (reads_clock) elapsed_ = saturating_between(started_, now);
    if (stop_requested()) {
      if constexpr (reads_clock) settle_wait(saturating_between(paused_at_, now));
      return stop(stop_reason::cancelled);
    }
    settle_wait(pending_);
    previous_wait_ = last_wait_;
    if constexpr (has_deadline) {
      time_left_ = detail::time_left(policy().condition, info());
      if (time_left_ == duration::zero() && (attempts_ == 0 || !detail::clips<stop_type>())) return out_of_time();
    }
    if constexpr (!gates_type::empty) {
      admission const answer = policy().gates.admit(tickets_, info(), now);
      if (answer.answer == admission::verdict::refused) {
        refusal_ = answer;
        return stop(stop_reason::refused_by_gate);
      }
      if (answer.answer == admission::verdict::wait) {
        if constexpr (has_deadline) {
          if (answer.delay >= time_left_) return out_of_time();
        }
        return wait(answer.delay, now);
      }
    }
    if constexpr (policy_type::observers_type::hears_before_attempt) {
      policy().observers.before_attempt(info());
      if (stop_requested()) return stop(stop_reason::cancelled);
    }
    return {};
  }

  /// How the attempt ended: `wait` and then call `start_attempt`, or `stop`.
  template <class T>
  [[gnu::always_inline]] constexpr decision finish_attempt(outcome<T> const& result, time_point now = {}) {
    attempts_ = next_number();
    if constexpr (reads_clock) elapsed_ = saturating_between(started_, now);
    attempt<T> a{info(), result};
    a.number = attempts_;
    if constexpr (policy_type::observers_type::template hears_after_attempt<T>) policy().observers.after_attempt(a);

    hint advice = detail::advice_of(result);
    server_wait_ = advice.wait;
    bool const retry = wants_retry(a, advice);
    if constexpr (!gates_type::empty) tell_gates(result, advice, retry, now);
    if (!retry) return stop(end_of(result, advice));
    if (stop_requested()) return stop(stop_reason::cancelled);

    a.server_wait = advice.wait;
    if (a.server_wait && *a.server_wait > policy().server_limit.max) {
      if (policy().server_limit.action == too_long::give_up) return stop(stop_reason::server_wait_too_long);
      if (policy().server_limit.action == too_long::clamp) a.server_wait = policy().server_limit.max;
      if (policy().server_limit.action == too_long::ignore) a.server_wait.reset();
    }
    a.upcoming_wait = own_wait(a);
    if constexpr (detail::clips<stop_type>()) a.upcoming_wait = detail::clip_wait(policy().condition, a);
    a.source = wait_source::strategy;
    if (a.server_wait && *a.server_wait >= a.upcoming_wait) {
      a.upcoming_wait = *a.server_wait;
      a.source = wait_source::server;
    }
    if (stop_requested()) return stop(stop_reason::cancelled);

    stop::answer enough = detail::ask_stop(policy().condition, a);
    if (stop_requested()) return stop(stop_reason::cancelled);
    if (enough.stop) return stop(enough.reason);

    if constexpr (policy_type::observers_type::template hears_before_sleep<T>) {
      policy().observers.before_sleep(a);
      if (stop_requested()) return stop(stop_reason::cancelled);
    }
    last_wait_ = a.upcoming_wait;
    return wait(a.upcoming_wait, now);
  }

  /// Tells the observers how the call ended. Call it once, after a decision to stop, with the last outcome, or with
  /// `unstarted<T>()` if there was no attempt: its number is 0 then.
  template <class T>
  [[gnu::always_inline]] constexpr void conclude([[maybe_unused]] outcome<T> const& result) {
    if constexpr (policy_type::observers_type::template hears_end<T>) {
      attempt<T> a{info(), result};
      a.number = attempts_;
      if (reason_ == stop_reason::succeeded) {
        policy().observers.on_success(a);
      } else {
        policy().observers.on_give_up(a, reason_);
      }
    }
  }

  /// The outcome of a call that ended before its first attempt: `tenax::cancelled`, `tenax::refused` or
  /// `tenax::expired`. In a build without exceptions it is empty.
  template <class T>
  [[nodiscard]] outcome<T> unstarted() const {
#if defined(__cpp_exceptions)
    if constexpr (!gates_type::empty) {
      if (reason_ == stop_reason::refused_by_gate) return made(refused(refusal_.reason, refusal_.retry_after));
    }
    if (reason_ == stop_reason::cancelled) return made(cancelled());
    return made(expired());
#else
    return caught_exception();
#endif
  }

  /// The numbers of the next attempt, which may start or is under way.
  [[nodiscard, gnu::always_inline]] constexpr attempt_info info() const noexcept {
    attempt_info a{.number = next_number(), .elapsed = elapsed_, .waited = waited_, .previous_wait = previous_wait_,
                   .started = started_, .random = random_};
    if constexpr (has_deadline) a.time_left = time_left_;
    if constexpr (has_token) a.token = detail::view_token(policy().token);
    return a;
  }
  /// Attempts made.
  [[nodiscard]] constexpr std::uint32_t attempts() const noexcept { return attempts_; }
  /// What the last answer asked us to wait, before `max_server_wait`.
  [[nodiscard]] constexpr optional_duration server_wait() const noexcept { return server_wait_; }
  /// Why the call stopped, once a decision said so.
  [[nodiscard]] constexpr stop_reason reason() const noexcept { return reason_; }
  /// What the gate said that refused the call. Meaningful if the reason is `refused_by_gate`.
  [[nodiscard]] constexpr admission const& refusal() const noexcept
    requires(!gates_type::empty)
  {
    return refusal_;
  }
  [[nodiscard, gnu::always_inline]] constexpr policy_type const& policy() const noexcept {
    if constexpr (refers) {
      return *policy_;
    } else {
      return policy_;
    }
  }

 private:
  static constexpr auto hold(std::remove_reference_t<Policy>& policy) {
    if constexpr (refers) {
      return &policy;
    } else {
      return std::move(policy);
    }
  }

  [[gnu::always_inline]] constexpr bool stop_requested() const {
    if constexpr (has_token) {
      return static_cast<bool>(policy().token.stop_requested());
    } else {
      return false;
    }
  }

  [[gnu::always_inline]] constexpr decision stop(stop_reason reason) {
    reason_ = reason;
    if constexpr (!gates_type::empty) tickets_ = {};
    return {.next = decision::step::stop, .reason = reason};
  }

  [[gnu::always_inline]] constexpr decision out_of_time() {
    return stop(attempts_ == 0 ? stop_reason::expired_on_entry : stop_reason::deadline);
  }

  [[gnu::always_inline]] constexpr decision wait(duration d, [[maybe_unused]] time_point now) {
    pending_ = d;
    if constexpr (reads_clock) paused_at_ = now;
    return {.next = decision::step::wait, .delay = d};
  }

  /// Counts what was waited of the wait that was decided last.
  [[gnu::always_inline]] constexpr void settle_wait(duration passed) {
    waited_ = saturating_add(waited_, detail::shorter(passed, pending_));
    pending_ = duration::zero();
  }

  /// The number of the attempt after the last one that ended; stays at the greatest number rather than start again.
  [[gnu::always_inline]] constexpr std::uint32_t next_number() const noexcept {
    return attempts_ == std::numeric_limits<std::uint32_t>::max() ? attempts_ : attempts_ + 1;
  }

  template <class T>
  [[gnu::always_inline]] constexpr bool wants_retry(attempt<T> const& a, hint const& advice) const {
    if (advice.directive == hint::advice::none) return policy().predicate(a);
    return advice.directive == hint::advice::retry;
  }

  template <class T>
  [[gnu::always_inline]] constexpr duration own_wait(attempt<T> const& a) const {
    if constexpr (detail::is_partial<wait_type, attempt<T>>) {
      static_assert(detail::always_false<T>,
                    "tenax: .wait() needs a strategy that always has an answer; end it with wait::first_of(..., wait::exponential())");
      return {};
    } else {
      return detail::ask_wait(policy().strategy, a);
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
    policy().gates.report(tickets_, f, now);
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

  std::conditional_t<refers, policy_type const*, policy_type> policy_;
  // Single numbers instead of an attempt_info: compilers keep those that a policy looks at in registers, and drop the rest.
  std::uint32_t attempts_ = 0;
  stop_reason reason_ = stop_reason::succeeded;
  duration elapsed_{};
  duration waited_{};
  duration previous_wait_{};
  duration last_wait_{};
  duration time_left_ = duration::max();
  duration pending_{};
  time_point started_;
  time_point paused_at_{};
  random_source* random_;
  optional_duration server_wait_{};
  std::conditional_t<gates_type::empty, detail::nothing, admission> refusal_{};
  typename gates_type::tickets tickets_{};
};

template <class When, class Wait, class Stop, class Observers, class Gates, class Token>
retry_loop(policy<When, Wait, Stop, Observers, Gates, Token> const&, time_point = {}, random_source* = nullptr)
    -> retry_loop<policy<When, Wait, Stop, Observers, Gates, Token>>;

}  // namespace tenax
