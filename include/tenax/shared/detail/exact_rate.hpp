// SPDX-License-Identifier: MIT
// shared/detail/exact_rate.hpp: a rate in whole microseconds and permits, as a store's script computes with it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>

#include <tenax/duration.hpp>
#include <tenax/gate/rate.hpp>

namespace tenax::shared::detail {

/// Numbers in scripts are doubles, which are exact up to here.
inline constexpr std::int64_t exact = std::int64_t{1} << 53;

/// How late a permit may be used, at most: it takes a while until a caller that was woken runs.
inline constexpr std::int64_t most_late = 10'000;

/// Whole microseconds, rounded up.
constexpr std::int64_t microseconds(duration d) noexcept { return d.count() / 1000 + (d.count() % 1000 > 0 ? 1 : 0); }
/// The longest pause, in microseconds: at most 73 years, so that its end is a point in time.
constexpr std::int64_t longest_pause(duration d) noexcept {
  return std::clamp<std::int64_t>(d.count() / 1000, 1, INT64_MAX / 4000);
}

/// A rate: `permits` in `time` microseconds, the smallest whole numbers that say it exactly.
struct exact_rate {
  std::int64_t permits = 1;
  std::int64_t time = 1;
  std::int64_t allowance = 0;  ///< permits at the same moment, less one, less what late uses may add

  friend bool operator==(exact_rate const&, exact_rate const&) = default;

  /// The time of `n` permits, rounded up, in microseconds. `n * time` must be exact.
  [[nodiscard]] constexpr std::int64_t time_of(std::int64_t n) const noexcept {
    return (n * time + permits - 1) / permits;
  }
  /// How much earlier than its arrival time a permit may be used.
  [[nodiscard]] constexpr std::int64_t tolerance() const noexcept { return allowance * time / permits; }
  /// How late a permit may be used, in microseconds. The allowance is less than the burst by as much, if there is one.
  /// Without a burst, a quarter of the time between permits.
  [[nodiscard]] constexpr std::int64_t lateness() const noexcept {
    return std::clamp(tolerance() / 3, std::clamp(time / permits / 4, std::int64_t{1'000}, most_late), most_late);
  }
  /// Whether a store may say so.
  [[nodiscard]] constexpr bool makes_sense() const noexcept {
    return permits >= 1 && time >= 1 && allowance >= 0 && most() >= (std::max)(allowance, std::int64_t{1});
  }
  /// The number of permits that can be computed with exactly.
  [[nodiscard]] constexpr std::int64_t most() const noexcept { return exact / 4 / time; }
};

/// Throws `std::invalid_argument` for a rate that scripts cannot compute with exactly.
constexpr exact_rate to_exact(rate const& wanted) {
  auto const r = tenax::detail::require_rate(wanted);
  constexpr std::uint64_t most_permits = std::uint64_t{1} << 43;
  if (r.permits > most_permits) {
    invalid_parameter("shared::rate_limiter: permits", "must be at most 2^43", static_cast<double>(r.permits));
  }
  auto const permits = static_cast<std::int64_t>(r.permits) * 1000;  // the time is in nanoseconds
  auto const time = static_cast<std::int64_t>(r.per.value().count());
  auto const common = std::gcd(permits, time);
  exact_rate e{.permits = permits / common, .time = time / common};
  if (e.most() < 1 || r.burst > static_cast<std::uint64_t>(e.most())) {
    invalid_parameter("shared::rate_limiter: burst",
                      "must be at most what a store can compute with exactly, 2^51 microseconds of permits",
                      static_cast<double>(r.burst));
  }
  auto const more = static_cast<std::int64_t>(r.burst) - 1;
  auto const late = (std::min)((most_late * e.permits + e.time - 1) / e.time, more / 4);
  e.allowance = more - late;
  return e;
}

}  // namespace tenax::shared::detail
