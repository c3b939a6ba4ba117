// SPDX-License-Identifier: MIT
// async/detail/woken_timer.hpp: a timer of Asio for waits at gates that wake callers.
#pragma once

#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

#include <tenax/async/detail/late_timer.hpp>
#include <tenax/gate/gate.hpp>
#include <tenax/platform/threads.hpp>

namespace tenax::detail {

/// A timer whose wait any thread can end. The handler of the wait runs in its executor as after any wait.
template <class Timer>
class woken_timer {
  using length = typename Timer::duration;

 public:
  woken_timer() = default;
  /// Only before the first wait.
  woken_timer(woken_timer&&) noexcept : woken_timer() {}
  woken_timer& operator=(woken_timer&&) = delete;

  /// Lends a waker for the next wait. Every wait of this timer ends when the waker is called, even before the wait has
  /// begun.
  [[nodiscard]] waker lend() noexcept {
    std::lock_guard const lock(mutex_);
    woken_ = false;
    return {[](void* self) noexcept {
              auto& t = *static_cast<woken_timer*>(self);
              std::lock_guard const hold(t.mutex_);
              t.woken_ = true;
              t.stop();
            },
            this};
  }

  /// Sets the length of the next wait.
  void set(length d) { next_ = d; }

  /// Waits that long, or until it is woken, and then calls the handler.
  template <class Executor, class Handler>
  void wait(Executor const& executor, Handler handler) {
    std::lock_guard const lock(mutex_);
    if (!timer_) timer_.emplace(executor);
    timer_->expires_after(woken_ ? length::zero() : next_);
    timer_->async_wait(std::move(handler));
  }

  /// Ends the present wait.
  void cancel() noexcept {
    std::lock_guard const lock(mutex_);
    stop();
  }

 private:
  /// A timer that cannot be stopped ends its wait at its time.
  void stop() noexcept {
#if defined(__cpp_exceptions)
    try {
      if (timer_) timer_->cancel();
    } catch (...) {
    }
#else
    if (timer_) timer_->cancel();
#endif
  }

  std::mutex mutex_;
  std::optional<Timer> timer_{};
  length next_{};
  bool woken_ = false;
};

/// The timer of a call. `Wakes`: its gates wake it.
template <bool Wakes, class Timer>
using timer_for = std::conditional_t<Wakes, woken_timer<Timer>, late_timer<Timer>>;

}  // namespace tenax::detail
