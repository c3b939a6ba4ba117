// SPDX-License-Identifier: MIT
// platform/wake_word.hpp: a thread's sleep that other threads can end.
//
// On Linux a futex, elsewhere a condition variable. TENAX_WITHOUT_FUTEX, given to the compiler, pretends that there is
// none: <condition_variable> makes a header of a gate half as dear again to compile.
#pragma once

#include <tenax/platform/atomic.hpp>
#include <tenax/platform/chrono.hpp>
#include <tenax/platform/clock.hpp>
#include <tenax/platform/threads.hpp>

#if defined(__linux__) && !defined(TENAX_PLATFORM) && !defined(TENAX_WITHOUT_FUTEX) && !defined(TENAX_WITHOUT_BUILTINS)
#include <sys/syscall.h>
#include <unistd.h>
#else
#include <condition_variable>
#include <mutex>
#endif

namespace tenax::platform {

#if defined(__linux__) && !defined(TENAX_PLATFORM) && !defined(TENAX_WITHOUT_FUTEX) && !defined(TENAX_WITHOUT_BUILTINS)

/// One thread sleeps on it, and other threads wake it. A wake before the sleep ends the sleep immediately.
///
/// Thread safety: safe; a call of `wake` that has returned does not use the object any more. `wake` passes the address
/// of the object to the system after it has set it, so a caller keeps the object until then.
class wake_word {
 public:
  void wake() noexcept {
    store_release(word_, 1);
    constexpr int wake_private = 1 | 128;
    ::syscall(call, &word_, wake_private, 1, nullptr, nullptr, 0);
  }

  /// Forgets earlier wakes.
  void reset() noexcept { store_release(word_, 0); }

  [[nodiscard]] bool woken() const noexcept { return load_acquire(word_) != 0; }

  /// Sleeps until `Clock` says `end`, or until it is woken.
  template <class Clock, class TimePoint>
  void sleep_until(TimePoint end) {
    // The system measures with the steady clock, whatever `Clock` is. So each wait is short enough for `Clock`, and
    // `Clock` decides when the sleep is over.
    for (auto now = Clock::now(); now < end && !woken(); now = Clock::now()) {
      bool const soon = end - Clock::look_again < now;
      auto const left = to_timespec((soon ? end - now : Clock::look_again).count());
      constexpr int wait_private = 128;
      ::syscall(call, &word_, wait_private, 0, &left, nullptr, 0);
    }
  }

 private:
  // Machines of 32 bits have two calls, for both sizes of a time.
#if defined(SYS_futex_time64)
  static constexpr long call = sizeof(::timespec) > 2 * sizeof(long) ? SYS_futex_time64 : SYS_futex;
#else
  static constexpr long call = SYS_futex;
#endif

  int word_ = 0;
};

#else

/// One thread sleeps on it, and other threads wake it. A wake before the sleep ends the sleep immediately.
///
/// Thread safety: safe; a call of `wake` that has returned does not use the object any more.
class wake_word {
 public:
  void wake() noexcept {
    std::lock_guard const lock(mutex_);
    woken_ = true;
    changed_.notify_one();
  }

  /// Forgets earlier wakes.
  void reset() noexcept {
    std::lock_guard const lock(mutex_);
    woken_ = false;
  }

  [[nodiscard]] bool woken() const noexcept {
    std::lock_guard const lock(mutex_);
    return woken_;
  }

  /// Sleeps until `Clock` says `end`, or until it is woken.
  template <class Clock, class TimePoint>
  void sleep_until(TimePoint end) {
    // Condition variables wait on the steady clock, whatever `Clock` is. So each wait is short enough for `Clock`, and
    // `Clock` decides when the sleep is over.
    std::unique_lock lock(mutex_);
    for (auto now = Clock::now(); now < end && !woken_; now = Clock::now()) {
      bool const soon = end - Clock::look_again < now;
      changed_.wait_until(lock, std::chrono::steady_clock::now() + (soon ? end - now : Clock::look_again));
    }
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
};

#endif

}  // namespace tenax::platform
