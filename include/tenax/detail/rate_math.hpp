// SPDX-License-Identifier: MIT
// detail/rate_math.hpp: arithmetic with rates, without <cmath>.
#pragma once

#include <cstdint>

namespace tenax::detail {

constexpr double seconds(std::int64_t ns) noexcept { return static_cast<double>(ns) * 1e-9; }

constexpr double least(double a, double b) noexcept { return a < b ? a : b; }

/// The square root.
constexpr double root(double x) noexcept {
  double r = x > 1 ? x : 1;
  for (int i = 0; i < 64; ++i) {
    auto const better = 0.5 * (r + x / r);
    if (better == r) break;
    r = better;
  }
  return r;
}

}  // namespace tenax::detail
