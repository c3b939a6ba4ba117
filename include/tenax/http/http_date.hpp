// SPDX-License-Identifier: MIT
// http/http_date.hpp: parses HTTP dates (RFC 9110), as in Date and Retry-After, and common variants.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

#include <tenax/http/detail/fixdate.hpp>
#include <tenax/platform/arithmetic.hpp>
#include <tenax/platform/chrono.hpp>

namespace tenax::http {

/// A point in time of the wall clock: UTC, in milliseconds since 1970, without leap seconds.
using wall_time = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

/// How header fields are read.
enum class profile {
  pragmatic,  ///< the standards, and common deviations of servers
  strict      ///< only the standards
};

}  // namespace tenax::http

namespace tenax::http::detail {

// <chrono> has a calendar, but its header takes three times as long to compile as this file.

inline constexpr std::string_view strict_dates[] = {
    "a, d b Y T Z",  // IMF-fixdate   Sun, 06 Nov 1994 08:49:37 GMT
    "A, d-b-y T Z",  // rfc850-date   Sunday, 06-Nov-94 08:49:37 GMT
    "a b e T Y",     // asctime-date  Sun Nov  6 08:49:37 1994
};

inline constexpr std::string_view pragmatic_dates[] = {
    "wf_B_Y_T_z",  "wf-B-c_T_z", "vB_f_T_Y",
    "Y-m-dthx",     // RFC 3339       1994-11-06T08:49:37.250+01:00
    "vB_f_Y_T_jk",  // JavaScript     Sun Nov 06 1994 08:49:37 GMT+0100 (Central European Standard Time)
};

inline constexpr std::int64_t milliseconds_per_day = 86'400'000;

/// The first instant of the year 0 and the last of the year 9999, the range of the dates that can be read (plus an
/// offset).
inline constexpr std::int64_t first_instant = days_from_civil({0, 1, 1}) * milliseconds_per_day;
inline constexpr std::int64_t last_instant = days_from_civil({10'000, 1, 1}) * milliseconds_per_day - 1;

/// Rounds down to milliseconds, and limits the result to the years 0 to 9999.
template <class D>
constexpr http::wall_time to_wall_time(std::chrono::time_point<std::chrono::system_clock, D> t) noexcept {
  using period = typename D::period;
  constexpr auto held = [](auto ms, auto first, auto last) { return ms < first ? first : ms > last ? last : ms; };
  auto const count = t.time_since_epoch().count();
  std::int64_t ms = 0;
  if constexpr (std::is_floating_point_v<typename D::rep>) {
    auto const value = static_cast<long double>(count) * period::num * 1000 / period::den;
    auto const inside = value != value ? 0.0L : held(value, 1.0L * first_instant, 1.0L * last_instant);
    ms = static_cast<std::int64_t>(inside);
    if (static_cast<long double>(ms) > inside) --ms;
  } else {
    bool const before_1970 = count < 0;
    auto const size = before_1970 ? 0 - static_cast<std::uint64_t>(count) : static_cast<std::uint64_t>(count);
    auto const scaled = platform::scale(size, period::num, period::den, 1000);
    auto const most = static_cast<std::uint64_t>(before_1970 ? -first_instant : last_instant);
    auto const whole = static_cast<std::int64_t>(scaled.quotient < most ? scaled.quotient : most);
    ms = !before_1970 ? whole : scaled.rest != 0 && scaled.quotient < most ? -whole - 1 : -whole;
  }
  return http::wall_time(std::chrono::milliseconds(ms));
}

/// For instants from `first_instant` on.
constexpr std::int64_t days_of(std::int64_t ms) noexcept {
  return (ms - first_instant) / milliseconds_per_day + first_instant / milliseconds_per_day;
}

/// The same time of the same day 50 years later; for the 29th of February, the 1st of March if there is no 29th.
constexpr std::int64_t fifty_years_after(std::int64_t ms) noexcept {
  auto const days = days_of(ms);
  auto date = civil_from_days(days);
  date.year += 50;
  // Where the 29th does not exist, days_from_civil counts on from the 28th to the 1st of March.
  return ms + (days_from_civil(date) - days) * milliseconds_per_day;
}

/// The instant of a date whose year is known, in milliseconds. Precondition: the day exists.
constexpr std::int64_t instant_of(written_date const& w) noexcept {
  return days_from_civil(w.date) * milliseconds_per_day + std::int64_t{w.second_of_day - w.offset} * 1000 +
         w.milliseconds;
}

// The functions below take and set milliseconds since 1970, and return whether the text is a date.

constexpr bool resolve_date(written_date w, std::int64_t reference, bool check_weekday, std::int64_t& out) noexcept {
  if (w.two_digit_year) {
    auto const now = reference < first_instant ? first_instant : reference > last_instant ? last_instant : reference;
    auto const latest = fifty_years_after(now);
    w.date.year += civil_from_days(days_of(now)).year / 100 * 100 + 100;
    for (int candidates = 3; !is_civil_date(w.date) || instant_of(w) > latest; w.date.year -= 100) {
      if (--candidates == 0) return false;
    }
  } else if (!is_civil_date(w.date)) {
    return false;
  }
  if (check_weekday && weekday_from_days(days_from_civil(w.date)) != w.weekday) return false;
  out = instant_of(w);
  return true;
}

constexpr bool match_date(std::string_view text, std::int64_t reference, http::profile p, std::int64_t& out) noexcept {
  bool const strict = p == http::profile::strict;
  if (written_date w; read_fixdate(text, w)) return resolve_date(w, reference, strict, out);
  date_matcher matcher(text);
  auto const* pattern = strict ? std::begin(strict_dates) : std::begin(pragmatic_dates);
  auto const* const last = strict ? std::end(strict_dates) : std::end(pragmatic_dates);
  for (; pattern != last; ++pattern) {
    if (matcher.match(*pattern)) return resolve_date(matcher.written(), reference, strict, out);
  }
  return false;
}

}  // namespace tenax::http::detail

namespace tenax::http {

/// Returns the instant of an HTTP-date (RFC 9110, section 5.6.7), or none unless the whole of `text` is a date.
///
/// A date with a two-digit year is the latest such date that is at most 50 years after `reference`. Second 60 is the
/// first second of the next minute. A day that the month does not have is refused.
///
/// `profile::strict` accepts exactly the three forms of the RFC, with the correct weekday. `profile::pragmatic` ignores
/// case; the weekday may be wrong or missing. It also accepts one-digit days, several spaces, dashes with any year, and
/// the zones `UTC`, `UT`, `Z` and `+hhmm`; RFC 3339 dates with an offset, rounded up to a millisecond; and the text of
/// a JavaScript `Date`, such as `Sun Nov 06 1994 08:49:37 GMT+0100 (CET)`, whose comment is ignored. Other names of
/// zones are refused, because they are ambiguous. So are dates without a zone, except for asctime's form.
[[nodiscard]] constexpr std::optional<wall_time> parse_http_date(std::string_view text, wall_time reference,
                                                                 profile p = profile::pragmatic) noexcept {
  std::int64_t ms = 0;
  if (!detail::match_date(text, reference.time_since_epoch().count(), p, ms)) return std::nullopt;
  return wall_time(std::chrono::milliseconds(ms));
}

}  // namespace tenax::http
