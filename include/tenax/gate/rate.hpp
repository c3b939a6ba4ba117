// SPDX-License-Identifier: MIT
// gate/rate.hpp: how much of something is allowed in how much time.
#pragma once

#include <cstdint>

#include <tenax/detail/reject.hpp>
#include <tenax/duration.hpp>

namespace tenax {

/// So many permits in so much time, evenly spread; `burst` of them at once after a pause.
/// `rate{.permits = 10, .per = 1s}`, or `per_second(10)`.
struct rate {
  std::uint64_t permits = 1;  ///< at least 1
  any_duration per = std::chrono::seconds(1);
  std::uint64_t burst = 1;  ///< at least 1

  /// The time from one permit to the next, rounded up to a nanosecond, so that no rate is exceeded by rounding.
  [[nodiscard]] constexpr duration interval() const noexcept {
    auto const count = static_cast<std::uint64_t>(per.value().count());
    return duration(static_cast<duration::rep>(count / permits + (count % permits != 0 ? 1 : 0)));
  }

  /// The same rate with another burst.
  [[nodiscard]] constexpr rate with_burst(std::uint64_t n) const noexcept { return {permits, per, n}; }
};

/// So many permits per second, per minute or per hour, without a burst.
[[nodiscard]] constexpr rate per_second(std::uint64_t permits) noexcept {
  return {.permits = permits, .per = std::chrono::seconds(1)};
}
[[nodiscard]] constexpr rate per_minute(std::uint64_t permits) noexcept {
  return {.permits = permits, .per = std::chrono::minutes(1)};
}
[[nodiscard]] constexpr rate per_hour(std::uint64_t permits) noexcept {
  return {.permits = permits, .per = std::chrono::hours(1)};
}

namespace detail {

/// Throws `std::invalid_argument` for a rate that makes no sense.
constexpr rate require_rate(rate r) {
  if (r.permits == 0) invalid_parameter("rate: permits", "must be at least 1", 0.0);
  if (r.burst == 0) invalid_parameter("rate: burst", "must be at least 1", 0.0);
  require_positive("rate: per", r.per);
  if (r.per.value() == duration::max()) invalid_parameter("rate: per", "must be less than 292 years", r.per);
  return r;
}

}  // namespace detail
}  // namespace tenax
