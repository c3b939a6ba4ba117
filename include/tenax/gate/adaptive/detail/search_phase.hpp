// SPDX-License-Identifier: MIT
// gate/adaptive/detail/search_phase.hpp: the phases of a search for a rate, and what a refusal tells it.
#pragma once

#include <cstdint>

namespace tenax::detail {

/// The phases of a search for a rate.
enum class search_phase : unsigned char {
  start,   ///< doubles the rate until a request is refused
  search,  ///< tries rates between a confirmed and a refused one
  steady,  ///< keeps the confirmed rate
  probe    ///< tries a slightly higher rate
};

/// What a refusal says besides that the rate is too high.
struct rate_refusal {
  double demonstrated = 0;  // a rate that the server demonstrably allowed
  double peak = 0;          // how fast the last few requests were sent
  bool accepted = true;     // some request was accepted since the previous refusal
  bool told = false;        // the server said how long to wait
  double share = 1;         // the share of requests that was refused at similar rates
  std::int64_t cycle =
      0;  // from the end of the previous pause to the end of this one, in nanoseconds, without idle time
};

}  // namespace tenax::detail
