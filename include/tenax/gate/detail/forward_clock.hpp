// SPDX-License-Identifier: MIT
// gate/detail/forward_clock.hpp: time for gates that never jumps back.
#pragma once

#include <tenax/duration.hpp>
#include <tenax/platform/compiler.hpp>

namespace tenax::detail {

/// Translates a caller's time into a time that does not jump back. Steps back of up to a second pass unchanged, because
/// threads read the clock before they take the lock. A longer step means that the clock was set back: time goes on from
/// the newest moment, so that no pause, window or interval gets longer by the step.
///
/// Thread safety: unsafe.
class forward_clock {
 public:
  /// The gate's time for the caller's time `now`.
  constexpr time_point at(time_point now) noexcept {
    auto const time = offset_ == duration::zero() ? now : translated(now);
    if (time >= newest_) return newest_ = time;
    return saturating_between(time, newest_) <= std::chrono::seconds(1) ? time : go_on(time);
  }

  /// The newest time so far.
  [[nodiscard]] constexpr time_point last() const noexcept { return newest_; }

  /// The same without changing the state: does not correct for a step back.
  [[nodiscard]] constexpr time_point translated(time_point now) const noexcept {
    return time_point(saturating_add(now.time_since_epoch(), offset_));
  }

  /// The caller's time for the gate's time `time`.
  [[nodiscard]] constexpr time_point told(time_point time) const noexcept {
    if (time == (time_point::max)() || time == (time_point::min)()) return time;
    return time_point(saturating_subtract(time.time_since_epoch(), offset_));
  }

 private:
  TENAX_COLD constexpr time_point go_on(time_point time) noexcept {
    offset_ = saturating_add(offset_, saturating_between(time, newest_));
    return newest_;
  }

  duration offset_{};
  time_point newest_ = (time_point::min)();
};

}  // namespace tenax::detail
