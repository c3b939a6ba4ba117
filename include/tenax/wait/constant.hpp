// SPDX-License-Identifier: MIT
// wait/constant.hpp: `wait::none` (retry immediately) and `wait::constant` (a fixed delay).
#pragma once

#include <tenax/wait/jitter.hpp>

namespace tenax::wait {

/// See `wait::none`.
struct none_strategy : operators {
  static constexpr bool uses_time = false;
  static constexpr bool never_waits = true;
  static constexpr bool never_shrinks = true;

  constexpr duration operator()(attempt_info const&) const noexcept { return duration::zero(); }

  template <class Out>
  constexpr void describe(Out& out) const {
    out.text("no wait");
  }
};

/// No wait at all. For failures that a second try cures, such as an idle connection that was closed; not against an
/// overloaded server.
inline constexpr none_strategy none{};

/// See `wait::constant`.
struct constant_strategy : jitterable<constant_strategy> {
  static constexpr bool never_shrinks = true;

  constexpr explicit constant_strategy(duration d) : wait(d) {}

  constexpr duration operator()(attempt_info const&) const noexcept { return wait; }
  [[nodiscard]] constexpr duration cap() const noexcept { return (duration::max)(); }

  template <class Out>
  constexpr void describe(Out& out) const {
    out.time(wait);
  }

  duration wait;
};

/// Always the same wait. Without jitter, clients that failed at the same moment retry at the same moment.
///
/// Throws `std::invalid_argument` for a negative wait.
[[nodiscard]] constexpr constant_strategy constant(any_duration wait) {
  return constant_strategy(detail::require_not_negative("wait::constant: wait", wait));
}

}  // namespace tenax::wait
