// SPDX-License-Identifier: MIT
// http/detail/fixdate.hpp: reads the form of dates that nearly all servers send, faster than by a pattern.
#pragma once

#include <cstddef>
#include <string_view>

#include <tenax/http/detail/date_matcher.hpp>

namespace tenax::http::detail {

/// The number that digits stand for; negative if a character is not a digit.
constexpr int digits_at(std::string_view text, std::size_t at, std::size_t count) noexcept {
  unsigned value = 0;
  bool good = true;
  for (std::size_t i = at; i != at + count; ++i) {
    auto const digit = static_cast<unsigned>(static_cast<unsigned char>(text[i])) - '0';
    good = good && digit <= 9;
    value = value * 10 + digit;
  }
  return good ? static_cast<int>(value) : -1;
}

/// The index of the name at this place; negative if there is none.
template <std::size_t N>
constexpr int name_at(std::string_view text, std::size_t at, abbreviations<N> const& names) noexcept {
  auto const letters = first_three(text.substr(at, 3));
  for (std::size_t i = 0; i != N; ++i) {
    if (names.of[i] == letters) return static_cast<int>(i);
  }
  return -1;
}

/// Reads an IMF-fixdate (RFC 9110, section 5.6.7), such as `Sun, 06 Nov 1994 08:49:37 GMT`. Returns whether the text is
/// one; otherwise it may still be a date of another form.
constexpr bool read_fixdate(std::string_view text, written_date& out) noexcept {
  if (text.size() != 29) return false;
  bool const framed = text[3] == ',' && text[4] == ' ' && text[7] == ' ' && text[11] == ' ' && text[16] == ' ' &&
                      text[19] == ':' && text[22] == ':' && text.substr(25) == " GMT";
  if (!framed) return false;
  int const hour = digits_at(text, 17, 2);
  int const minute = digits_at(text, 20, 2);
  int const second = digits_at(text, 23, 2);
  out.weekday = name_at(text, 0, short_weekdays);
  out.date = {digits_at(text, 12, 4), name_at(text, 8, short_months) + 1, digits_at(text, 5, 2)};
  out.second_of_day = (hour * 60 + minute) * 60 + second;
  bool const named = out.weekday >= 0 && out.date.month > 0;
  bool const counted = out.date.year >= 0 && out.date.day >= 0 && hour >= 0 && minute >= 0 && second >= 0;
  return named && counted && hour <= 23 && minute <= 59 && second <= 60;
}

}  // namespace tenax::http::detail
