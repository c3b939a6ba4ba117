// SPDX-License-Identifier: MIT
// platform/wake_word.hpp: a thread's sleep that other threads can end.
#pragma once

#include <condition_variable>
#include <mutex>

#include <tenax/platform/chrono.hpp>
#include <tenax/platform/threads.hpp>

namespace tenax::platform {

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

}  // namespace tenax::platform
