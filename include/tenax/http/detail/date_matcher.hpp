// SPDX-License-Identifier: MIT
// http/detail/date_matcher.hpp: parses a date by a pattern.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <tenax/http/detail/civil.hpp>

namespace tenax::http::detail {

/// The parts of a date as written, before they are interpreted.
struct written_date {
  int weekday = -1;  // 0 is Sunday; -1: none
  civil_date date{0, 1, 1};
  bool two_digit_year = false;
  int second_of_day = 0;  // 86400 in a leap second at midnight
  int milliseconds = 0;   // 1000 if a fraction was rounded up to a second
  int offset = 0;         // in seconds: local time minus UTC
};

inline constexpr std::string_view weekday_names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                     "Thursday", "Friday", "Saturday"};
inline constexpr std::string_view month_names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/// Three letters as one number, so that they can be compared in one step.
constexpr std::uint32_t first_three(std::string_view text) noexcept {
  auto const byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
  return byte(0) << 16 | byte(1) << 8 | byte(2);
}

/// Setting this bit makes a letter lower-case, and does not turn any other byte into a letter.
inline constexpr std::uint32_t all_lower = 0x20'20'20;

template <std::size_t N>
struct abbreviations {
  std::uint32_t of[N] = {};
  constexpr explicit abbreviations(std::string_view const (&names)[N]) noexcept {
    for (std::size_t i = 0; i != N; ++i) of[i] = first_three(names[i]);
  }
};
inline constexpr abbreviations short_weekdays(weekday_names);
inline constexpr abbreviations short_months(month_names);

/// Matches a text with a pattern:
///
///     a   weekday, short: Mon              b   month: Jan
///     A   weekday, long: Monday            Y   year, 4 digits
///     d   day, 2 digits                    y   year, 2 digits
///     e   day, 2 digits or SP 1 digit      T   hh:mm:ss
///     Z   GMT
///
/// `a A b Z` are case-sensitive. Their lenient relatives are
///
///     w   optional: weekday of either length, any case, a comma, spaces
///     v   optional: weekday of either length, any case, spaces
///     f   day, 1 or 2 digits               B   month, any case
///     c   year, 4 or 2 digits              z   GMT UTC UT Z in any case, +hhmm, +hh:mm, and the same with -
///     m   month, 2 digits                  t   T, t or SP
///     h   hh:mm, hh:mm:ss or hh:mm:ss.f... x   Z, z, +hh:mm or -hh:mm
///     _   one or more SP                   j   GMT, UTC, UT or nothing, then +hhmm or -hhmm
///     k   optional: SP and a comment in parentheses
///
/// and every other character stands for itself.
class date_matcher {
 public:
  constexpr explicit date_matcher(std::string_view text) noexcept : text_(text) {}

  constexpr bool match(std::string_view pattern) noexcept {
    rest_ = text_;
    written_ = {};
    for (char const element : pattern) {
      if (!take(element)) return false;
    }
    return rest_.empty();
  }

  [[nodiscard]] constexpr written_date const& written() const noexcept { return written_; }

 private:
  constexpr bool take(char element) noexcept {
    auto& w = written_;
    switch (element) {
      case 'a': return take_short(short_weekdays, 0, w.weekday);
      case 'A': return take_short(short_weekdays, 0, w.weekday) && take_rest_of_weekday(false);
      case 'b': return take_month(0);
      case 'B': return take_month(all_lower);
      case 'd': return take_number(2, w.date.day);
      case 'e': return take_literal(' ') ? take_number(1, w.date.day) : take_number(2, w.date.day);
      case 'f': return take_number(2, w.date.day) || take_number(1, w.date.day);
      case 'm': return take_number(2, w.date.month);
      case 'Y': return take_year(4);
      case 'y': return take_year(2);
      case 'c': return take_year(4) || take_year(2);
      case 'T': return take_hour_and_minute() && take_literal(':') && take_second();
      case 'h': return take_hour_and_minute() && (!take_literal(':') || (take_second() && take_fraction()));
      case 'Z': return take_literal('G') && take_literal('M') && take_literal('T');
      case 'z': return take_zone();
      case 'x': return take_letter('z') || take_offset(true);
      case 't': return take_letter('t') || take_literal(' ');
      case 'w': return !take_any_weekday() || (take_rest_of_any_weekday() && take_literal(',') && take_spaces());
      case 'v': return !take_any_weekday() || (take_rest_of_any_weekday() && take_spaces());
      case '_': return take_spaces();
      case 'j': return take_javascript_zone();
      case 'k': return take_comment();
      default: return take_literal(element);
    }
  }

