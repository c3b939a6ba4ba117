// SPDX-License-Identifier: MIT
// gate/adaptive_rate_options.hpp: the options and the state of an adaptive rate limiter.
#pragma once

#include <cstdint>

#include <tenax/gate/adaptive/detail/search.hpp>
#include <tenax/gate/gate.hpp>
#include <tenax/gate/rate.hpp>

namespace tenax {

/// The options of an `adaptive_rate_limiter`. It paces requests evenly: rates with a burst are rejected.
struct adaptive_rate_options {
  rate start = per_second(10);  ///< the first guess: too high costs some refusals, too low some time
  rate limit{0};                ///< the limit, if known (`rate{0}`: unknown): the rate stays 0.5 % below, never above
  rate at_least{0};             ///< the lowest rate after refusals (`rate{0}`: one an hour); not above `limit`
  /// The share of a quota that may be used without spreading it, while the server reports the rest of the quota: from 0
  /// to 1.
  double at_once = 0.25;
  /// The longest pause, whatever the server asks for; more than zero. After a pause that was cut, one request asks
  /// again.
  any_duration max_pause = std::chrono::minutes(5);
};

/// The state of an `adaptive_rate_limiter` at one moment, for logs and plots.
struct adaptive_rate_state {
  enum class phase : unsigned char {
    start,   ///< doubles its rate until a request is refused
    search,  ///< tries rates between a confirmed and a refused one
    steady,  ///< keeps the confirmed rate
    probe    ///< tries whether a slightly higher rate is allowed now
  };

  double rate = 0;             ///< permits per second
  phase doing = phase::start;  ///< see `phase`
  time_point paused_until{};   ///< no request is admitted before this time; in the past: not paused
  std::uint32_t generation = 0;
  std::uint32_t in_flight = 0;  ///< admitted requests without a result yet
  std::uint32_t waiting = 0;
  std::uint64_t admitted = 0;
  std::uint64_t throttled = 0;
};

[[nodiscard]] constexpr char const* to_string(adaptive_rate_state::phase p) noexcept {
  switch (p) {
    case adaptive_rate_state::phase::start: return "start";
    case adaptive_rate_state::phase::search: return "search";
    case adaptive_rate_state::phase::steady: return "steady";
    case adaptive_rate_state::phase::probe: return "probe";
  }
  return "?";
}

namespace detail {

/// Permits per second of a rate without a burst. Throws `std::invalid_argument` for an invalid rate or one with a
/// burst.
inline double paced(rate const& r) {
  require_rate(r);
  if (r.burst != 1)
    invalid_parameter("adaptive_rate_limiter: burst", "must be 1: requests are paced", static_cast<double>(r.burst));
  return static_cast<double>(r.permits) / (static_cast<double>(r.per.value().count()) * 1e-9);
}

/// The search for these options. Throws `std::invalid_argument` for an option outside of its range.
inline rate_search search_for(adaptive_rate_options const& o) {
  rate_search::bounds b;
  double const start = paced(o.start);
  double const limit = o.limit.permits != 0 ? paced(o.limit) : 0;
  b.least = o.at_least.permits != 0 ? paced(o.at_least) : 0;
  if (limit > 0 && b.least > limit)
    invalid_parameter("adaptive_rate_limiter: at_least", "must not be above limit, per second", b.least);
  b.at_once = require_between("adaptive_rate_limiter: at_once", "must be from 0 to 1", o.at_once, 0, 1);
  b.longest_pause = require_positive("adaptive_rate_limiter: max_pause", o.max_pause).count();
  return {start, 0.995 * limit, b};
}

/// Whether an announcement is plausible for a service: a period of at most a month, and at least one request a day.
inline bool makes_sense(allowance const& left) noexcept {
  constexpr duration day = std::chrono::hours(24);
  return left.announces() && *left.window <= 31 * day && saturating_multiply(day, left.limit) >= *left.window;
}

}  // namespace detail
}  // namespace tenax
