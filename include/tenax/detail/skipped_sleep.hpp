// SPDX-License-Identifier: MIT
// detail/skipped_sleep.hpp: lets `testing::no_waits` replace sleeps and clock readings.
#pragma once

#include <tenax/duration.hpp>
#include <tenax/platform/atomic.hpp>

namespace tenax::detail {

/// The functions that the first `testing::no_waits` installs. A program without one contains none of them.
struct sleep_skipper {
  /// Whether this thread skips a sleep of the given span, which is more than zero.
  bool (*skips)(duration) noexcept;
  /// This thread's time; the argument is the time of the clock.
  time_point (*shown)(time_point) noexcept;
};

/// Used through the functions of platform/atomic.hpp: for a test helper, <atomic> would make every user's compilation a
/// tenth slower.
inline sleep_skipper const* skipper = nullptr;
inline sleep_skipper const* find_skipper() noexcept { return platform::load_acquire(skipper); }

/// Whether this thread skips a sleep of `d`: because `d` is not more than zero, or because a `no_waits` is alive.
inline bool skips_sleep(duration d) noexcept {
  if (d.count() <= 0) return true;
  auto const* const s = find_skipper();
  return s != nullptr && s->skips(d);
}

}  // namespace tenax::detail
