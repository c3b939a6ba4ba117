// SPDX-License-Identifier: MIT
// async/wake_signal.hpp: how a gate ends a wait in a coroutine of any library.
#pragma once

#include <mutex>

#include <tenax/gate/gate.hpp>
#include <tenax/platform/threads.hpp>

namespace tenax {

/// Tells a coroutine that waits at a gate to ask again. A sleep for `tenax::coroutine::retry` that can be called as
/// `sleep(d, signal)`, with a `wake_signal&`, can be ended by gates; one that cannot asks again from time to time.
/// ```
/// void await_suspend(std::coroutine_handle<> h) {
///   timer = loop.start_timer(d, h);
///   // `resume_soon` lets the loop resume the coroutine, and must not resume it itself.
///   if (!signal.listen({resume_soon, this})) loop.post(h);
/// }
/// void await_resume() { signal.ignore(); loop.cancel_timer(timer); }
/// ```
///
/// Thread safety: safe.
class wake_signal {
 public:
  wake_signal() = default;
  wake_signal(wake_signal const&) = delete;
  wake_signal& operator=(wake_signal const&) = delete;

  /// Whether the wait is over. Has the name that tokens use, so that a sleep for any token can look at it.
  [[nodiscard]] bool stop_requested() const noexcept {
    std::lock_guard const lock(mutex_);
    return set_;
  }

  /// Lets `w` be called when the wait is over: once, by any thread, under a lock of the gate. Returns false, and does
  /// not call it, if the wait is over already.
  bool listen(waker w) noexcept {
    std::lock_guard const lock(mutex_);
    listener_ = set_ ? waker() : w;
    return !set_;
  }

  /// From now on the listener is not called. Waits until a call that is under way has returned.
  void ignore() noexcept {
    std::lock_guard const lock(mutex_);
    listener_ = {};
  }

  /// The waker that a gate gets, for the next wait.
  [[nodiscard]] waker lend() noexcept {
    std::lock_guard const lock(mutex_);
    set_ = false;
    listener_ = {};
    return {[](void* self) noexcept {
              auto& s = *static_cast<wake_signal*>(self);
              std::lock_guard const hold(s.mutex_);
              s.set_ = true;
              auto const w = s.listener_;
              s.listener_ = {};
              if (w) w();
            },
            this};
  }

 private:
  mutable std::mutex mutex_;
  waker listener_{};
  bool set_ = false;
};

}  // namespace tenax
