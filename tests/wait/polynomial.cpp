// SPDX-License-Identifier: MIT
// polynomial.cpp: polynomial waits are the base times a power of the attempt's number, up to the cap.
#include <tenax/wait/polynomial.hpp>

#include <cmath>

#include "catch.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using tests::at;

TEST_CASE("wait::polynomial is the base times a power of the attempt's number") {
  constexpr auto square = tenax::wait::polynomial({.base = 100ms});
  STATIC_REQUIRE(square(at(1)) == 100ms);
  STATIC_REQUIRE(square(at(2)) == 400ms);
  STATIC_REQUIRE(square(at(3)) == 900ms);
  STATIC_REQUIRE(tenax::wait::polynomial()(at(4)) == 1600ms);

  constexpr auto cubic = tenax::wait::polynomial({.base = 1ms, .exponent = 3});
  STATIC_REQUIRE(cubic(at(1)) == 1ms);
  STATIC_REQUIRE(cubic(at(10)) == 1s);

  STATIC_REQUIRE(tenax::wait::polynomial({.base = 1s, .exponent = 1})(at(7)) == 7s);
  STATIC_REQUIRE(tenax::wait::polynomial({.base = 1s, .exponent = 0})(at(4'294'967'295)) == 1s);
}

TEST_CASE("wait::polynomial is capped, including the first wait") {
  constexpr auto w = tenax::wait::polynomial({.base = 1s, .exponent = 2, .max = 5s});
  STATIC_REQUIRE(w(at(2)) == 4s);
  STATIC_REQUIRE(w(at(3)) == 5s);
  STATIC_REQUIRE(w(at(4'294'967'295)) == 5s);
  STATIC_REQUIRE(w.cap() == 5s);
  STATIC_REQUIRE(tenax::wait::polynomial({.base = 2s, .max = 2s})(at(1)) == 2s);
}

TEST_CASE("wait::polynomial saturates") {
  constexpr auto longest = tenax::duration::max();
  CHECK(tenax::wait::polynomial({.base = 1ns, .exponent = 62})(at(2)) == tenax::duration(std::int64_t{1} << 62));
  CHECK(tenax::wait::polynomial({.base = 1ns, .exponent = 63})(at(2)) == longest);
  CHECK(tenax::wait::polynomial({.base = 1ns, .exponent = 64})(at(2)) == longest);
  CHECK(tenax::wait::polynomial({.base = 1ns, .exponent = ~0U})(at(2)) == longest);
  CHECK(tenax::wait::polynomial({.base = 1ns, .exponent = ~0U})(at(1)) == 1ns);
  CHECK(tenax::wait::polynomial({.base = 1ns, .exponent = 2})(at(4'294'967'295)) == longest);
  CHECK(tenax::wait::polynomial({.base = 1ns, .exponent = 2, .max = 1h})(at(4'294'967'295)) == 1h);
  CHECK(tenax::wait::polynomial({.base = std::chrono::hours::max()})(at(2)) == longest);
  CHECK(tenax::wait::polynomial({.base = 0s, .exponent = 9})(at(4'294'967'295)) == 0s);
}

TEST_CASE("wait::polynomial rejects invalid parameters") {
  using seconds = std::chrono::duration<double>;
  tests::check_rejected("wait::polynomial: base", "-1s", [] { return tenax::wait::polynomial({.base = -1s}); });
  tests::check_rejected("wait::polynomial: max", "99ms", [] { return tenax::wait::polynomial({.max = 99ms}); });
  tests::check_rejected("wait::polynomial: base", "not a number",
                        [] { return tenax::wait::polynomial({.base = seconds(NAN)}); });
  tests::check_rejected("wait::polynomial: max", "not a number",
                        [] { return tenax::wait::polynomial({.max = seconds(NAN)}); });
}
