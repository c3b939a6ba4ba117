// SPDX-License-Identifier: MIT
// gate/rate.hpp: `rate`: a number of permits per period, such as `per_second(10)`.
#pragma once

#include <cstdint>

#include <tenax/detail/reject.hpp>
#include <tenax/duration.hpp>

namespace tenax {

namespace detail {

/// Takes a signed number, so that a negative one is rejected and not taken for a huge one.
constexpr std::uint64_t require_permits(char const* parameter, std::int64_t n) {
  if (n < 1) invalid_parameter(parameter, "must be at least 1", static_cast<double>(n));
  return static_cast<std::uint64_t>(n);
}

}  // namespace detail

/// A number of permits per period, evenly spread; after a pause, up to `burst` of them at the same moment.
/// `rate{.permits = 10, .per = 1s}`, or `per_second(10)`.
struct rate {
  std::uint64_t permits = 1;  ///< at least 1
  any_duration per = std::chrono::seconds(1);
  std::uint64_t burst = 1;  ///< at least 1

  /// The time from one permit to the next, rounded up to a nanosecond. A `rate_limiter` uses a finer unit.
  [[nodiscard]] constexpr duration interval() const noexcept {
    auto const count = static_cast<std::uint64_t>(per.value().count());
    return duration(static_cast<duration::rep>(count / permits + (count % permits != 0 ? 1 : 0)));
  }

  /// The same rate with another burst. Throws `std::invalid_argument` for less than 1.
  [[nodiscard]] constexpr rate with_burst(std::int64_t n) const {
    return {permits, per, detail::require_permits("rate::with_burst", n)};
  }
};

/// A number of permits per second, per minute or per hour, without a burst. Throw `std::invalid_argument` for less than
/// 1; in a constant expression, that does not compile.
[[nodiscard]] constexpr rate per_second(std::int64_t permits) {
  return {.permits = detail::require_permits("per_second", permits), .per = std::chrono::seconds(1)};
}
[[nodiscard]] constexpr rate per_minute(std::int64_t permits) {
  return {.permits = detail::require_permits("per_minute", permits), .per = std::chrono::minutes(1)};
}
[[nodiscard]] constexpr rate per_hour(std::int64_t permits) {
  return {.permits = detail::require_permits("per_hour", permits), .per = std::chrono::hours(1)};
}

namespace detail {

/// Throws `std::invalid_argument` for an invalid rate.
constexpr rate require_rate(rate r) {
  require_permits("rate: permits", static_cast<std::int64_t>(r.permits));
  require_permits("rate: burst", static_cast<std::int64_t>(r.burst));
  require_positive("rate: per", r.per);
  if (r.per.value() == (duration::max)()) invalid_parameter("rate: per", "must be less than 292 years", r.per);
  return r;
}

}  // namespace detail
}  // namespace tenax
