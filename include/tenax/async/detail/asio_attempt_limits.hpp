// SPDX-License-Identifier: MIT
// async/detail/asio_attempt_limits.hpp: whether an Asio can limit the time of an attempt.
#pragma once

#include <tenax/detail/reject.hpp>

namespace tenax::detail {

/// `timed`: a call may have to end an attempt. Limits of any policy know it only when the program runs.
template <class Asio, class Limits>
struct asio_attempt_limits {
  static constexpr bool when_it_runs = requires(Limits const& l) { l.times_attempts_now; };
  static constexpr bool timed = Limits::times_attempts && (Asio::has_cancellation || !when_it_runs);
  static_assert(!timed || Asio::has_cancellation,
                "tenax: .attempt_timeout() needs an Asio that can cancel an operation: 1.19 or newer, in Boost 1.77");

  /// Throws `std::invalid_argument` for a limit that this Asio cannot keep.
  static void check([[maybe_unused]] Limits const& l) {
    if constexpr (when_it_runs && !Asio::has_cancellation) {
      if (!l.times_attempts_now) return;
      invalid_parameter("attempt_timeout", "needs Asio 1.19, in Boost 1.77, or newer", "set for an older one");
    }
  }
};

}  // namespace tenax::detail
