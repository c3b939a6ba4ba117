// SPDX-License-Identifier: MIT
// gate/adaptive/detail/blackout.hpp: how long a server refuses everything, when it does not say so, and what that tells.
#pragma once

#include <cstdint>

#include <tenax/gate/detail/rate_math.hpp>

namespace tenax::detail {

/// A server that counts in long windows accepts much, and then nothing until a window ends. What it accepted in between,
/// by the time from the end of one blackout to the end of the next, is what it allows in the long run. In nanoseconds.
class blackout {
 public:
  struct finding {
    double rate = 0;  // per second, at least
    double most = 0;  // and at most
    double seconds = 0;
    std::uint64_t accepted = 0;
  };

  /// `idle`: nothing was sent for a while, although it might have been.
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

  /// What was sent at `at` was accepted. A finding has seconds if it ended a blackout: few refusals in a row are none.
  constexpr finding accepted(std::int64_t at) noexcept {
    ++accepted_;
    finding found;
    if (refusals_ >= 3 && at > cycle_) {
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

  /// The same for what was sent before the last refusal.
  constexpr void accepted_before() noexcept { ++accepted_; }

 private:
  std::int64_t cycle_ = 0;  // since when accepted requests are counted
  std::int64_t from_ = 0;
  std::int64_t last_ = 0;
  std::uint64_t accepted_ = 0;
  std::uint64_t refusals_ = 0;
  bool begun_ = false;
};

}  // namespace tenax::detail
