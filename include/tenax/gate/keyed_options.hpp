// SPDX-License-Identifier: MIT
// gate/keyed_options.hpp: the options of `keyed`.
#pragma once

#include <cstdint>

#include <tenax/duration.hpp>

namespace tenax {

/// How many gates are kept, and for how long.
struct keyed_options {
  std::int64_t max_keys = 10'000;                        ///< at least 1
  any_duration forget_after = std::chrono::minutes(10);  ///< unused gates are kept this long; more than zero
};

}  // namespace tenax
