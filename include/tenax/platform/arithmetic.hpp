// SPDX-License-Identifier: MIT
// platform/arithmetic.hpp: arithmetic on words that tells when a result does not fit, and products of two words.
#pragma once

#include <cstdint>

#include <tenax/platform/compiler.hpp>

// Numbers of 128 bits are used where the compiler has them, but not with MSVC's ABI: clang has no library there that
// divides them.

namespace tenax::platform {

/// `sum = a + b`. True if that does not fit; `sum` is then of no use. As are the results of the others.
constexpr bool add_overflows(std::int64_t a, std::int64_t b, std::int64_t& sum) noexcept {
#if !defined(TENAX_WITHOUT_BUILTINS)
  return __builtin_add_overflow(a, b, &sum);
#else
  sum = static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
  return (a < 0) == (b < 0) && (a < 0) != (sum < 0);
#endif
}

/// `difference = a - b`.
constexpr bool subtract_overflows(std::int64_t a, std::int64_t b, std::int64_t& difference) noexcept {
#if !defined(TENAX_WITHOUT_BUILTINS)
  return __builtin_sub_overflow(a, b, &difference);
#else
  difference = static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
  return (a < 0) != (b < 0) && (a < 0) != (difference < 0);
#endif
}

/// `sum = a + b` without a sign.
constexpr bool add_carries(std::uint64_t a, std::uint64_t b, std::uint64_t& sum) noexcept {
  sum = a + b;
  return sum < a;
}

#if !defined(TENAX_WITHOUT_BUILTINS) && defined(__SIZEOF_INT128__) && !defined(_MSC_VER)
__extension__ using two_words = unsigned __int128;
#else
struct two_words {
  std::uint64_t high;
  std::uint64_t low;
};

/// `a * b`, all of it (Knuth, "The Art of Computer Programming", volume 2, algorithm 4.3.1 M, with halves of words).
constexpr two_words multiply(std::uint64_t a, std::uint64_t b) noexcept {
  constexpr std::uint64_t half = 0xffff'ffff;
  auto const lowest = (a & half) * (b & half);
  auto const first = (a >> 32) * (b & half) + (lowest >> 32);
  auto const second = (a & half) * (b >> 32) + (first & half);
  return {(a >> 32) * (b >> 32) + (first >> 32) + (second >> 32), (second << 32) | (lowest & half)};
}
#endif

/// The upper word of `a * b`.
constexpr std::uint64_t multiply_high(std::uint64_t a, std::uint64_t b) noexcept {
#if !defined(TENAX_WITHOUT_BUILTINS) && defined(__SIZEOF_INT128__) && !defined(_MSC_VER)
  return static_cast<std::uint64_t>((two_words{a} * b) >> 64);
#else
  return multiply(a, b).high;
#endif
}

/// `product = a * b` without a sign.
constexpr bool multiply_carries(std::uint64_t a, std::uint64_t b, std::uint64_t& product) noexcept {
#if !defined(TENAX_WITHOUT_BUILTINS)
  return __builtin_mul_overflow(a, b, &product);
#else
  product = a * b;
  return multiply_high(a, b) != 0;
#endif
}

struct division {
  std::uint64_t quotient;
  std::uint64_t rest;
};

#if defined(TENAX_WITHOUT_BUILTINS) || !defined(__SIZEOF_INT128__) || defined(_MSC_VER)
/// `a / b` for `a.high < b`.
constexpr division divide(two_words a, std::uint64_t b) noexcept {
  if (a.high == 0) return {a.low / b, a.low % b};
  division d{0, a.high};
  for (int bit = 63; bit >= 0; --bit) {
    bool const lost = d.rest >> 63 != 0;  // the rest is then at least `b`
    d.rest = (d.rest << 1) | ((a.low >> bit) & 1);
    d.quotient <<= 1;
    if (lost || d.rest >= b) {
      d.rest -= b;
      ++d.quotient;
    }
  }
  return d;
}
#endif

/// `count * numerator * unit / denominator`, rounded down, at most `UINT64_MAX`, and the rest in parts of
/// `denominator`. None of them but `count` may be zero.
constexpr division scale(std::uint64_t count, std::uint64_t numerator, std::uint64_t denominator,
                         std::uint64_t unit) noexcept {
#if !defined(TENAX_WITHOUT_BUILTINS) && defined(__SIZEOF_INT128__) && !defined(_MSC_VER)
  auto const product = two_words{count} * numerator;
  auto const part = product % denominator * unit;
  auto const units = product / denominator > UINT64_MAX / unit ? two_words{UINT64_MAX}
                                                               : product / denominator * unit + part / denominator;
  if (units >= UINT64_MAX) return {UINT64_MAX, 0};
  return {static_cast<std::uint64_t>(units), static_cast<std::uint64_t>(part % denominator)};
#else
  auto const product = multiply(count, numerator);
  if (product.high >= denominator) return {UINT64_MAX, 0};
  auto const whole = divide(product, denominator);
  auto const part = divide(multiply(whole.rest, unit), denominator);
  std::uint64_t units = 0;
  if (multiply_carries(whole.quotient, unit, units) || add_carries(units, part.quotient, units) ||
      units == UINT64_MAX) {
    return {UINT64_MAX, 0};
  }
  return {units, part.rest};
#endif
}

}  // namespace tenax::platform
