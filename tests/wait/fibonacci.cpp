// SPDX-License-Identifier: MIT
// fibonacci.cpp: fibonacci waits are the unit times 1, 1, 2, 3, 5, 8, ... up to the cap.
#include <tenax/wait/fibonacci.hpp>

#include <cmath>

#include "catch.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using tests::at;

TEST_CASE("wait::fibonacci is the unit times 1, 1, 2, 3, 5, 8") {
  constexpr auto w = tenax::wait::fibonacci({.unit = 100ms});
  STATIC_REQUIRE(w(at(1)) == 100ms);
  STATIC_REQUIRE(w(at(2)) == 100ms);
  STATIC_REQUIRE(w(at(3)) == 200ms);
  STATIC_REQUIRE(w(at(4)) == 300ms);
  STATIC_REQUIRE(w(at(5)) == 500ms);
  STATIC_REQUIRE(w(at(6)) == 800ms);
  STATIC_REQUIRE(w(at(20)) == 676'500ms);
  STATIC_REQUIRE(tenax::wait::fibonacci()(at(3)) == 2s);
}

TEST_CASE("wait::fibonacci is capped, including the first wait") {
  constexpr auto w = tenax::wait::fibonacci({.unit = 1s, .max = 4s});
  STATIC_REQUIRE(w(at(4)) == 3s);
  STATIC_REQUIRE(w(at(5)) == 4s);
  STATIC_REQUIRE(w(at(4'294'967'295)) == 4s);
  STATIC_REQUIRE(w.cap() == 4s);
  STATIC_REQUIRE(tenax::wait::fibonacci({.unit = 2s, .max = 2s})(at(1)) == 2s);
}

TEST_CASE("wait::fibonacci saturates where the numbers exceed 64 bits") {
  constexpr auto w = tenax::wait::fibonacci({.unit = 1ns});
  constexpr auto longest = tenax::duration::max();
  CHECK(w(at(92)).count() == 7'540'113'804'746'346'429);
  CHECK(w(at(93)) == longest);
  CHECK(w(at(94)) == longest);
  CHECK(w(at(95)) == longest);
  CHECK(w(at(4'294'967'295)) == longest);
  CHECK(tenax::wait::fibonacci({.unit = std::chrono::hours::max()})(at(1)) == longest);
  CHECK(tenax::wait::fibonacci({.unit = longest - 1ns})(at(2)) == longest - 1ns);
  CHECK(tenax::wait::fibonacci({.unit = longest - 1ns})(at(3)) == longest);
  CHECK(tenax::wait::fibonacci({.unit = 0s})(at(4'294'967'295)) == 0s);
}

TEST_CASE("wait::fibonacci rejects invalid parameters") {
  using seconds = std::chrono::duration<double>;
  tests::check_rejected("wait::fibonacci: unit", "-1s", [] { return tenax::wait::fibonacci({.unit = -1s}); });
  tests::check_rejected("wait::fibonacci: max", "500ms", [] { return tenax::wait::fibonacci({.max = 500ms}); });
  tests::check_rejected("wait::fibonacci: unit", "not a number",
                        [] { return tenax::wait::fibonacci({.unit = seconds(NAN)}); });
  tests::check_rejected("wait::fibonacci: max", "not a number",
                        [] { return tenax::wait::fibonacci({.max = seconds(NAN)}); });
}
