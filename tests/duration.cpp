// SPDX-License-Identifier: MIT
// duration.cpp: durations in any unit become nanoseconds, and arithmetic on them never wraps.
#include <tenax/duration.hpp>

#include <cmath>
#include <limits>
#include <optional>
#include <ratio>

#include "catch.hpp"

using namespace std::chrono_literals;
using tenax::any_duration;
using tenax::duration;
using tenax::optional_duration;

namespace {

constexpr auto longest = duration::max();
constexpr auto most_negative = duration::min();
constexpr auto billion = std::chrono::duration<std::int64_t, std::giga>(1);

constexpr tenax::time_point point(duration since_epoch) { return tenax::time_point(since_epoch); }

}  // namespace

TEST_CASE("Adding and subtracting durations saturates at both ends") {
  CHECK(tenax::saturating_add(1s, 2s) == 3s);
  CHECK(tenax::saturating_add(-1s, 2s) == 1s);
  CHECK(tenax::saturating_add(longest - 1ns, 1ns) == longest);
  CHECK(tenax::saturating_add(longest, 1ns) == longest);
  CHECK(tenax::saturating_add(1ns, longest) == longest);
  CHECK(tenax::saturating_add(longest, longest) == longest);
  CHECK(tenax::saturating_add(longest, most_negative) == -1ns);
  CHECK(tenax::saturating_add(most_negative, -1ns) == most_negative);
  CHECK(tenax::saturating_add(-1ns, most_negative) == most_negative);

  CHECK(tenax::saturating_subtract(3s, 2s) == 1s);
  CHECK(tenax::saturating_subtract(2s, 3s) == -1s);
  CHECK(tenax::saturating_subtract(longest, -1ns) == longest);
  CHECK(tenax::saturating_subtract(0ns, most_negative) == longest);
  CHECK(tenax::saturating_subtract(most_negative, 1ns) == most_negative);
  CHECK(tenax::saturating_subtract(most_negative, most_negative) == 0ns);
  CHECK(tenax::saturating_subtract(longest, longest) == 0ns);
}

TEST_CASE("The time between two points saturates") {
  CHECK(tenax::saturating_between(point(1s), point(3s)) == 2s);
  CHECK(tenax::saturating_between(point(3s), point(1s)) == -2s);
  CHECK(tenax::saturating_between(point(most_negative), point(longest)) == longest);
  CHECK(tenax::saturating_between(point(longest), point(most_negative)) == most_negative);
}

TEST_CASE("Multiplying a duration by a count saturates") {
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  CHECK(tenax::saturating_multiply(100ms, 3) == 300ms);
  CHECK(tenax::saturating_multiply(100ms, 0) == 0ns);
  CHECK(tenax::saturating_multiply(0ns, most) == 0ns);
  CHECK(tenax::saturating_multiply(1ns, most) == longest);
  CHECK(tenax::saturating_multiply(1ns, std::uint64_t{1} << 63) == longest);
  CHECK(tenax::saturating_multiply(1ns, (std::uint64_t{1} << 63) - 1) == longest);
  CHECK(tenax::saturating_multiply(2ns, (std::uint64_t{1} << 62) - 1) == longest - 1ns);
  CHECK(tenax::saturating_multiply(2ns, std::uint64_t{1} << 62) == longest);
  CHECK(tenax::saturating_multiply(longest, 1) == longest);
  CHECK(tenax::saturating_multiply(longest, most) == longest);
}

TEST_CASE("Scaling a duration by a factor saturates, including by infinity and not-a-number") {
  constexpr auto infinity = std::numeric_limits<double>::infinity();
  CHECK(tenax::saturating_scale(100ms, 1.5) == 150ms);
  CHECK(tenax::saturating_scale(3ns, 0.5) == 1ns);
  CHECK(tenax::saturating_scale(100ms, 0.0) == 0ns);
  CHECK(tenax::saturating_scale(0ns, infinity) == 0ns);
  CHECK(tenax::saturating_scale(1ns, infinity) == longest);
  CHECK(tenax::saturating_scale(1ns, 9.2e18) < longest);
  CHECK(tenax::saturating_scale(1ns, 9.3e18) == longest);
  CHECK(tenax::saturating_scale(longest, 1.0) == longest);
  CHECK(tenax::saturating_scale(longest, std::numeric_limits<double>::max()) == longest);
  CHECK(tenax::saturating_scale(1ns, std::nan("")) == longest);
}

TEST_CASE("A duration parameter takes every unit") {
  CHECK(any_duration(5s).value() == 5s);
  CHECK(any_duration(100ms).value() == 100'000'000ns);
  CHECK(any_duration(-7us).value() == -7us);
  CHECK(any_duration(2min).value() == 120s);
  CHECK(any_duration(std::chrono::days(1)).value() == 24h);
  CHECK(any_duration(1.5s).value() == 1500ms);
  CHECK(any_duration(std::chrono::duration<float>(0.25F)).value() == 250ms);
  CHECK(any_duration(std::chrono::duration<double, std::nano>(2.75)).value() == 3ns);
  CHECK(any_duration(std::chrono::duration<int, std::pico>(2999)).value() == 3ns);
  CHECK(any_duration(std::chrono::duration<int, std::ratio<1, 3>>(1)).value() == 333'333'333ns);
  CHECK(any_duration().value() == 0ns);
  CHECK(duration(any_duration(3s)) == 3s);
}

