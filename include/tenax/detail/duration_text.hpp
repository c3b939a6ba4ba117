// SPDX-License-Identifier: MIT
// detail/duration_text.hpp: durations as text for people, such as `1.5s`.
#pragma once

#include <cstdint>

#include <tenax/duration.hpp>

namespace tenax::detail {

/// `1.5s`, `250ms`, `2min 30s`, `1h`, `-3us`, `0s`, `for ever`: exact to three decimals of the unit, which is the
/// largest unit in which the value is at least 1. Minutes and longer are written in two units, rounded to whole
/// seconds. Formats into itself: does not allocate, and works in constant expressions.
class duration_text {
 public:
  constexpr explicit duration_text(duration d) noexcept { write(d); }

  [[nodiscard]] constexpr char const* c_str() const noexcept { return text_; }
  [[nodiscard]] constexpr unsigned size() const noexcept { return size_; }

 private:
  constexpr void write(duration d) noexcept {
    if (d.count() == longest_duration.count()) return put("for ever");
    auto ns = static_cast<std::uint64_t>(d.count());
    if (d.count() < 0) {
      put("-");
      ns = 0 - ns;
    }
    if (ns == 0) return put("0s");
    for (auto const& u : short_units) {
      if (ns < u.end) return put_thousandths(ns, u.ns), put(u.name);
    }
    for (auto const& u : long_units) {
      auto const n = (ns + u.ns / 2) / u.ns;
      if (n < u.end) return put_two(n / u.of_larger, u.larger, n % u.of_larger, u.name);
    }
  }

  // Tables, because the compiler translates them faster than comparisons.
  struct short_unit {
    std::uint64_t ns;
    std::uint64_t end;  ///< the first value that would round up to 1000 of the unit, or to 60 seconds
    char const* name;
  };
  struct long_unit {
    std::uint64_t ns, end, of_larger;
    char const* larger;
    char const* name;
  };
  static constexpr std::uint64_t us = 1'000, ms = 1'000'000, s = 1'000'000'000;
  static constexpr short_unit short_units[] = {
      {1, us, "ns"}, {us, ms, "us"}, {ms, s - us / 2, "ms"}, {s, 60 * s - ms / 2, "s"}};
  static constexpr long_unit long_units[] = {
      {s, 3'600, 60, "min", "s"}, {60 * s, 24 * 60, 60, "h", "min"}, {3'600 * s, ~std::uint64_t{0}, 24, "d", "h"}};

  constexpr void put(char const* text) noexcept {
    while (*text != '\0') text_[size_++] = *text++;
  }

  constexpr void put_number(std::uint64_t n) noexcept {
    char digits[20] = {};
    unsigned count = 0;
    do digits[count++] = static_cast<char>('0' + n % 10);
    while ((n /= 10) != 0);
    while (count != 0) text_[size_++] = digits[--count];
  }

  constexpr void put_thousandths(std::uint64_t ns, std::uint64_t unit) noexcept {
    auto const thousandths = (ns * 1'000 + unit / 2) / unit;
    put_number(thousandths / 1'000);
    if (auto rest = thousandths % 1'000; rest != 0) {
      put(".");
      for (std::uint64_t place = 100; rest != 0; place /= 10) {
        text_[size_++] = static_cast<char>('0' + rest / place);
        rest %= place;
      }
    }
  }

  constexpr void put_two(std::uint64_t large, char const* large_unit, std::uint64_t rest,
                         char const* rest_unit) noexcept {
    put_number(large);
    put(large_unit);
    if (rest == 0) return;
    put(" ");
    put_number(rest);
    put(rest_unit);
  }

  char text_[32] = {};
  unsigned size_ = 0;
};

/// A duration for a log line: three digits below a minute, because readers of a log need no more. `84.237451ms` becomes
/// `84.2ms`.
[[nodiscard]] constexpr duration in_passing(duration d) noexcept {
  constexpr duration::rep minute = 60'000'000'000;
  if (d.count() <= 0 || d.count() >= minute) return d;
  duration::rep unit = 1;
  while (d.count() / unit >= 1'000) unit *= 10;
  return duration((d.count() + unit / 2) / unit * unit);
}

}  // namespace tenax::detail
