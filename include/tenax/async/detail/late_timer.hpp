// SPDX-License-Identifier: MIT
// async/detail/late_timer.hpp: a timer of Asio that a call makes for its first wait.
#pragma once

#include <memory>
#include <new>
#include <utility>

#include <tenax/gate/gate.hpp>

namespace tenax::detail {

/// A timer that is made for the first wait. Until then, its memory holds the length of that wait.
template <class Timer>
class late_timer {
  using length = typename Timer::duration;

 public:
  late_timer() noexcept : first_() {}
  /// Only before the first wait.
  late_timer(late_timer&& other) noexcept : first_(other.first_) {}
  late_timer& operator=(late_timer&&) = delete;
  ~late_timer() {
    if (made_) timer_.~Timer();
  }

  /// No gate wakes this call.
  [[nodiscard]] static constexpr waker lend() noexcept { return {}; }

  /// Sets the length of the next wait.
  void set(length d) {
    if (made_) {
      timer_.expires_after(d);
    } else {
      first_ = d;
    }
  }
  /// Waits that long, and then calls the handler.
  template <class Executor, class Handler>
  void wait(Executor const& executor, Handler handler) {
    if (!made_) {
      auto const d = first_;
      ::new (static_cast<void*>(std::addressof(timer_))) Timer(executor);
      made_ = true;
      timer_.expires_after(d);
    }
    timer_.async_wait(std::move(handler));
  }

  /// Ends the present wait.
  void cancel() {
    if (made_) timer_.cancel();
  }

 private:
  union {
    length first_;
    Timer timer_;
  };
  bool made_ = false;
};

}  // namespace tenax::detail
