// SPDX-License-Identifier: MIT
// driver/detail/loop_state.hpp: the part of retry_loop that does not depend on the policy's type.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

#include <tenax/attempt.hpp>
#include <tenax/gate/gate.hpp>
#include <tenax/platform/compiler.hpp>
#include <tenax/report.hpp>

namespace tenax {

/// The next step of a driver.
struct decision {
  enum class step : unsigned char {
    attempt,  ///< make an attempt, then call `finish_attempt`
    wait,     ///< wait for `delay`, then call `start_attempt`
    stop      ///< make no further attempt; see `reason`
  };

  step next = step::attempt;
  duration delay{};
  stop_reason reason = stop_reason::succeeded;

  [[nodiscard]] constexpr bool starts() const noexcept { return next == step::attempt; }
  [[nodiscard]] constexpr bool waits() const noexcept { return next == step::wait; }
  [[nodiscard]] constexpr bool stops() const noexcept { return next == step::stop; }
};

namespace detail {

/// The steps of a loop that is made after its first attempt, or instead of it.
struct late_loop;
template <class Policy, bool ReadsClock>
struct loop_steps;

// Everything here is inlined and passes single numbers, never whole objects: then compilers keep the numbers that a
// policy uses in registers and drop the rest. Not a template, so that call sites do not instantiate it again.
class loop_state {
 public:
  /// The number of attempts made.
  [[nodiscard]] constexpr std::uint32_t attempts() const noexcept { return attempts_; }
  /// The wait that the last answer asked for, before `max_server_wait` is applied.
  [[nodiscard]] constexpr optional_duration server_wait() const noexcept { return server_wait_; }
  /// Why the call stopped, after a decision to stop.
  [[nodiscard]] constexpr stop_reason reason() const noexcept { return reason_; }
  /// The time from the start of the call to the last step, if any part of the policy uses time.
  [[nodiscard]] constexpr duration elapsed() const noexcept { return elapsed_; }
  /// The sum of all waits so far.
  [[nodiscard]] constexpr duration waited() const noexcept { return waited_; }
  /// The answer of a gate that refused the call, or whose wait would end after the deadline.
  [[nodiscard]] constexpr admission refusal() const noexcept {
    return admission::refuse(refusal_, refusal_retry_after_);
  }

 protected:
  friend late_loop;
  template <class Policy, bool ReadsClock>
  friend struct loop_steps;

  TENAX_ALWAYS_INLINE constexpr loop_state(time_point now, random_source* random) noexcept
      : started_(now), random_(random) {}

  TENAX_ALWAYS_INLINE constexpr loop_state(loop_state&& other) noexcept
      : attempts_(other.attempts_),
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
        refusal_retry_after_(other.refusal_retry_after_),
        ignored_(other.ignored_),
        ignored_size_(other.ignored_size_),
        progress_at_(other.progress_at_),
        backs_off_(other.backs_off_),
        polls_(other.polls_) {}

  /// Whether the condition of a policy that can have a deadline has one.
  TENAX_ALWAYS_INLINE constexpr bool has_time_limit() const noexcept {
    return time_left_.count() != longest_duration.count();
  }

  /// The time for a policy that does not use it.
  template <bool ReadsClock>
  static constexpr time_point without_time() noexcept {
    static_assert(!ReadsClock,
                  "tenax: this policy looks at time (a deadline, a gate, an observer): pass the time to retry_loop, "
                  "start_attempt and finish_attempt, as in loop.start_attempt(now())");
    return {};
  }

  /// The number of the attempt after the last one that ended. Stays at the greatest number instead of wrapping.
  TENAX_ALWAYS_INLINE constexpr std::uint32_t next_number() const noexcept {
    return attempts_ == 0xffff'ffff ? attempts_ : attempts_ + 1;
  }

  /// The numbers of the next attempt, which can see `token`, and the name of the call.
  template <class Token, class Limits>
  TENAX_ALWAYS_INLINE constexpr attempt_info numbers([[maybe_unused]] Token const& token,
                                                     [[maybe_unused]] Limits const& limits) const noexcept {
    attempt_info a{.number = next_number(),
                   .elapsed = elapsed_,
                   .waited = waited_,
                   .previous_wait = previous_wait_,
                   .time_left = time_left_,
                   .started = started_,
                   .random = random_,
                   .polls = polls_};
    if constexpr (can_stop<Token>) a.token = view_token(token);
    if constexpr (Limits::named) a.name = limits.name;
    return a;
  }

  TENAX_ALWAYS_INLINE constexpr decision stop(stop_reason reason) noexcept {
    reason_ = reason;
    return {.next = decision::step::stop, .reason = reason};
  }

  TENAX_ALWAYS_INLINE constexpr decision out_of_time() noexcept {
    return stop(attempts_ == 0 ? stop_reason::expired_on_entry : stop_reason::deadline);
  }

