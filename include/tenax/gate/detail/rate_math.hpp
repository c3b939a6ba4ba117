// SPDX-License-Identifier: MIT
// gate/detail/rate_math.hpp: arithmetic with rates, without <cmath>.
#pragma once

#include <cstdint>

namespace tenax::detail {

constexpr double seconds(std::int64_t ns) noexcept { return static_cast<double>(ns) * 1e-9; }

constexpr double least(double a, double b) noexcept { return a < b ? a : b; }

/// `a * b / c`, rounded up once, at most `INT64_MAX`. `c` is more than 0 and at most `INT64_MAX`.
constexpr std::uint64_t scaled_up(std::uint64_t a, std::uint64_t b, std::uint64_t c) noexcept {
  constexpr auto most = static_cast<std::uint64_t>(INT64_MAX);
  std::uint64_t whole = 0, rest = 0;
  for (int bit = 63; bit >= 0; --bit) {
    if (whole > most / 2) return most;
    whole *= 2;
    rest *= 2;
    if ((b >> bit & 1) != 0) {
      if (a / c > most - whole) return most;
      whole += a / c;
      rest = rest >= c ? (++whole, rest - c) : rest;
      rest += a % c;
    }
    rest = rest >= c ? (++whole, rest - c) : rest;
  }
  return whole + (rest != 0 ? 1 : 0) > most ? most : whole + (rest != 0 ? 1 : 0);
}

/// The greatest common divisor of two numbers that are more than 0.
constexpr std::uint64_t common_divisor(std::uint64_t a, std::uint64_t b) noexcept {
  while (b != 0) {
    auto const rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

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
