// SPDX-License-Identifier: MIT
// observe/hedge_counts.hpp: the numbers that `hedging::counts` and `hedging::per_call` read, for metrics.
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

/// How many hedges calls had. A call is counted when its hedge starts, so the numbers include calls under way.
struct hedges_per_call {
  static constexpr unsigned most = 7;  ///< hedges that a call can have

  std::uint64_t calls_with[most] = {};  ///< calls with one hedge, with two, ...

  friend constexpr bool operator==(hedges_per_call const&, hedges_per_call const&) = default;
};

}  // namespace tenax
