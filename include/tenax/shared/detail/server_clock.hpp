// SPDX-License-Identifier: MIT
// shared/detail/server_clock.hpp: when a store has done something, on this machine's clock.
#pragma once

#include <algorithm>
#include <cstdint>

namespace tenax::shared::detail {

/// Finds when the store has done something, on this machine's clock: after the question was sent, before the answer
/// came, and no later than the fastest of the last answers says.
class server_clock {
 public:
  /// `server`: what the store's clock said, in microseconds; the rest in nanoseconds of this machine's clock.
  std::int64_t moment(std::int64_t server, std::int64_t sent, std::int64_t arrived) noexcept {
    auto const ahead = arrived - server * 1000;
    if (arrived - span_start_ > span) {
      before_ = arrived - span_start_ < 2 * span ? now_ : INT64_MAX;
      now_ = INT64_MAX;
      span_start_ = arrived;
    }
    now_ = (std::min)(now_, ahead);
    auto const found = server * 1000 + (std::min)(now_, before_);
    if (found < sent) now_ = ahead, before_ = INT64_MAX;  // the store's clock was set back
    return found < sent ? arrived : found;
  }

 private:
  static constexpr std::int64_t span = 10'000'000'000;
  std::int64_t span_start_ = INT64_MIN / 2;
  std::int64_t now_ = INT64_MAX;
  std::int64_t before_ = INT64_MAX;
};

}  // namespace tenax::shared::detail
