// SPDX-License-Identifier: MIT
// shared/detail/demand.hpp: how many permits a machine leases: as many as it needs soon, and no more than its share.
#pragma once

#include <algorithm>
#include <cstdint>

#include <tenax/platform/entropy.hpp>

namespace tenax::shared::detail {

/// The number of a machine: at random, not zero, and exact in a script.
inline std::int64_t random_number() noexcept {
  std::uint64_t number = 0;
  platform::random_bytes(&number, sizeof number);
  return static_cast<std::int64_t>(number & ((std::uint64_t{1} << 52) - 1)) + 1;
}

/// What a machine wants, in permits.
struct demand {
  std::int64_t first;    ///< for the first caller that waits
  std::int64_t all;      ///< for all callers that wait
  std::int64_t extra;    ///< for callers that are expected
  std::int64_t in_hand;  ///< leased and not used
  std::int64_t fair;     ///< this machine's share
};

/// How many permits to lease; 0: none now. At most the share, so that all machines get as much, unless the first caller
/// needs more at once.
constexpr std::int64_t to_lease(demand const& d) noexcept {
  auto const size = std::clamp(d.all + d.extra, std::int64_t{1}, d.fair);
  if (d.in_hand < d.first) return (std::max)(size, d.first - d.in_hand);
  bool const queue_is_longer = d.in_hand < d.all && d.in_hand + size <= 2 * d.fair;
  bool const soon_empty = d.extra > 1 && d.in_hand <= size / 2;
  return queue_is_longer || soon_empty ? size : 0;
}

/// How many more permits than callers wait for are leased, so that a question is worth many permits: twice as many each
/// time, up to the share, while callers come so soon after each other that permits do not get too old. After some got
/// too old, less than that, and slowly more again: callers that are busy with their requests come back too late.
class expectation {
 public:
  /// For a lease at `now`. `late`: the life of a permit, in nanoseconds.
  [[nodiscard]] std::int64_t next(std::int64_t now, std::int64_t late, std::int64_t fair) const noexcept {
    return now - last_use_ > late ? 0 : (std::min)({2 * extra_ + 1, fair, most_ / part});
  }
  void leased(std::int64_t extra) noexcept {
    extra_ = extra;
    if (most_ < unlimited) most_ += 1 + most_ / (8 * part);
  }
  void used(std::int64_t now) noexcept { last_use_ = now; }
  /// Permits got too old.
  void expired(std::int64_t n) noexcept {
    extra_ = (std::max)(extra_ - n, std::int64_t{0});
    most_ = part * extra_;
    expired_ += static_cast<std::uint64_t>(n);
  }
  [[nodiscard]] std::uint64_t expired() const noexcept { return expired_; }

 private:
  static constexpr std::int64_t part = 8;  // `most_` counts parts of a permit
  static constexpr std::int64_t unlimited = std::int64_t{1} << 50;

  std::int64_t extra_ = 0;
  std::int64_t most_ = unlimited;
  std::int64_t last_use_ = INT64_MIN / 2;
  std::uint64_t expired_ = 0;
};

}  // namespace tenax::shared::detail
