// SPDX-License-Identifier: MIT
// wait/retry_after.hpp: the wait that the other side asked for.
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

/// The wait that the other side asked for, if it did, else no opinion. Partial.
///
/// A policy never waits less than it was asked to, whatever its strategy says. This strategy says that nothing else is
/// to be waited then, and is where jitter goes on top: `wait::retry_after + wait::uniform(0s, 500ms)`.
inline constexpr retry_after_strategy retry_after{};

}  // namespace tenax::wait