TEST_CASE("A duration parameter saturates where std::chrono would wrap") {
  CHECK(any_duration(std::chrono::hours::max()).value() == longest);
  CHECK(any_duration(std::chrono::seconds::max()).value() == longest);
  CHECK(any_duration(std::chrono::milliseconds::max()).value() == longest);
  CHECK(any_duration(std::chrono::hours::min()).value() <= -longest);
  CHECK(any_duration(std::chrono::years::max()).value() == longest);
  CHECK(any_duration(billion * 9).value() == std::chrono::seconds(9'000'000'000));
  CHECK(any_duration(billion * 10).value() == longest);
  CHECK(any_duration(std::chrono::duration<std::uint64_t, std::nano>(~std::uint64_t{0})).value() == longest);
  CHECK(any_duration(std::chrono::duration<double>(1e300)).value() == longest);
  CHECK(any_duration(std::chrono::duration<double>(-1e300)).value() <= -longest);
  CHECK(any_duration(std::chrono::duration<double>(std::numeric_limits<double>::infinity())).value() == longest);
  // The greatest number of seconds that fits, and the next one.
  CHECK(any_duration(9'223'372'036s).value() == 9'223'372'036'000'000'000ns);
  CHECK(any_duration(9'223'372'037s).value() == longest);
}

TEST_CASE("A duration in another unit is rounded to the nearest nanosecond") {
  using seconds = std::chrono::duration<double>;
  STATIC_REQUIRE(any_duration(seconds(0.3)).value() == 300'000'000ns);
  for (int tenths = -100; tenths <= 100; ++tenths) {
    CHECK(any_duration(seconds(tenths / 10.0)).value() == tenths * 100ms);
    CHECK(any_duration(std::chrono::duration<double, std::milli>(tenths / 10.0)).value() == tenths * 100us);
  }
  CHECK(any_duration(seconds(1.1)).value() == 1'100'000'000ns);
  CHECK(any_duration(std::chrono::duration<float>(0.3F)).value() == 300'000'012ns);  // the float is 0.3000000119
  CHECK(any_duration(std::chrono::duration<long double>(0.3L)).value() == 300'000'000ns);
  CHECK(any_duration(std::chrono::duration<double, std::ratio<3600>>(0.1)).value() == 6min);
  CHECK(any_duration(std::chrono::duration<double, std::nano>(0.5)).value() == 1ns);
  CHECK(any_duration(std::chrono::duration<double, std::nano>(0.49)).value() == 0ns);
  CHECK(any_duration(std::chrono::duration<double, std::nano>(-0.5)).value() == -1ns);
  // Doubles represent these values exactly, but not a value that is one half larger.
  CHECK(any_duration(std::chrono::duration<double, std::nano>(4503599627370497.0)).value() == 4503599627370497ns);
  CHECK(any_duration(std::chrono::duration<double, std::nano>(9007199254740991.0)).value() == 9007199254740991ns);
  CHECK(optional_duration(seconds(0.3)) == optional_duration(300ms));
  CHECK(optional_duration(std::optional<seconds>(0.3)) == optional_duration(300ms));

  using thirds = std::chrono::duration<int, std::ratio<1, 3>>;
  CHECK(any_duration(thirds(1)).value() == 333'333'333ns);
  CHECK(any_duration(thirds(2)).value() == 666'666'667ns);
  CHECK(any_duration(thirds(-2)).value() == -666'666'667ns);
  CHECK(any_duration(thirds(3)).value() == 1s);
  using picoseconds = std::chrono::duration<std::int64_t, std::pico>;
  CHECK(any_duration(picoseconds(499)).value() == 0ns);
  CHECK(any_duration(picoseconds(500)).value() == 1ns);
  CHECK(any_duration(picoseconds(-1'500)).value() == -2ns);
  CHECK(any_duration(picoseconds::max()).value() == 9'223'372'036'854'776ns);
}

TEST_CASE("Not-a-number is kept, and no real duration is mistaken for it") {
  CHECK(any_duration(std::chrono::duration<double>(std::nan(""))).is_nan());
  CHECK(any_duration(std::chrono::duration<float, std::milli>(std::nanf(""))).is_nan());
  CHECK(any_duration(std::chrono::duration<double>(std::nan(""))).value() < 0ns);
  CHECK_FALSE(any_duration(most_negative).is_nan());
  CHECK_FALSE(any_duration(std::chrono::hours::min()).is_nan());
  CHECK_FALSE(any_duration(std::chrono::duration<double>(-std::numeric_limits<double>::infinity())).is_nan());
  CHECK_FALSE(any_duration(0s).is_nan());
}

TEST_CASE("An optional duration has the interface of a std::optional") {
  optional_duration empty;
  CHECK_FALSE(empty.has_value());
  CHECK_FALSE(static_cast<bool>(empty));
  CHECK(empty == std::nullopt);
  CHECK(empty.value_or(3s) == 3s);
  CHECK(std::optional<duration>(empty) == std::nullopt);

  optional_duration two(2s);
  REQUIRE(two.has_value());
  CHECK(static_cast<bool>(two));
  CHECK(*two == 2s);
  CHECK(two->count() == 2'000'000'000);
  CHECK(two.value_or(3s) == 2s);
  CHECK(two == optional_duration(2000ms));
  CHECK_FALSE(two == empty);
  std::optional<duration> const standard = two;
  CHECK(standard == std::optional<duration>(2s));

  two.reset();
  CHECK_FALSE(two.has_value());
}

TEST_CASE("An optional duration is made from any duration, present or not") {
  CHECK(optional_duration(1.5s) == optional_duration(1500ms));
  CHECK(optional_duration(std::optional<std::chrono::seconds>(4s)) == optional_duration(4s));
  CHECK(optional_duration(std::optional<std::chrono::seconds>()) == std::nullopt);
  CHECK(optional_duration(std::chrono::hours::max()) == optional_duration(longest));
  CHECK(optional_duration(0s).has_value());
  CHECK(optional_duration(-1s).has_value());
  CHECK(optional_duration(most_negative).has_value());
  CHECK(optional_duration(std::chrono::hours::min()).has_value());
}
