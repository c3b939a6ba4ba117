// SPDX-License-Identifier: MIT
// wide.hpp: whole numbers of 128 bits, with which the tests calculate what the library must not overflow at.
#pragma once

#include <compare>
#include <concepts>
#include <cstdint>

namespace tests {

#if defined(__SIZEOF_INT128__)

__extension__ using wide = __int128;

#else

struct two_words {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
};

constexpr two_words multiply_words(std::uint64_t a, std::uint64_t b) {
  two_words product{};
  for (int bit = 63; bit >= 0; --bit) {
    product = {(product.high << 1) | (product.low >> 63), product.low << 1};
    if (((b >> bit) & 1) == 0) continue;
    auto const low = product.low + a;
    product = {product.high + (low < a ? 1 : 0), low};
  }
  return product;
}

/// A sign and two words. What does not fit is lost.
class wide {
 public:
  constexpr wide() noexcept = default;
  template <std::integral T>
  constexpr wide(T value) noexcept : words_{0, static_cast<std::uint64_t>(value)} {
    if constexpr (std::is_signed_v<T>) {
      if (value < 0) *this = wide({0, 0 - words_.low}, true);
    }
  }

  /// The lowest bits, as in a conversion between built-in types.
  template <std::integral T>
  constexpr explicit operator T() const noexcept {
    return static_cast<T>(negative_ ? 0 - words_.low : words_.low);
  }

  friend constexpr wide operator-(wide a) noexcept { return {a.words_, !a.negative_}; }
  friend constexpr wide operator+(wide a, wide b) noexcept {
    if (a.negative_ == b.negative_) return {sum(a.words_, b.words_), a.negative_};
    if (is_less(a.words_, b.words_)) return {difference(b.words_, a.words_), b.negative_};
    return {difference(a.words_, b.words_), a.negative_};
  }
  friend constexpr wide operator-(wide a, wide b) noexcept { return a + -b; }
  friend constexpr wide operator*(wide a, wide b) noexcept {
    auto product = multiply_words(a.words_.low, b.words_.low);
    product.high += a.words_.high * b.words_.low + a.words_.low * b.words_.high;
    return {product, a.negative_ != b.negative_};
  }
  /// Rounds towards zero.
  friend constexpr wide operator/(wide a, wide b) noexcept {
    return {divide(a.words_, b.words_).quotient, a.negative_ != b.negative_};
  }
  /// Has the sign of `a`.
  friend constexpr wide operator%(wide a, wide b) noexcept { return {divide(a.words_, b.words_).rest, a.negative_}; }

  friend constexpr bool operator==(wide a, wide b) noexcept {
    return a.words_.high == b.words_.high && a.words_.low == b.words_.low && a.negative_ == b.negative_;
  }
  friend constexpr std::strong_ordering operator<=>(wide a, wide b) noexcept {
    if (a.negative_ != b.negative_) return b.negative_ <=> a.negative_;
    if (a.negative_) return compare(b.words_, a.words_);
    return compare(a.words_, b.words_);
  }

 private:
  struct division {
    two_words quotient{};
    two_words rest{};
  };

  /// There is no negative zero.
  constexpr wide(two_words words, bool negative) noexcept
      : words_(words), negative_(negative && (words.high | words.low) != 0) {}

  static constexpr std::strong_ordering compare(two_words a, two_words b) noexcept {
    return a.high != b.high ? a.high <=> b.high : a.low <=> b.low;
  }
  static constexpr bool is_less(two_words a, two_words b) noexcept { return compare(a, b) < 0; }
  static constexpr two_words sum(two_words a, two_words b) noexcept {
    auto const low = a.low + b.low;
    return {a.high + b.high + (low < a.low ? 1 : 0), low};
  }
  static constexpr two_words difference(two_words a, two_words b) noexcept {
    return {a.high - b.high - (a.low < b.low ? 1 : 0), a.low - b.low};
  }
  static constexpr division divide(two_words a, two_words b) noexcept {
    if (a.high == 0 && b.high == 0) return {{0, a.low / b.low}, {0, a.low % b.low}};
    division d;
    for (int bit = 127; bit >= 0; --bit) {
      auto const next = (bit >= 64 ? a.high >> (bit - 64) : a.low >> bit) & 1;
      // A rest that loses a bit here is at least `b`, whose difference is right without that bit.
      bool const lost = d.rest.high >> 63 != 0;
      d.rest = {(d.rest.high << 1) | (d.rest.low >> 63), (d.rest.low << 1) | next};
      d.quotient = {(d.quotient.high << 1) | (d.quotient.low >> 63), d.quotient.low << 1};
      if (!lost && is_less(d.rest, b)) continue;
      d.rest = difference(d.rest, b);
      d.quotient.low |= 1;
    }
    return d;
  }

  two_words words_{};
  bool negative_ = false;
};

#endif

}  // namespace tests