  constexpr bool take_literal(char c) noexcept {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  /// `lower`: a letter.
  constexpr bool take_letter(char lower) noexcept {
    if (rest_.empty() || (rest_.front() | 0x20) != lower) return false;
    rest_.remove_prefix(1);
    return true;
  }

  constexpr bool take_spaces() noexcept {
    if (!take_literal(' ')) return false;
    while (take_literal(' ')) {
    }
    return true;
  }

  constexpr bool take_number(std::size_t digits, int& out) noexcept {
    if (rest_.size() < digits) return false;
    int value = 0;
    for (std::size_t i = 0; i != digits; ++i) {
      char const c = rest_[i];
      if (c < '0' || c > '9') return false;
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(digits);
    out = value;
    return true;
  }

  constexpr bool take_number_up_to(int most, int& out) noexcept { return take_number(2, out) && out <= most; }

  /// `mask`: 0 or `all_lower`.
  template <std::size_t N>
  constexpr bool take_short(abbreviations<N> const& names, std::uint32_t mask, int& out) noexcept {
    if (rest_.size() < 3) return false;
    auto const letters = first_three(rest_) | mask;
    for (std::size_t i = 0; i != N; ++i) {
      if ((names.of[i] | mask) != letters) continue;
      rest_.remove_prefix(3);
      out = static_cast<int>(i);
      return true;
    }
    return false;
  }

  constexpr bool take_month(std::uint32_t mask) noexcept {
    if (!take_short(short_months, mask, written_.date.month)) return false;
    ++written_.date.month;
    return true;
  }

  constexpr bool take_rest_of_weekday(bool any_case) noexcept {
    for (char const c : weekday_names[written_.weekday].substr(3)) {
      if (any_case ? !take_letter(c) : !take_literal(c)) return false;
    }
    return true;
  }

  constexpr bool take_any_weekday() noexcept { return take_short(short_weekdays, all_lower, written_.weekday); }

  constexpr bool take_rest_of_any_weekday() noexcept {
    bool const long_name = !rest_.empty() && rest_.front() != ',' && rest_.front() != ' ';
    return !long_name || take_rest_of_weekday(true);
  }

  constexpr bool take_year(std::size_t digits) noexcept {
    int year = 0;
    if (!take_number(digits, year)) return false;
    written_.date.year = year;
    written_.two_digit_year = digits == 2;
    return true;
  }

  constexpr bool take_hour_and_minute() noexcept {
    int hour = 0;
    int minute = 0;
    if (!take_number_up_to(23, hour) || !take_literal(':') || !take_number_up_to(59, minute)) return false;
    written_.second_of_day = (hour * 60 + minute) * 60;
    return true;
  }

  constexpr bool take_second() noexcept {
    int second = 0;
    if (!take_number_up_to(60, second)) return false;
    written_.second_of_day += second;
    return true;
  }

  /// Takes nothing, or a point and digits, rounded up to a whole millisecond.
  constexpr bool take_fraction() noexcept {
    if (!take_literal('.')) return true;
    int digits = 0;
    int thousandths = 0;
    bool more = false;
    for (int digit = 0; take_number(1, digit); ++digits) {
      if (digits < 3) {
        thousandths = thousandths * 10 + digit;
      } else {
        more = more || digit != 0;
      }
    }
    for (int n = digits; n < 3; ++n) thousandths *= 10;
    written_.milliseconds = thousandths + (more ? 1 : 0);
    return digits != 0;
  }

  constexpr bool take_offset(bool colon_required) noexcept {
    bool const west = take_literal('-');
    int hours = 0;
    int minutes = 0;
    if (!west && !take_literal('+')) return false;
    if (!take_number_up_to(23, hours)) return false;
    if (!take_literal(':') && colon_required) return false;
    if (!take_number_up_to(59, minutes)) return false;
    written_.offset = (hours * 60 + minutes) * (west ? -60 : 60);
    return true;
  }

  constexpr bool take_zone() noexcept {
    if (take_letter('g')) return take_letter('m') && take_letter('t');
    if (take_letter('u')) return take_letter('t') && (take_letter('c') || true);
    return take_letter('z') || take_offset(false);
  }

  /// `GMT+0100` is one hour ahead of GMT.
  constexpr bool take_javascript_zone() noexcept {
    if (take_letter('g')) {
      if (!take_letter('m') || !take_letter('t')) return false;
    } else if (take_letter('u')) {
      if (!take_letter('t')) return false;
      take_letter('c');
    }
    return take_offset(false);
  }

  /// Takes nothing, or the rest of the text if it is a comment.
  constexpr bool take_comment() noexcept {
    if (rest_.empty()) return true;
    if (!take_spaces() || !take_literal('(') || rest_.empty() || rest_.back() != ')') return false;
    rest_ = {};
    return true;
  }

  std::string_view text_;
  std::string_view rest_{};
  written_date written_{};
};

}  // namespace tenax::http::detail
