// SPDX-License-Identifier: MIT
// http/detail/civil.hpp: days of the Gregorian calendar, counted from 1970-01-01.
#pragma once

#include <cstdint>

#include <tenax/platform/cplusplus.hpp>

namespace tenax::http::detail {

struct civil_date {
  std::int64_t year;
  int month;  // 1 to 12
  int day;    // 1 to 31
};

inline constexpr int days_before_month[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};

constexpr bool is_leap_year(std::int64_t year) noexcept {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

constexpr bool is_civil_date(civil_date const& c) noexcept {
  if (c.month < 1 || c.month > 12 || c.day < 1) return false;
  int const next = c.month == 12 ? 365 : days_before_month[c.month];
  return c.day <= next - days_before_month[c.month - 1] + (c.month == 2 && is_leap_year(c.year) ? 1 : 0);
}

/// The calendar repeats after 400 years. Years are counted from 400 before the year 0, which keeps every dividend below
/// positive for years from -400 on.
inline constexpr std::int64_t days_in_400_years = 146'097;
inline constexpr std::int64_t days_to_1970 = 719'528 + days_in_400_years;

constexpr std::int64_t days_from_civil(civil_date const& c) noexcept {
  auto const years = c.year + 400;
  auto const leap_years = (years + 3) / 4 - (years + 99) / 100 + (years + 399) / 400;
  int const this_leap_day = c.month > 2 && is_leap_year(c.year) ? 1 : 0;
  return years * 365 + leap_years + days_before_month[c.month - 1] + this_leap_day + c.day - 1 - days_to_1970;
}

/// For days from the year -400 on.
constexpr civil_date civil_from_days(std::int64_t days) noexcept {
  // Computed from the average length of a year, the year may be off by one.
  civil_date c{(days + days_to_1970) * 400 / days_in_400_years - 400, 1, 1};
  if (days_from_civil(c) > days) --c.year;
  if (days_from_civil({c.year + 1, 1, 1}) <= days) ++c.year;
  while (c.month < 12 && days_from_civil({c.year, c.month + 1, 1}) <= days) ++c.month;
  c.day = static_cast<int>(days - days_from_civil(c)) + 1;
  return c;
}

/// 0 is Sunday. For days from the year -400 on.
constexpr int weekday_from_days(std::int64_t days) noexcept {
  // The first of those days was a Saturday, like the same day 400 years later.
  return static_cast<int>((days + days_to_1970 + 6) % 7);
}

}  // namespace tenax::http::detail
