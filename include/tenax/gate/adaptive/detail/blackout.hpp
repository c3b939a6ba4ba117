// SPDX-License-Identifier: MIT
// gate/adaptive/detail/blackout.hpp: measures periods in which a server refuses everything without a `Retry-After`.
#pragma once

#include <cstdint>

#include <tenax/gate/detail/rate_math.hpp>

namespace tenax::detail {

/// A server that counts in long windows accepts many requests, and then none until a window ends. Its long-term limit
/// is the number that it accepted in between, divided by the time from the end of one blackout to the end of the next.
/// Times are in nanoseconds.
class blackout {
 public:
  struct finding {
    double rate = 0;  // the lowest possible rate, per second
    double most = 0;  // the highest possible rate
    double seconds = 0;
    std::uint64_t accepted = 0;
  };

  /// `idle`: nothing was sent for a while, although it would have been allowed.
  constexpr void sent(std::int64_t now, bool idle) noexcept {
    if (begun_ && !idle) return;
    begun_ = true;
    cycle_ = now;
    accepted_ = refusals_ = 0;
  }

  constexpr void refused(std::int64_t now) noexcept {
    if (refusals_++ == 0) from_ = now;
    last_ = now;
  }

  /// A request sent at `at` was accepted. The finding has `seconds` if this ended a blackout; a few refusals in a row
  /// are not one.
  constexpr finding accepted(std::int64_t at) noexcept {
    ++accepted_;
    finding found;
    if (refusals_ >= refusals_in_a_row && at > cycle_) {
      found.accepted = accepted_;
      found.rate = static_cast<double>(accepted_) / seconds(at - cycle_);
      found.most = static_cast<double>(accepted_) / seconds(last_ - cycle_);
      found.seconds = seconds(at - from_);
      cycle_ = at;
      accepted_ = 0;
    }
    refusals_ = 0;
    return found;
  }

  /// The same for a request that was sent before the last refusal.
  constexpr void accepted_before() noexcept { ++accepted_; }

 private:
  static constexpr std::uint64_t refusals_in_a_row = 3;

  std::int64_t cycle_ = 0;  // the start of the count of accepted requests
  std::int64_t from_ = 0;
  std::int64_t last_ = 0;
  std::uint64_t accepted_ = 0;
  std::uint64_t refusals_ = 0;
  bool begun_ = false;
};

}  // namespace tenax::detail
