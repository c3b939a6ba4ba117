// SPDX-License-Identifier: MIT
// gate/adaptive/detail/quota_pacing.hpp: spaces requests so that the rest of a server's quota lasts until its reset.
#pragma once

#include <cstdint>

#include <tenax/duration.hpp>

namespace tenax::detail {

/// Spreads the rest of a quota over the time until its reset. A first part of a quota that lasts for a minute or longer
/// may be used without spreading. Stops trusting a server that refuses although its quota is not used up, or that
/// accepts although it said for long that nothing is left. In nanoseconds.
class quota_pacing {
 public:
  /// `at_once`: the share of the quota that need not be spread. `longest`: the greatest spacing.
  constexpr quota_pacing(double at_once, std::int64_t longest) noexcept : at_once_(at_once), longest_(longest) {}

  /// `left` more requests may be sent in `reset`, of `limit` if that is known and not 0. Returns false if the server is
  /// no longer trusted.
  constexpr bool tell(std::int64_t now, std::int64_t last_sent, std::uint64_t left, std::uint64_t limit,
                      std::int64_t reset) noexcept {
    if (distrusted_) return false;
    constexpr std::uint64_t most = INT64_MAX;
    constexpr std::int64_t minute = 60'000'000'000;
    until_ = saturating_add(duration(now), duration(reset)).count();
    auto const time = saturating_subtract(duration(until_), duration(last_sent)).count();
    spacing_ = left == 0 ? 0 : time / static_cast<std::int64_t>(left < most ? left + 1 : most);
    if (spacing_ > longest_) spacing_ = longest_;
    nothing_for_long_ = left == 0 && reset > longest_;
    quota_ = limit != 0 ? limit : left > quota_ ? left : quota_;
    at_once_now_ = reset >= minute && static_cast<double>(left) > (1 - at_once_) * static_cast<double>(quota_);
    return true;
  }

  /// `told`: the refused request was part of the reported rest.
  constexpr void refused(bool told) noexcept {
    distrusted_ = distrusted_ || told;
    forget();
  }
  /// A request that asked again before the reset of an empty quota was accepted.
  constexpr void contradicted() noexcept { distrusted_ = distrusted_ || nothing_for_long_; }
  constexpr void forget() noexcept { until_ = spacing_ = 0, nothing_for_long_ = at_once_now_ = false; }

  [[nodiscard]] constexpr std::int64_t until() const noexcept { return until_; }
  [[nodiscard]] constexpr std::int64_t spacing() const noexcept { return spacing_; }
  /// Whether the next request need not be spread.
  [[nodiscard]] constexpr bool at_once() const noexcept { return at_once_now_; }

 private:
  double at_once_;
  std::int64_t longest_;
  std::int64_t until_ = 0;
  std::int64_t spacing_ = 0;
  std::uint64_t quota_ = 0;  // the whole quota, or the most that was left
  bool distrusted_ = false;
  bool nothing_for_long_ = false;
  bool at_once_now_ = false;
};

}  // namespace tenax::detail
