// SPDX-License-Identifier: MIT
// observe/hedge_counts.hpp: the numbers that `hedging::counts` reads, for metrics.
#pragma once

#include <cstdint>

#include <tenax/platform/cplusplus.hpp>

namespace tenax {

/// How often calls of a `hedging` were hedged, and with which success. `hedges / calls` is the additional load.
struct hedge_counts {
  std::uint64_t calls = 0;   ///< calls whose first attempt has started
  std::uint64_t hedges = 0;  ///< attempts after the first one
  std::uint64_t won = 0;     ///< hedges whose result became that of the call
  std::uint64_t lost = 0;    ///< hedges that ended without that: another attempt was faster, or the hedge failed

  friend constexpr bool operator==(hedge_counts const&, hedge_counts const&) = default;
};

}  // namespace tenax