  /// Whether a call may not wait at a gate as long as it answered: beyond its deadline (`timed`), or longer than `most`
  /// because the other side asked for it. Then sets the reason. A wait that may be shorter ends at the deadline.
  TENAX_ALWAYS_INLINE constexpr bool waits_too_long(admission& answer, bool timed, duration most,
                                                    bool gives_up) noexcept {
    if (timed && answer.at_most && time_left_.count() > 0) {
      answer.delay = shorter(answer.delay, time_left_);
    } else if (timed && answer.delay.count() >= time_left_.count()) {
      refusal_ = "a gate's wait would pass the deadline";
      refusal_retry_after_ = answer.delay;
      return out_of_time().stops();
    }
    if (!answer.asked_by_server || answer.delay.count() <= most.count() || !gives_up) return false;
    refusal_ = "a gate waits for longer than max_server_wait, as a server asked";
    server_wait_ = refusal_retry_after_ = answer.delay;
    return stop(stop_reason::server_wait_too_long).stops();
  }

  TENAX_ALWAYS_INLINE constexpr decision wait(duration d, time_point now) noexcept {
    pending_ = d;
    paused_at_ = now;
    return {.next = decision::step::wait, .delay = d};
  }

  /// Whether the driver's timer was early, according to the time that the engine gets. A clock that stands still, or
  /// has come to the end of time, is not a reason to wait again. Compares the clock's values as unsigned numbers,
  /// because their signed difference may overflow.
  TENAX_ALWAYS_INLINE constexpr bool ends_early(time_point now) const noexcept {
    auto const value = [](duration d) { return static_cast<std::uint64_t>(d.count()); };
    auto const begin = paused_at_.time_since_epoch();
    auto const end = now.time_since_epoch();
    return end.count() > begin.count() && value(end) - value(begin) < value(pending_) &&
           end.count() != longest_duration.count();
  }

  /// Adds to `waited` the part of the last wait that has passed.
  TENAX_ALWAYS_INLINE constexpr void settle_wait(duration passed) noexcept {
    waited_ = saturating_add(waited_, shorter(passed, pending_));
    pending_ = duration::zero();
  }

  /// The stop reason of a call whose last outcome is not to be retried.
  TENAX_ALWAYS_INLINE static constexpr stop_reason end_of(bool good, tenax::verdict said) noexcept {
    switch (said) {
      case verdict::cancelled: return stop_reason::cancelled;
      case verdict::forbidden: return stop_reason::server_forbids;
      case verdict::no_retry: return stop_reason::not_retryable;
      case verdict::none:
      case verdict::transient:
      case verdict::retry: break;
    }
    return good ? stop_reason::succeeded : stop_reason::not_retryable;
  }

  std::uint32_t attempts_ = 0;
  stop_reason reason_ = stop_reason::succeeded;
  duration elapsed_{};
  duration waited_{};
  duration previous_wait_{};
  duration last_wait_{};
  duration time_left_ = longest_duration;
  duration pending_{};
  time_point started_;
  time_point paused_at_{};
  random_source* random_;
  optional_duration server_wait_{};
  char const* refusal_ = "";
  optional_duration refusal_retry_after_{};
  char const* ignored_ = nullptr;  ///< `hint::ignored` of the last attempt, as two numbers that fit in registers
  std::size_t ignored_size_ = 0;
  std::uint32_t progress_at_ = 0;  ///< attempts made before the last one that made progress
  bool backs_off_ = false;         ///< the pending wait is one between attempts, and not at a gate
  bool polls_ = false;             ///< the last attempt did not fail
};

struct late_loop {
  /// Instead of `start_attempt`, for a first attempt that has been made.
  TENAX_ALWAYS_INLINE static constexpr void started(loop_state& loop, duration time_left) noexcept {
    loop.time_left_ = time_left;
  }
  /// Ends a call before its first attempt.
  TENAX_ALWAYS_INLINE static constexpr void stopped(loop_state& loop, stop_reason reason) noexcept {
    loop.stop(reason);
  }
  /// For a loop that has not stopped: then compilers do not keep a reason through its turns.
  TENAX_ALWAYS_INLINE static constexpr void goes_on(loop_state& loop) noexcept {
    loop.reason_ = stop_reason::succeeded;
  }
};

/// The outcome of a call that ended before its first attempt: see `retry_loop::unstarted`.
inline caught_exception unstarted_exception([[maybe_unused]] stop_reason reason,
                                            [[maybe_unused]] admission const& refusal) {
#if defined(__cpp_exceptions)
  try {
    if (reason == stop_reason::refused_by_gate || reason == stop_reason::server_wait_too_long) {
      throw refused(refusal.reason, refusal.retry_after);
    }
    if (reason == stop_reason::cancelled) throw cancelled();
    throw expired();
  } catch (cancelled const& e) {
    return caught_exception(std::current_exception(), &e, &e);
  } catch (std::exception const& e) {
    return caught_exception(std::current_exception(), &e);
  }
#else
  return {};
#endif
}

}  // namespace detail
}  // namespace tenax
