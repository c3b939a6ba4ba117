// SPDX-License-Identifier: MIT
// gate/adaptive_rate_options.hpp: the options and the state of an adaptive rate limiter.
#pragma once

#include <cstdint>

#include <tenax/gate/adaptive/detail/search.hpp>
#include <tenax/gate/rate.hpp>

namespace tenax {

/// How an `adaptive_rate_limiter` begins. It paces requests evenly: rates with a burst are refused.
struct adaptive_rate_options {
  rate start = per_second(10);  ///< the first guess; too high costs some refusals, too low some time
  rate limit{0};     ///< the limit, if it was announced (`rate{0}`: it was not): held at 0.5 % below, never exceeded
  rate at_least{0};  ///< no refusal makes it slower than that (`rate{0}`: than one in an hour); not above `limit`
  /// Which share of a quota may be used without spreading it, while the server tells how much is left: from 0 to 1.
  double at_once = 0.25;
  /// The longest pause, whatever the server asks for; more than zero. After one that was cut, one request asks again.
  any_duration max_pause = std::chrono::minutes(5);
};

/// What an `adaptive_rate_limiter` does at a moment, for logs and plots.
struct adaptive_rate_state {
  enum class phase : unsigned char {
    start,   ///< doubles its rate until a request is refused
    search,  ///< tries rates between one that was confirmed and one that was refused
    steady,  ///< keeps to the confirmed rate
    probe    ///< tries whether a little more is allowed now
  };

  double rate = 0;             ///< permits per second
  phase doing = phase::start;  ///< see `phase`
  time_point paused_until{};   ///< no request is admitted before; in the past: not paused
  std::uint32_t generation = 0;
  std::uint32_t in_flight = 0;  ///< admitted, and not yet told how it went
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

/// Permits per second of a rate without a burst. Throws `std::invalid_argument` for one that has a burst, or is none.
inline double paced(rate const& r) {
  require_rate(r);
  if (r.burst != 1)
    invalid_parameter("adaptive_rate_limiter: burst", "must be 1: requests are paced", static_cast<double>(r.burst));
  return static_cast<double>(r.permits) / (static_cast<double>(r.per.value().count()) * 1e-9);
}

/// The search that the options ask for. Throws `std::invalid_argument` for one outside of its range.
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

}  // namespace detail
}  // namespace tenax
