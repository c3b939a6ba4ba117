// SPDX-License-Identifier: MIT
// gate/rate.hpp: `rate`: a number of permits per period, such as `per_second(10)`.
#pragma once

#include <concepts>
#include <cstdint>

#include <tenax/detail/reject.hpp>
#include <tenax/duration.hpp>
#include <tenax/gate/detail/whole_number.hpp>

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
  [[nodiscard]] constexpr rate with_burst(detail::whole_number<std::int64_t> n) const {
    return {permits, per, detail::require_permits("rate::with_burst", n)};
  }
};

namespace detail {

/// The rate of a fraction of permits in `per`: whole permits in the time that fits them, to a nanosecond in 1000 s.
constexpr rate fractional_rate(char const* parameter, double permits, duration per) {
  constexpr double most = 1e15;
  if (!(permits > 0 && permits <= most)) invalid_parameter(parameter, "must be above 0 and at most 1e15", permits);
  auto const whole = static_cast<std::uint64_t>(permits);
  if (static_cast<double>(whole) == permits) return {.permits = whole, .per = per};
  auto const ns = static_cast<double>(per.count());
  auto const many = permits * (1e12 / ns);
  auto const taken = static_cast<std::uint64_t>(many < 1 ? 1 : many + 0.5);
  auto const time = static_cast<double>(taken) * ns / permits;
  if (time >= 9.2e18) invalid_parameter(parameter, "must be at least one permit in 292 years", permits);
  auto const exact = static_cast<std::uint64_t>(time + 0.5);
  auto common = taken;
  for (auto rest = exact; rest != 0;) {
    auto const next = common % rest;
    common = rest;
    rest = next;
  }
  return {.permits = taken / common, .per = duration(static_cast<duration::rep>(exact / common))};
}

}  // namespace detail

/// A number of permits per second, per minute or per hour, without a burst. A fraction is one as well:
/// `per_second(0.5)` is one permit every two seconds. Throw `std::invalid_argument` for less than 1, or for a fraction
/// that is not above 0; in a constant expression, that does not compile.
[[nodiscard]] constexpr rate per_second(std::int64_t permits) {
  return {.permits = detail::require_permits("per_second", permits), .per = std::chrono::seconds(1)};
}
[[nodiscard]] constexpr rate per_minute(std::int64_t permits) {
  return {.permits = detail::require_permits("per_minute", permits), .per = std::chrono::minutes(1)};
}
[[nodiscard]] constexpr rate per_hour(std::int64_t permits) {
  return {.permits = detail::require_permits("per_hour", permits), .per = std::chrono::hours(1)};
}
template <std::floating_point Number>
[[nodiscard]] constexpr rate per_second(Number permits) {
  return detail::fractional_rate("per_second", static_cast<double>(permits), std::chrono::seconds(1));
}
template <std::floating_point Number>
[[nodiscard]] constexpr rate per_minute(Number permits) {
  return detail::fractional_rate("per_minute", static_cast<double>(permits), std::chrono::minutes(1));
}
template <std::floating_point Number>
[[nodiscard]] constexpr rate per_hour(Number permits) {
  return detail::fractional_rate("per_hour", static_cast<double>(permits), std::chrono::hours(1));
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
