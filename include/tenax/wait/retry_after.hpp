// SPDX-License-Identifier: MIT
// wait/retry_after.hpp: `wait::retry_after`: the wait that the server asked for (`Retry-After`).
#pragma once

#include <tenax/wait/compose.hpp>

namespace tenax::wait {

/// See `wait::retry_after`.
struct retry_after_strategy : operators {
  static constexpr bool uses_time = false;
  static constexpr bool never_shrinks = true;

  constexpr optional_duration operator()(attempt_info const& a) const noexcept { return a.server_wait; }

  [[nodiscard]] constexpr bounds range(range_query const& q) const noexcept {
    return {duration::zero(), q.most_server_wait};
  }

  template <class Out>
  constexpr void describe(Out& out) const {
    out.text("what the server asks for");
  }
};

/// The wait that the other side asked for, or no answer if it did not ask. Partial.
///
/// A policy never waits less than the other side asked for, whatever its strategy. This strategy waits exactly that
/// long, and lets you add jitter: `wait::retry_after + wait::uniform(0s, 500ms)`.
inline constexpr retry_after_strategy retry_after{};

}  // namespace tenax::wait
