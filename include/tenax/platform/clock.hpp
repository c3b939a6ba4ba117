// SPDX-License-Identifier: MIT
// platform/clock.hpp: the steady clock of the operating system, and one sleep on it.
#pragma once

#include <tenax/platform/chrono.hpp>
#include <tenax/platform/system.hpp>
#include <tenax/platform/windows.hpp>

#if defined(TENAX_POSIX)
#include <time.h>
#endif

namespace tenax::platform {

using nanoseconds = std::chrono::nanoseconds;
using steady_point = std::chrono::time_point<std::chrono::steady_clock, nanoseconds>;

// On counts: units that are converted or compared make compilers instantiate more than the rest of this header.
inline constexpr nanoseconds::rep second = 1'000'000'000;

/// A sleep is at most this long, a year or, on Windows, a day: seconds since the start of the machine then fit in a
/// `time_t` of 32 bits, and the milliseconds of a sleep in the 32 bits of Windows.
#if defined(_WIN32)
inline constexpr nanoseconds longest_sleep = nanoseconds(second * 86'400);
#else
inline constexpr nanoseconds longest_sleep = nanoseconds(second * 86'400 * 365);
#endif

#if defined(_WIN32) && !defined(TENAX_PLATFORM)

/// Sleeps on a timer of high resolution. False if Windows has none: they came with version 1803 of Windows 10.
inline bool sleep_on_timer(nanoseconds left) noexcept {
  constexpr unsigned long high_resolution = 2;
  constexpr unsigned long all_access = 0x1f'0003;
  constexpr unsigned long for_ever = 0xffff'ffff;
  void* const timer = ::CreateWaitableTimerExW(nullptr, nullptr, high_resolution, all_access);
  if (timer == nullptr) return false;
  // In steps of 100 ns, less than zero: from now on. A LARGE_INTEGER is a number of 64 bits.
  std::int64_t const due = -((left.count() + 99) / 100);
  bool const slept =
      ::SetWaitableTimer(timer, reinterpret_cast<_LARGE_INTEGER const*>(&due), 0, nullptr, nullptr, 0) != 0 &&
      ::WaitForSingleObject(timer, for_ever) == 0;
  ::CloseHandle(timer);
  return slept;
}

#elif !defined(TENAX_PLATFORM)

/// `ns` as the operating system takes it; not negative.
inline ::timespec to_timespec(nanoseconds::rep ns) noexcept {
  ::timespec t{};
  t.tv_sec = static_cast<decltype(t.tv_sec)>(ns / second);
  t.tv_nsec = static_cast<decltype(t.tv_nsec)>(ns % second);
  return t;
}

/// Has one go at sleeping for `left` from `now` on, a point on the clock `id`; signals may end it. Not noexcept: a
/// thread that pthread_cancel ends in its sleep unwinds its stack through here.
inline void sleep_once_on([[maybe_unused]] ::clockid_t id, [[maybe_unused]] steady_point now, nanoseconds left) {
  auto const length = left.count() < longest_sleep.count() ? left.count() : longest_sleep.count();
#if defined(TIMER_ABSTIME) && !defined(__APPLE__)
  // To a point in time: a sleep that signals interrupt again and again does not get longer by that.
  auto const from = now.time_since_epoch().count();
  auto const until = to_timespec(from < INT64_MAX - length ? from + length : INT64_MAX);
  ::clock_nanosleep(id, TIMER_ABSTIME, &until, nullptr);
#else
  auto const rest = to_timespec(length);
  ::nanosleep(&rest, nullptr);
#endif
}

#endif

/// The steady clock, and the sleep on it.
struct steady_time {
  /// How long a sleep on another clock may go without a look at this one.
  static constexpr nanoseconds look_again = longest_sleep;

  [[nodiscard]] static steady_point now() noexcept {
#if defined(TENAX_PLATFORM)
    return steady_point(::tenax_platform::now());
#elif defined(__linux__)
    // What `std::chrono::steady_clock::now()` does there, without the calls around it.
    ::timespec t;
    ::clock_gettime(CLOCK_MONOTONIC, &t);
    return steady_point(nanoseconds(t.tv_sec * second + t.tv_nsec));
#else
    return steady_point(std::chrono::steady_clock::now().time_since_epoch());
#endif
  }

  /// Has one go at sleeping for `left`, which is more than zero, from `now` on. It may end early or late: callers look
  /// at the clock.
  static void sleep_once([[maybe_unused]] steady_point now, nanoseconds left) {
#if defined(TENAX_PLATFORM)
    ::tenax_platform::sleep(left.count() < longest_sleep.count() ? left : longest_sleep);
#elif defined(_WIN32)
    // Not by nanosleep: that of MinGW cuts to milliseconds, so that the last one would be spent in a busy loop.
    if (left.count() > longest_sleep.count()) left = longest_sleep;
    if (!sleep_on_timer(left)) ::Sleep(static_cast<unsigned long>((left.count() + 999'999) / 1'000'000));
#else
    sleep_once_on(CLOCK_MONOTONIC, now, left);
#endif
  }
};

}  // namespace tenax::platform
