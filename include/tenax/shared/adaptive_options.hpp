// SPDX-License-Identifier: MIT
// shared/adaptive_options.hpp: the options and the state of a rate limiter that finds a limit for all machines.
#pragma once

#include <cstdint>

#include <tenax/gate/adaptive_rate_options.hpp>
#include <tenax/gate/rate.hpp>
#include <tenax/shared/options.hpp>

namespace tenax::shared {

/// The options of a `shared::adaptive_rate_limiter`.
struct adaptive_options {
  rate start = per_second(10);  ///< the first guess, which counts where the store knows no rate yet
  rate limit{0};                ///< the limit, if known (`rate{0}`: unknown): the rate stays 0.5 % below, never above
  rate at_least{0};             ///< the lowest rate after refusals (`rate{0}`: one an hour); not above `limit`
  options shared{};             ///< what all shared limits have
};

/// What a `shared::adaptive_rate_limiter` knows. `per_second` is the rate that was found for all machines.
struct adaptive_state : state {
  using phase = adaptive_rate_state::phase;

  phase doing = phase::start;   ///< what the search does
  std::uint64_t throttled = 0;  ///< requests of this machine that were refused
};

}  // namespace tenax::shared
