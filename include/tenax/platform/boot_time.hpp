// SPDX-License-Identifier: MIT
// platform/boot_time.hpp: the clock that goes on while the machine is suspended, and one sleep on it.
#pragma once

#include <tenax/platform/clock.hpp>

namespace tenax::platform {

/// As `steady_time`; where the system has no such clock, this is the steady one.
struct boot_time {
  /// How long a sleep on another clock may go without a look at this one.
  static constexpr nanoseconds look_again = nanoseconds(second);

#if defined(TENAX_POSIX) && defined(CLOCK_BOOTTIME)
  [[nodiscard]] static steady_point now() noexcept {
    ::timespec t{};
    ::clock_gettime(CLOCK_BOOTTIME, &t);
    return steady_point(nanoseconds(t.tv_sec * second + t.tv_nsec));
  }
  static void sleep_once(steady_point now, nanoseconds left) { sleep_once_on(CLOCK_BOOTTIME, now, left); }
#else
  [[nodiscard]] static steady_point now() noexcept { return steady_time::now(); }
  static void sleep_once(steady_point now, nanoseconds left) {
    steady_time::sleep_once(now, left.count() < look_again.count() ? left : look_again);
  }
#endif
};

}  // namespace tenax::platform
