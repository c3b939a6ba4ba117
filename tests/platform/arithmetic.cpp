// SPDX-License-Identifier: MIT
// arithmetic.cpp: arithmetic on words is exact, with the compiler's help and without.
#include <tenax/platform/arithmetic.hpp>

#include <limits>

#include "../property/cases.hpp"
#include "../property/wide.hpp"
#include "catch.hpp"

using tests::wide;
namespace platform = tenax::platform;

namespace {

constexpr int runs = 20'000;
constexpr auto greatest = std::numeric_limits<std::uint64_t>::max();

}  // namespace

TEST_CASE("A sum or a difference with a sign overflows where it leaves 64 bits, and nowhere else") {
  constexpr wide least = std::numeric_limits<std::int64_t>::min(), most = std::numeric_limits<std::int64_t>::max();
  tests::cases draw(61);
  for (int i = 0; i < runs; ++i) {
    auto const a = draw.any().count(), b = draw.any().count();
    CAPTURE(a, b);
    std::int64_t result = 0;
    auto const sum = wide(a) + wide(b);
    bool const fits = sum >= least && sum <= most;
    REQUIRE(platform::add_overflows(a, b, result) == !fits);
    if (fits) REQUIRE(wide(result) == sum);
    auto const difference = wide(a) - wide(b);
    bool const too = difference >= least && difference <= most;
    REQUIRE(platform::subtract_overflows(a, b, result) == !too);
    if (too) REQUIRE(wide(result) == difference);
  }
}

TEST_CASE("A sum or a product without a sign carries where it leaves 64 bits, and nowhere else") {
  tests::cases draw(62);
  for (int i = 0; i < runs; ++i) {
    auto const a = draw.number(greatest), b = draw.number(greatest);
    CAPTURE(a, b);
    std::uint64_t result = 0;
    REQUIRE(platform::add_carries(a, b, result) == (a > greatest - b));
    REQUIRE(result == a + b);
    bool const carries = a != 0 && b > greatest / a;
    REQUIRE(platform::multiply_carries(a, b, result) == carries);
    if (!carries) REQUIRE(result == a * b);
  }
}

TEST_CASE("The upper word of a product is that of the whole product") {
  CHECK(platform::multiply_high(greatest, greatest) == greatest - 1);
  CHECK(platform::multiply_high(std::uint64_t{1} << 63, 2) == 1);
  CHECK(platform::multiply_high(0xffff'ffff, 0xffff'ffff) == 0);
  tests::cases draw(63);
  for (int i = 0; i < runs; ++i) {
    auto const a = draw.number(greatest), b = draw.number(greatest);
    // By halves, none of which can overflow.
    auto const low = (a & 0xffff'ffff) * (b & 0xffff'ffff);
    auto const first = (a >> 32) * (b & 0xffff'ffff), second = (a & 0xffff'ffff) * (b >> 32);
    auto const carried = ((low >> 32) + (first & 0xffff'ffff) + (second & 0xffff'ffff)) >> 32;
    CAPTURE(a, b);
    REQUIRE(platform::multiply_high(a, b) == (a >> 32) * (b >> 32) + (first >> 32) + (second >> 32) + carried);
  }
}

TEST_CASE("A scaled count is rounded down once, and says what is left") {
  // Small enough for 128 bits on the way.
  tests::cases draw(64);
  constexpr std::uint64_t unit = 1'000'000'000;
  for (int i = 0; i < runs; ++i) {
    auto const count = draw.number(greatest >> 1);
    auto const numerator = 1 + draw.number(0x3fff'ffff), denominator = 1 + draw.number(greatest >> 1);
    CAPTURE(count, numerator, denominator);
    auto const product = wide(count) * wide(numerator) * wide(unit);
    auto const quotient = product / wide(denominator);
    auto const scaled = platform::scale(count, numerator, denominator, unit);
    if (quotient >= wide(greatest)) {
      REQUIRE(scaled.quotient == greatest);
    } else {
      REQUIRE(wide(scaled.quotient) == quotient);
      REQUIRE(wide(scaled.rest) == product % wide(denominator));
    }
  }
}

TEST_CASE("A count that cannot be scaled within 64 bits is the greatest number") {
  CHECK(platform::scale(greatest, greatest, 1, 1).quotient == greatest);
  CHECK(platform::scale(greatest, 2, 1, 1).quotient == greatest);
  CHECK(platform::scale(greatest, greatest, greatest, 1'000'000'000).quotient == greatest);
  CHECK(platform::scale(greatest - 1, greatest, greatest, 1).quotient == greatest - 1);
  CHECK(platform::scale(0, greatest, greatest, greatest).quotient == 0);
  CHECK(platform::scale(greatest, 1, greatest, 7).quotient == 7);
}
