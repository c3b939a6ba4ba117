// SPDX-License-Identifier: MIT
// http/detail/number.hpp: parses decimal numbers in header fields: exact, and saturating instead of wrapping.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include <tenax/platform/cplusplus.hpp>

namespace tenax::http::detail {

/// 2^31 seconds: RFC 9111 (section 1.2.2) prescribes it for a number of seconds that is too large.
inline constexpr std::int64_t longest_delay_ms = 2'147'483'648'000;

/// A number as written.
struct decimal {
  std::uint64_t whole = 0;      // saturates
  std::string_view fraction{};  // digits
};

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// Removes the digits at the start of `text`, and returns them.
constexpr std::string_view take_digits(std::string_view& text) noexcept {
  std::size_t n = 0;
  while (n != text.size() && is_digit(text[n])) ++n;
  auto const digits = text.substr(0, n);
  text.remove_prefix(n);
  return digits;
}

constexpr std::uint64_t number_of(std::string_view digits) noexcept {
  constexpr auto most = (std::numeric_limits<std::uint64_t>::max)();
  std::uint64_t n = 0;
  for (char const c : digits) {
    auto const digit = static_cast<std::uint64_t>(c - '0');
    if (n > (most - digit) / 10) return most;
    n = n * 10 + digit;
  }
  return n;
}

// The functions below return whether they have found what they read: a `std::optional` of each type would cost the
// compiler more than they do.

/// Removes `1*DIGIT [ "." 1*DIGIT ]` from the start of `text`.
constexpr bool take_decimal(std::string_view& text, decimal& out) noexcept {
  auto const whole = take_digits(text);
  if (whole.empty()) return false;
  out = {number_of(whole)};
  if (text.empty() || text.front() != '.') return true;
  text.remove_prefix(1);
  out.fraction = take_digits(text);
  return !out.fraction.empty();
}

/// Reads a number that takes up the whole text.
constexpr bool read_decimal(std::string_view text, decimal& out) noexcept {
  return take_decimal(text, out) && text.empty();
}

constexpr bool read_digits(std::string_view text, std::uint64_t& out) noexcept {
  auto const digits = take_digits(text);
  if (digits.empty() || !text.empty()) return false;
  out = number_of(digits);
  return true;
}

/// Returns `d * unit`, rounded up, at most `most`. Precondition: `unit < 2^59`.
constexpr std::int64_t scaled(decimal const& d, std::int64_t unit, std::int64_t most) noexcept {
  if (d.whole > static_cast<std::uint64_t>(most / unit)) return most;
  // Goes from the last digit to the first. The digits after the current one make up less than one unit, so for rounding
  // it is enough to know whether any remainder was cut off.
  std::int64_t part = 0;
  bool cut = false;
  for (auto digits = d.fraction; !digits.empty(); digits.remove_suffix(1)) {
    part += (digits.back() - '0') * unit;
    cut = cut || part % 10 != 0;
    part /= 10;
  }
  part += cut ? 1 : 0;
  auto const whole = static_cast<std::int64_t>(d.whole) * unit;
  return whole > most - part ? most : whole + part;
}

/// Reads a duration as Go prints it, such as `23h47m36.648s`. Each number is rounded up to a nanosecond, the sum to a
/// millisecond.
constexpr bool read_go_duration(std::string_view text, std::int64_t& out) noexcept {
  constexpr std::int64_t ms = 1'000'000;
  constexpr std::int64_t most = longest_delay_ms * ms;
  struct unit {
    std::string_view name;
    std::int64_t ns;
  };
  // "ms" comes before "m", because "m" is its prefix.
  constexpr unit units[] = {{"h", 3'600'000 * ms}, {"ms", ms},    {"m", 60'000 * ms},
                            {"s", 1'000 * ms},     {"us", 1'000}, {"ns", 1}};
  if (text.empty()) return false;
  std::int64_t sum = 0;
  while (!text.empty()) {
    decimal number;
    bool const there = take_decimal(text, number);
    unit const* found = nullptr;
    for (auto const& u : units) {
      if (found == nullptr && text.substr(0, u.name.size()) == u.name) found = &u;
    }
    if (!there || found == nullptr) return false;
    text.remove_prefix(found->name.size());
    sum += scaled(number, found->ns, most - sum);
  }
  out = sum / ms + (sum % ms != 0 ? 1 : 0);
  return true;
}

}  // namespace tenax::http::detail
