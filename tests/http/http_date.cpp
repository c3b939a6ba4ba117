// SPDX-License-Identifier: MIT
// http_date.cpp: HTTP dates, exactly as in the RFC and in the variants that servers send.
#include <tenax/http/http_date.hpp>

#include <chrono>
#include <cstdio>
#include <limits>
#include <optional>
#include <string>

#include "catch.hpp"

using namespace std::chrono_literals;
using tenax::http::parse_http_date;
using tenax::http::profile;
using tenax::http::wall_time;

namespace {

constexpr wall_time start_of(int year, unsigned month, unsigned day) {
  return std::chrono::sys_days(std::chrono::year(year) / static_cast<int>(month) / static_cast<int>(day));
}

constexpr auto reference = start_of(2025, 1, 1);
constexpr auto example = start_of(1994, 11, 6) + 8h + 49min + 37s;

std::optional<wall_time> strictly(std::string_view text, wall_time now = reference) {
  return parse_http_date(text, now, profile::strict);
}

std::optional<wall_time> leniently(std::string_view text, wall_time now = reference) {
  return parse_http_date(text, now);
}

}  // namespace

TEST_CASE("Both profiles read the three forms of HTTP-date") {
  for (auto const p : {profile::strict, profile::pragmatic}) {
    CHECK(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT", reference, p) == example);
    CHECK(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT", reference, p) == example);
    CHECK(parse_http_date("Sun Nov  6 08:49:37 1994", reference, p) == example);
    CHECK(parse_http_date("Wed Nov 16 08:49:37 1994", reference, p) == example + 240h);
    CHECK(parse_http_date("Sat, 01 Jan 0000 00:00:00 GMT", reference, p) == start_of(0, 1, 1));
    CHECK(parse_http_date("Fri, 31 Dec 9999 23:59:59 GMT", reference, p) == start_of(10000, 1, 1) - 1s);
  }
}

TEST_CASE("The strict profile accepts only the exact forms") {
  for (auto const* text : {"",
                           "Sun, 06 Nov 1994 08:49:37",
                           "Sun, 06 Nov 1994 08:49:37 gmt",
                           "Sun, 06 Nov 1994 08:49:37 UTC",
                           "Sun, 06 Nov 1994 08:49:37 +0000",
                           "Sun, 06 Nov 1994 08:49:37  GMT",
                           "Sun,  06 Nov 1994 08:49:37 GMT",
                           " Sun, 06 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 08:49:37 GMT ",
                           "Sun, 06 nov 1994 08:49:37 GMT",
                           "sun, 06 Nov 1994 08:49:37 GMT",
                           "Sun, 6 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov 94 08:49:37 GMT",
                           "Mon, 06 Nov 1994 08:49:37 GMT",
                           "Sunday, 06 Nov 1994 08:49:37 GMT",
                           "06 Nov 1994 08:49:37 GMT",
                           "Sun, 06-Nov-94 08:49:37 GMT",
                           "sunday, 06-Nov-94 08:49:37 GMT",
                           "Monday, 06-Nov-94 08:49:37 GMT",
                           "Sunday, 06-Nov-1994 08:49:37 GMT",
                           "Sun Nov 6 08:49:37 1994",
                           "Sun Nov   6 08:49:37 1994",
                           "Sun nov  6 08:49:37 1994",
                           "Mon Nov  6 08:49:37 1994",
                           "Sunday Nov  6 08:49:37 1994",
                           "Sun Nov  6 08:49:37 1994 GMT",
                           "1994-11-06T08:49:37Z"}) {
    INFO(text);
    CHECK(strictly(text) == std::nullopt);
  }
  CHECK(strictly("Sun Nov 06 08:49:37 1994") == example);
}

TEST_CASE("The pragmatic profile accepts the variants that servers send") {
  for (auto const* text : {"sun, 06 nov 1994 08:49:37 gmt",
                           "SUN, 06 NOV 1994 08:49:37 GMT",
                           "Mon, 06 Nov 1994 08:49:37 GMT",
                           "Sunday, 06 Nov 1994 08:49:37 GMT",
                           "06 Nov 1994 08:49:37 GMT",
                           "6 Nov 1994 08:49:37 GMT",
                           "Sun,   6   Nov   1994   08:49:37   GMT",
                           "Sun, 06-Nov-1994 08:49:37 GMT",
                           "Sun, 06-Nov-94 08:49:37 GMT",
                           "06-nov-94 08:49:37 gmt",
                           "Sun, 06 Nov 1994 08:49:37 UTC",
                           "Sun, 06 Nov 1994 08:49:37 ut",
                           "Sun, 06 Nov 1994 08:49:37 z",
                           "Sun, 06 Nov 1994 08:49:37 +0000",
                           "Sun, 06 Nov 1994 08:49:37 -00:00",
                           "Sun, 06 Nov 1994 09:49:37 +0100",
                           "Sun, 06 Nov 1994 14:19:37 +05:30",
                           "Sat, 05 Nov 1994 23:49:37 -0900",
                           "Mon, 07 Nov 1994 08:48:37 +2359",
                           "Sun Nov 6 08:49:37 1994",
                           "Sunday Nov   6 08:49:37   1994",
                           "nov 06 08:49:37 1994",
                           "1994-11-06T08:49:37Z",
                           "1994-11-06t08:49:37z",
                           "1994-11-06 08:49:37+00:00",
                           "1994-11-06T10:49:37+02:00",
                           "1994-11-05T23:49:37-09:00",
                           "1994-11-06T08:49:37.000Z"}) {
    INFO(text);
    CHECK(leniently(text) == example);
  }
  CHECK(leniently("1994-11-06T08:49Z") == example - 37s);
  CHECK(leniently("1994-11-06T09:49+01:00") == example - 37s);
}

TEST_CASE("The pragmatic profile does not guess") {
  for (auto const* text : {"",
                           "Sun",
                           "Sun,",
                           "Sun, ",
                           " Sun, 06 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 08:49:37 GMT ",
                           "Sun, 06 Nov 1994 08:49:37 GMT+0100",
                           "Sun, 06 Nov 1994 08:49:37 EST",
                           "Sun, 06 Nov 1994 08:49:37 A",
                           "Sun, 06 Nov 1994 08:49:37",
                           "Sun, 06 Nov 1994 08:49:37 ",
                           "Sun, 06 Nov 1994 08:49:37GMT",
                           "Sun, 06 Nov 1994 08:49:37 +01",
                           "Sun, 06 Nov 1994 08:49:37 +2400",
                           "Sun, 06 Nov 1994 08:49:37 +0060",
                           "Sun, 06 Nov 1994 08:49:37 +0100 (CET)",
                           "Sun, 06 November 1994 08:49:37 GMT",
                           "Sun, 06 Nov 94 08:49:37 GMT",
                           "Sun, 06 Nov 01994 08:49:37 GMT",
                           "Sun, 06-Nov-994 08:49:37 GMT",
                           "Sun, 06-Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov-1994 08:49:37 GMT",
                           "Sun, 006 Nov 1994 08:49:37 GMT",
                           "Sun, 00 Nov 1994 08:49:37 GMT",
                           "Sun,06 Nov 1994 08:49:37 GMT",
                           "Sun , 06 Nov 1994 08:49:37 GMT",
                           "Sun 06 Nov 1994 08:49:37 GMT",
                           "Zun, 06 Nov 1994 08:49:37 GMT",
                           "Sund, 06 Nov 1994 08:49:37 GMT",
                           "Sundax, 06 Nov 1994 08:49:37 GMT",
                           "Sunmonday, 06 Nov 1994 08:49:37 GMT",
                           "Sun6 Nov 1994 08:49:37 GMT",
                           "SunNov  6 08:49:37 1994",
                           "Sunday,, 06 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 8:49:37 GMT",
                           "Sun, 06 Nov 1994 08:49 GMT",
                           "Sun, 06 Nov 1994 24:00:00 GMT",
                           "Sun, 06 Nov 1994 08:60:37 GMT",
                           "Sun, 06 Nov 1994 08:49:61 GMT",
                           "Sun, 06 Nov 1994 08:49:37.5 GMT",
                           "Sun,\t06 Nov 1994 08:49:37 GMT",
                           "Sun Nov  6 08:49:37 94",
                           "Sun Nov  6 08:49:37 GMT 1994",
                           "Sun, Nov  6 08:49:37 1994",
                           "Sun Nov 06 1994 08:49:37 GMT",
                           "Sun Nov 06 1994 08:49:37 GMT+0100 (CET) ",
                           "Sun Nov 06 1994 08:49:37 GMT+0100(CET)",
                           "Sun Nov 06 1994 08:49:37 GMT (CET)",
                           "Sun Nov 06 1994 08:49:37 CET+0100",
                           "1994-11-06",
                           "1994-11-06T08:49:37",
                           "1994-11-06T08Z",
                           "1994-11-06T08:49:Z",
                           "1994-11-06T08:49:37.Z",
                           "1994-11-06T08:49:37,5Z",
                           "1994-11-06T08:49.5Z",
                           "1994-11-06T08:49:37 Z",
                           "1994-11-06T08:49:37+0100",
                           "1994-11-06T08:49:37+24:00",
                           "1994-11-06  08:49:37Z",
                           "1994-11-6T08:49:37Z",
                           "1994-1-06T08:49:37Z",
                           "1994-13-06T08:49:37Z",
                           "1994-00-06T08:49:37Z",
                           "94-11-06T08:49:37Z",
                           "19941106T084937Z",
                           "1994-W44-7T08:49:37Z",
                           "784111777"}) {
    INFO(text);
    CHECK(leniently(text) == std::nullopt);
  }
}

TEST_CASE("A fraction of a second is rounded up to a millisecond") {
  constexpr auto second = start_of(2025, 1, 1) + 1min;
  CHECK(leniently("2025-01-01T00:01:00.25Z") == second + 250ms);
  CHECK(leniently("2025-01-01T00:01:00.001Z") == second + 1ms);
  CHECK(leniently("2025-01-01T00:01:00.0001Z") == second + 1ms);
  CHECK(leniently("2025-01-01T00:01:00.2500000000000000000000Z") == second + 250ms);
  CHECK(leniently("2025-01-01T00:01:00.2500000000000000000001Z") == second + 251ms);
  CHECK(leniently("2025-01-01T00:00:59.9991Z") == second);
}

TEST_CASE("Second 60 is the first of the next minute") {
  CHECK(strictly("Mon, 30 Jun 2025 23:59:60 GMT") == start_of(2025, 7, 1));
  CHECK(strictly("Wed, 31 Dec 2025 23:59:60 GMT") == start_of(2026, 1, 1));
  CHECK(strictly("Wed, 01 Jan 2025 00:00:60 GMT") == start_of(2025, 1, 1) + 1min);
  CHECK(leniently("2016-12-31T23:59:60Z") == start_of(2017, 1, 1));
  CHECK(leniently("2016-12-31T23:59:60.5Z") == start_of(2017, 1, 1) + 500ms);
}

TEST_CASE("Every day of 400 years is read with its weekday, and no other day") {
  static constexpr char const* weekdays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr char const* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  int wrong = 0;
  int days = 0;
  for (int year = 1800; year != 2200; ++year) {
    for (unsigned month = 1; month <= 12; ++month) {
      for (unsigned day = 1; day <= 32; ++day) {
        auto const date = std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day);
        auto const weekday = std::chrono::weekday(std::chrono::sys_days(date)).c_encoding();
        char text[40];
        std::snprintf(text, sizeof text, "%s, %02u %s %04d 00:00:00 GMT", weekdays[weekday % 7], day, months[month - 1],
                      year);
        std::optional<wall_time> expected;
        if (date.ok()) expected = std::chrono::sys_days(date);
        days += date.ok() ? 1 : 0;
        wrong += strictly(text) == expected ? 0 : 1;
        std::snprintf(text, sizeof text, "%s, %02u %s %04d 00:00:00 GMT", weekdays[(weekday + 1) % 7], day,
                      months[month - 1], year);
        wrong += strictly(text) == std::nullopt ? 0 : 1;
        wrong += leniently(text) == expected ? 0 : 1;
      }
    }
  }
  CHECK(wrong == 0);
  CHECK(days == 146'097);
}

TEST_CASE("A two-digit year is the latest one that is not more than 50 years ahead") {
  CHECK(leniently("31-Dec-74 23:59:59 GMT") == start_of(2075, 1, 1) - 1s);
  CHECK(leniently("01-Jan-75 00:00:00 GMT") == start_of(2075, 1, 1));
  CHECK(leniently("01-Jan-75 00:00:01 GMT") == start_of(1975, 1, 1) + 1s);
  // The instant counts, not the year as written.
  CHECK(leniently("01-Jan-75 00:00:01 +0001") == start_of(2075, 1, 1) - 59s);
  CHECK(leniently("31-Dec-74 23:59:59 -0001") == start_of(1975, 1, 1) + 59s);
  CHECK(leniently("01-Jan-00 00:00:00 GMT") == start_of(2000, 1, 1));
  CHECK(leniently("01-Jan-99 00:00:00 GMT") == start_of(1999, 1, 1));

  // Near the turn of a century, on both sides.
  CHECK(leniently("01-Jan-49 00:00:00 GMT", start_of(1999, 1, 1)) == start_of(2049, 1, 1));
  CHECK(leniently("01-Jan-50 00:00:00 GMT", start_of(1999, 1, 1)) == start_of(1950, 1, 1));
  CHECK(leniently("01-Jan-99 00:00:00 GMT", start_of(2101, 1, 1)) == start_of(2099, 1, 1));
  CHECK(leniently("01-Jan-51 00:00:00 GMT", start_of(2101, 1, 1)) == start_of(2151, 1, 1));
  CHECK(leniently("01-Jan-52 00:00:00 GMT", start_of(2101, 1, 1)) == start_of(2052, 1, 1));

  // The weekday is checked with the resolved year.
  CHECK(strictly("Monday, 31-Dec-74 23:59:59 GMT") == start_of(2075, 1, 1) - 1s);
  CHECK(strictly("Tuesday, 31-Dec-74 23:59:59 GMT") == std::nullopt);
  CHECK(strictly("Wednesday, 01-Jan-75 00:00:01 GMT") == start_of(1975, 1, 1) + 1s);
}

TEST_CASE("Fifty years after a leap day is the first of March") {
  constexpr auto leap_day = start_of(2024, 2, 29);
  CHECK(leniently("28-Feb-74 00:00:00 GMT", leap_day) == start_of(2074, 2, 28));
  CHECK(leniently("01-Mar-74 00:00:00 GMT", leap_day) == start_of(2074, 3, 1));
  CHECK(leniently("01-Mar-74 00:00:01 GMT", leap_day) == start_of(1974, 3, 1) + 1s);
  CHECK(leniently("01-Mar-74 10:00:00 GMT", leap_day + 10h) == start_of(2074, 3, 1) + 10h);
}

TEST_CASE("A century in which the day does not exist is skipped") {
  CHECK(leniently("29-Feb-00 00:00:00 GMT", start_of(2060, 1, 1)) == start_of(2000, 2, 29));
  CHECK(leniently("29-Feb-00 00:00:00 GMT", start_of(1970, 1, 1)) == start_of(2000, 2, 29));
  CHECK(leniently("29-Feb-00 00:00:00 GMT", start_of(2250, 1, 1)) == std::nullopt);
  CHECK(leniently("29-Feb-75 00:00:00 GMT") == std::nullopt);
  CHECK(leniently("30-Feb-24 00:00:00 GMT") == std::nullopt);
}

TEST_CASE("A reference outside of the range of dates is replaced by the nearest date") {
  CHECK(leniently("01-Jan-25 00:00:00 GMT", wall_time::max()) == start_of(10025, 1, 1));
  CHECK(leniently("01-Jan-25 00:00:00 GMT", wall_time::min()) == start_of(25, 1, 1));
  CHECK(leniently("Sun, 06 Nov 1994 08:49:37 GMT", wall_time::max()) == example);
}

TEST_CASE("Time points of the wall clock in any unit are rounded down to milliseconds, and saturate") {
  using tenax::http::detail::to_wall_time;
  using clock = std::chrono::system_clock;
  constexpr auto in = [](auto d) { return std::chrono::time_point<clock, decltype(d)>(d); };
  CHECK(to_wall_time(in(1s)) == wall_time(1s));
  CHECK(to_wall_time(in(1'999'999ns)) == wall_time(1ms));
  CHECK(to_wall_time(in(-1ns)) == wall_time(-1ms));
  CHECK(to_wall_time(in(-1'000'000ns)) == wall_time(-1ms));
  CHECK(to_wall_time(in(std::chrono::duration<std::int64_t, std::ratio<1, 3>>(-1))) == wall_time(-334ms));
  CHECK(to_wall_time(in(std::chrono::days(20000))) == wall_time(std::chrono::days(20000)));
  CHECK(to_wall_time(in(std::chrono::duration<double>(1.0015))) == wall_time(1001ms));
  CHECK(to_wall_time(in(std::chrono::duration<double>(-0.0005))) == wall_time(-1ms));
  CHECK(to_wall_time(in(std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN()))) == wall_time());
  auto const first = start_of(0, 1, 1);
  auto const last = start_of(10000, 1, 1) - 1ms;
  CHECK(to_wall_time(wall_time::max()) == last);
  CHECK(to_wall_time(wall_time::min()) == first);
  CHECK(to_wall_time(in(std::chrono::hours::max())) == last);
  CHECK(to_wall_time(in(std::chrono::hours::min())) == first);
  CHECK(to_wall_time(in(std::chrono::years::max())) == last);
  CHECK(to_wall_time(in(std::chrono::years(9000))) == last);
  CHECK(to_wall_time(in(std::chrono::duration<std::uint64_t, std::milli>(~0ULL))) == last);
  CHECK(to_wall_time(in(std::chrono::duration<double>(1e300))) == last);
  CHECK(to_wall_time(in(std::chrono::duration<double>(-1e300))) == first);
  CHECK(to_wall_time(first) == first);
  CHECK(to_wall_time(last) == last);
}

TEST_CASE("A JavaScript Date as text is read with its offset, and its comment is ignored") {
  for (auto const* text :
       {"Sun Nov 06 1994 08:49:37 GMT+0000 (Coordinated Universal Time)", "Sun Nov 06 1994 09:49:37 GMT+0100 (CET)",
        "Sun Nov 06 1994 03:49:37 GMT-0500 (Eastern Standard Time)", "Sun Nov 06 1994 14:19:37 GMT+0530",
        "sun nov 6 1994 08:49:37 gmt+0000 (x)", "Nov 06 1994 08:49:37 UTC+00:00 (x)",
        "Mon Nov 06 1994 08:49:37 +0000"}) {
    INFO(text);
    CHECK(leniently(text) == example);
    CHECK(strictly(text) == std::nullopt);
  }
}
