// SPDX-License-Identifier: MIT
// suspend_aware_time.hpp: `suspend_aware_time`: an environment whose clock goes on while the machine is suspended.
#pragma once

#include <tenax/environment.hpp>

namespace tenax {

namespace detail {

/// The clock that counts suspended time, and the sleep on it.
struct boot_time {
#if defined(CLOCK_BOOTTIME)
  /// The longest sleep on another clock before this clock is read again.
  static constexpr duration look_again = std::chrono::seconds(1);

  [[nodiscard]] static time_point now() noexcept {
    ::timespec t{};
    ::clock_gettime(CLOCK_BOOTTIME, &t);
    return time_point(std::chrono::seconds(t.tv_sec) + duration(t.tv_nsec));
  }
  static void sleep_once(time_point now, duration left) { detail::sleep_once(CLOCK_BOOTTIME, now, left); }
#else
  static constexpr duration look_again = std::chrono::seconds(1);

  [[nodiscard]] static time_point now() noexcept { return steady_time::now(); }
  static void sleep_once(time_point now, duration left) { steady_time::sleep_once(now, shorter(left, look_again)); }
#endif
};

}  // namespace detail

/// As `real_time`, but its clock goes on while the machine is suspended (CLOCK_BOOTTIME on Linux). If a laptop is
/// closed during a wait of a minute, the call does not wait for another minute after it is opened, and a deadline that
/// passed meanwhile is over. Write `.environment(tenax::suspend_aware_time{})`. A sleep ends as soon as the machine is
/// awake and its time has come; with a `std::stop_token`, within a second of that.
///
/// Its points in time are not those of the steady clock. All policies that share a gate must use the same clock, and
/// `stop::deadline_at` needs a point of this clock: `tenax::suspend_aware_time::now() + 10s`. On systems without
/// CLOCK_BOOTTIME it is the steady clock, which counts suspended time on macOS.
///
/// Thread safety: safe.
struct suspend_aware_time : detail::clock_environment<detail::boot_time> {};

}  // namespace tenax
