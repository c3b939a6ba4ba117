// SPDX-License-Identifier: MIT
// arithmetic.cpp: saturating arithmetic equals arithmetic without limits, cut at both ends.
#include <tenax/duration.hpp>

#include <cmath>

#include "../catch.hpp"
#include "cases.hpp"
#include "wide.hpp"

using tenax::duration;

namespace {

using tests::wide;

constexpr duration held(wide ns) {
  constexpr wide most = duration::max().count();
  constexpr wide least = duration::min().count();
  return duration(static_cast<duration::rep>(ns > most ? most : ns < least ? least : ns));
}

}  // namespace

TEST_CASE("Saturating sums and differences are exact, or cut to the end that the exact result exceeds") {
  tests::cases draw(1);
  for (int i = 0; i < 5'000; ++i) {
    auto const a = draw.any(), b = draw.any();
    CAPTURE(a.count(), b.count());
    REQUIRE(tenax::saturating_add(a, b) == held(wide{a.count()} + b.count()));
    REQUIRE(tenax::saturating_subtract(a, b) == held(wide{a.count()} - b.count()));
    REQUIRE(tenax::saturating_between(tenax::time_point(a), tenax::time_point(b)) == held(wide{b.count()} - a.count()));
  }
}

TEST_CASE("Saturating products are exact, or the longest duration") {
  tests::cases draw(2);
  for (int i = 0; i < 5'000; ++i) {
    auto const d = draw.wait();
    auto const times = draw.number(~std::uint64_t{0});
    CAPTURE(d.count(), times);
    // A product of 127 bits overflows nothing.
    auto const exact = times > (std::uint64_t{1} << 63) && d.count() > 1 ? wide{duration::max().count()} + 1
                                                                         : wide{d.count()} * static_cast<wide>(times);
    REQUIRE(tenax::saturating_multiply(d, times) == held(exact));
  }
}

TEST_CASE("Scaling never turns negative, never grows for factors up to 1, and never shrinks for factors above 1") {
  tests::cases draw(3);
  for (int i = 0; i < 5'000; ++i) {
    // Up to 104 days, every duration is a double.
    auto const d = draw.wait(duration(std::int64_t{1} << 53));
    auto const share = draw.share();
    auto const factor = draw.factor();
    CAPTURE(d.count(), share, factor);
    REQUIRE(tenax::saturating_scale(d, share) >= duration::zero());
    REQUIRE(tenax::saturating_scale(d, share) <= d);
    REQUIRE(tenax::saturating_scale(d, factor) >= d);
    REQUIRE(tenax::saturating_scale(draw.wait(), factor) >= duration::zero());
  }
}

TEST_CASE("A duration in any unit is rounded to the nearest nanosecond, or cut at the ends") {
  tests::cases draw(4);
  for (int i = 0; i < 5'000; ++i) {
    auto const count = draw.any().count();
    CAPTURE(count);
    auto const check = [&](auto d, wide numerator, wide denominator) {
      // Counts this large overflow in every unit from microseconds on, and overflow 128 bits with the largest units.
      auto const product = static_cast<wide>(count) * numerator;
      auto const half = product < 0 ? -denominator / 2 : denominator / 2;
      auto const exact = held((product + half) / denominator);
      auto const got = tenax::any_duration(d).value();
      REQUIRE_FALSE(tenax::any_duration(d).is_nan());
      REQUIRE((got == exact || (exact == duration::min() && got == -duration::max())));
    };
    check(std::chrono::duration<std::int64_t, std::pico>(count), 1, 1'000);
    check(std::chrono::nanoseconds(count), 1, 1);
    check(std::chrono::microseconds(count), 1'000, 1);
    check(std::chrono::seconds(count), 1'000'000'000, 1);
    check(std::chrono::duration<std::int64_t, std::ratio<3600>>(count), wide{3'600} * 1'000'000'000, 1);
    check(std::chrono::duration<std::int64_t, std::ratio<1, 3>>(count), 1'000'000'000, 3);
  }
}

TEST_CASE("A floating-point duration is converted within its precision, or cut at the ends") {
  tests::cases draw(5);
  for (int i = 0; i < 5'000; ++i) {
    auto const ns = draw.any();
    if (ns.count() < -duration::max().count()) continue;
    auto const seconds = std::chrono::duration<double>(ns);
    auto const got = tenax::any_duration(seconds).value();
    CAPTURE(ns.count(), got.count());
    auto const error = std::fabs(static_cast<double>(got.count()) - static_cast<double>(ns.count()));
    REQUIRE(error <= std::fabs(static_cast<double>(ns.count())) * 0x1p-51 + 1.0);
    REQUIRE_FALSE(tenax::any_duration(seconds).is_nan());
    REQUIRE(tenax::any_duration(seconds * 1e30).value() != duration::min());
  }
}

TEST_CASE("Draws stay in their interval, wherever it is") {
  tests::cases draw(6);
  for (int i = 0; i < 5'000; ++i) {
    auto const low = draw.wait();
    auto const high = draw.wait();
    auto const drawn = tenax::draw_between(draw.random(), low, high);
    CAPTURE(low.count(), high.count(), drawn.count());
    REQUIRE(drawn >= low);
    REQUIRE((high <= low ? drawn == low : drawn < high));
  }
}
