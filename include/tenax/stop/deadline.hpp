// SPDX-License-Identifier: MIT
// stop/deadline.hpp: stop by time: `stop::deadline`, `stop::deadline_at`, `stop::after_elapsed`.
#pragma once

#include <tenax/detail/reject.hpp>
#include <tenax/stop/compose.hpp>

namespace tenax::detail {

/// `remaining` is the time from the end of the attempt to the deadline.
constexpr stop::answer ask_deadline(duration remaining, attempt_info const& a, bool clipping) noexcept {
  auto const left = remaining.count();
  auto const wait = a.upcoming_wait.count();
  return {left <= 0 || (clipping ? wait > left : wait >= left), stop_reason::deadline};
}

constexpr duration clip_to_deadline(duration remaining, attempt_info const& a) noexcept {
  return shorter(a.upcoming_wait, longer(remaining, duration::zero()));
}

}  // namespace tenax::detail

namespace tenax::stop {

/// See `stop::deadline`.
template <bool Clipping>
struct deadline_condition : operators {
  static constexpr bool uses_time = true;

  constexpr explicit deadline_condition(duration d) : limit(d) {}

  constexpr bool operator()(attempt_info const& a) const noexcept { return ask(a).stop; }
  constexpr answer ask(attempt_info const& a) const noexcept {
    return detail::ask_deadline(saturating_subtract(limit, a.elapsed), a, Clipping);
  }

  constexpr duration clip(attempt_info const& a) const noexcept
    requires(Clipping)
  {
    return detail::clip_to_deadline(saturating_subtract(limit, a.elapsed), a);
  }

  constexpr duration time_left(attempt_info const& a) const noexcept {
    return detail::longer(limit - a.elapsed, duration::zero());
  }
  [[nodiscard]] constexpr stop::bounds bounds() const noexcept { return {.waiting = limit}; }

  /// Shortens the last wait so that one more attempt starts exactly at the deadline, instead of giving up before the
  /// wait. A wait that a server asked for is not shortened: the call gives up instead.
  [[nodiscard]] constexpr deadline_condition<true> clip_last_wait() const noexcept {
    return deadline_condition<true>(limit);
  }

  template <class Out>
  constexpr void describe(Out& out) const {
    out.text("before a wait that would end after ");
    out.time(limit);
    if (Clipping) out.text(" (the last wait is shortened)");
  }

  duration limit;
};

/// Stop before a wait that would end `d` or more after the start of the call. So the caller gets the failure
/// immediately instead of after a useless wait. An attempt that is under way is not interrupted; it can read
/// `attempt_info::time_left`. With `.attempt_timeout(d)` as well, an asynchronous call ends it at the deadline.
///
/// Throws `std::invalid_argument` if `d` is not more than zero.
[[nodiscard]] constexpr deadline_condition<false> deadline(any_duration d) {
  return deadline_condition<false>(detail::require_positive("stop::deadline: d", d));
}

/// See `stop::deadline_at`.
template <bool Clipping>
struct deadline_at_condition : operators {
  static constexpr bool uses_time = true;

  constexpr explicit deadline_at_condition(time_point t) : limit(t) {}

  constexpr bool operator()(attempt_info const& a) const noexcept { return ask(a).stop; }
  constexpr answer ask(attempt_info const& a) const noexcept { return detail::ask_deadline(remaining(a), a, Clipping); }

  constexpr duration clip(attempt_info const& a) const noexcept
    requires(Clipping)
  {
    return detail::clip_to_deadline(remaining(a), a);
  }

  constexpr duration time_left(attempt_info const& a) const noexcept {
    auto const left = remaining(a);
    return detail::longer(left, duration::zero());
  }

  /// See `deadline_condition::clip_last_wait`.
  [[nodiscard]] constexpr deadline_at_condition<true> clip_last_wait() const noexcept {
    return deadline_at_condition<true>(limit);
  }

  template <class Out>
  constexpr void describe(Out& out) const {
    out.text("before a wait that would end after a given point in time");
    if (Clipping) out.text(" (the last wait is shortened)");
  }

  time_point limit;

 private:
  constexpr duration remaining(attempt_info const& a) const noexcept {
    return saturating_subtract(saturating_between(a.started, limit), a.elapsed);
  }
};

/// As `stop::deadline`, with a point on the steady clock: to pass one deadline through several calls. A call that
/// starts at this point or later makes no attempt and ends with `stop_reason::expired_on_entry`.
[[nodiscard]] constexpr deadline_at_condition<false> deadline_at(time_point t) noexcept {
  return deadline_at_condition<false>(t);
}

/// See `stop::after_elapsed`.
struct after_elapsed_condition : operators {
  static constexpr bool uses_time = true;

  constexpr explicit after_elapsed_condition(duration d) : limit(d) {}

  constexpr bool operator()(attempt_info const& a) const noexcept { return a.elapsed.count() >= limit.count(); }
  constexpr answer ask(attempt_info const& a) const noexcept {
    return {a.elapsed.count() >= limit.count(), stop_reason::deadline};
  }

  template <class Out>
  constexpr void describe(Out& out) const {
    out.text("after an attempt that ends later than ");
    out.time(limit);
  }

  duration limit;
};

/// Stop once `d` has passed since the start of the call. Looks only at the time that has passed, not at the next wait:
/// a wait that starts just before `d` runs to its end. So a call may exceed `d` by one wait and one attempt.
///
/// Throws `std::invalid_argument` if `d` is not more than zero.
[[nodiscard]] constexpr after_elapsed_condition after_elapsed(any_duration d) {
  return after_elapsed_condition(detail::require_positive("stop::after_elapsed: d", d));
}

}  // namespace tenax::stop
