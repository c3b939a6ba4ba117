// SPDX-License-Identifier: MIT
// current_attempt.hpp: time limit and token of this thread's current attempt, for adapters of blocking clients.
#pragma once

#include <tenax/driver/detail/attempt_scope.hpp>

namespace tenax {

/// How long an attempt may still take, and whether its call was asked to stop. A client that blocks its thread has to
/// obey both. An attempt inside another attempt has the limits of both.
///
/// Valid until the attempt ends, and only on its thread.
class attempt_limits {
 public:
  /// Without limits.
  constexpr attempt_limits() = default;

  /// The limits of an attempt that starts now, and of the attempts of this thread around it.
  attempt_limits(attempt_info const& info) : attempt_limits(detail::innermost_attempt) {
    own_.token = info.token.token;
    own_.stop_requested = info.token.stop_requested;
    if (info.time_left == (duration::max)()) return;
    auto const ends = time_point(saturating_add(real_time::now().time_since_epoch(), info.time_left));
    if (ends < ends_) ends_ = ends;
  }

  /// Whether there is a time limit.
  [[nodiscard]] constexpr bool timed() const noexcept { return ends_ != (time_point::max)(); }

  /// The time left: at least a millisecond, because most clients take 0 for "no limit"; `duration::max()` without a
  /// limit. Reads the clock.
  [[nodiscard]] duration time_left() const {
    if (!timed()) return (duration::max)();
    return detail::longer(saturating_between(real_time::now(), ends_), std::chrono::milliseconds(1));
  }

  /// Whether the call has a token.
  [[nodiscard]] constexpr bool can_stop() const noexcept {
    if (own_.stop_requested != nullptr) return true;
    for (auto const* f = outer_; f != nullptr; f = f->outer) {
      if (f->stop_requested != nullptr) return true;
    }
    return false;
  }

  /// Whether the call, or a call around it, was asked to stop.
  [[nodiscard]] bool stop_requested() const {
    if (own_.is_asked()) return true;
    for (auto const* f = outer_; f != nullptr; f = f->outer) {
      if (f->is_asked()) return true;
    }
    return false;
  }

 private:
  friend attempt_limits current_attempt() noexcept;

  explicit attempt_limits(detail::attempt_frame const* outer) noexcept : outer_(outer) {
    for (auto const* f = outer_; f != nullptr; f = f->outer) {
      auto const ends = f->ends();
      if (ends < ends_) ends_ = ends;
    }
  }

  time_point ends_ = (time_point::max)();
  detail::attempt_frame own_{};
  detail::attempt_frame const* outer_ = nullptr;
};

/// The limits of the attempt that this thread is making in a blocking call: those of the policy's deadline,
/// `.attempt_timeout()` and token. Without limits outside of such an attempt. Meant for adapters; an operation of yours
/// takes an `attempt_info const&` instead.
[[nodiscard]] inline attempt_limits current_attempt() noexcept { return attempt_limits(detail::innermost_attempt); }

}  // namespace tenax
