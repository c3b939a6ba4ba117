// SPDX-License-Identifier: MIT
// async/detail/callback_timer.hpp: the one timer that a call in a callback event loop has at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <tenax/async/callback_reply.hpp>
#include <tenax/async/detail/undo.hpp>
#include <tenax/duration.hpp>
#include <tenax/platform/compiler.hpp>

namespace tenax::detail {

/// Every timer has a number, so that one that fires late or twice is not taken for the present one. `KnowsTime`: it
/// stores when it was set.
template <class World, bool KnowsTime>
class callback_timer {
  using result = typename World::timer_result;

 public:
  /// Timers have at most the length of a day, so that milliseconds fit in 32 bits.
  void set(World& world, duration d, callback_base& call) {
    auto const number = ++number_;
    set_ = true;
    if constexpr (KnowsTime) set_at_ = world.now();
    auto const capped = shorter(d, std::chrono::hours(24));
    if constexpr (undoes<result>) {
      auto cancel = world.set_timer(capped, callback_alarm(call.weak_from_this(), number));
      if (set_ && number_ == number) cancel_.keep(std::move(cancel));  // it has not fired within the call
    } else {
      static_cast<void>(world.set_timer(capped, callback_alarm(call.weak_from_this(), number)));
    }
  }

  /// Cancels the timer, if there is one.
  void drop() noexcept {
    ++number_;
    if (std::exchange(set_, false)) cancel_();
  }

  /// Whether the timer with this number is the present one, which has fired now.
  bool fired(std::uint64_t number) noexcept { return number == number_ && std::exchange(set_, false); }

  [[nodiscard]] time_point set_at() const noexcept { return set_at_; }

 private:
  std::uint64_t number_ = 0;
  bool set_ = false;
  time_point set_at_{};
  TENAX_NO_UNIQUE_ADDRESS undo_of<result> cancel_{};
};

}  // namespace tenax::detail
