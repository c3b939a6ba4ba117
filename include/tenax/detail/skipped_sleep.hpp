// SPDX-License-Identifier: MIT
// detail/skipped_sleep.hpp: where `testing::no_waits` takes hold of sleeps and clocks.
#pragma once

#include <tenax/duration.hpp>
#include <tenax/platform/atomic.hpp>

namespace tenax::detail {

/// What the first `testing::no_waits` puts in the way of every sleep. A program without one has none of this.
struct sleep_skipper {
  /// Whether this thread does not have to sleep for a span, which is more than zero.
  bool (*skips)(duration) noexcept;
  /// This thread's time, where the clock says the given one.
  time_point (*shown)(time_point) noexcept;
};

/// Used through the functions of platform/atomic.hpp.
inline sleep_skipper const* skipper = nullptr;
inline sleep_skipper const* find_skipper() noexcept { return platform::load_acquire(skipper); }

/// Whether this thread does not have to sleep for `d`: because it is not more than zero, or because a `no_waits` is alive.
inline bool skips_sleep(duration d) noexcept {
  if (d.count() <= 0) return true;
  auto const* const s = find_skipper();
  return s != nullptr && s->skips(d);
}

}  // namespace tenax::detail
