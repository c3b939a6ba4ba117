// SPDX-License-Identifier: MIT
// clamp.cpp: a ceiling and a floor limit any wait strategy.
#include <tenax/wait/clamp.hpp>

#include <cmath>

#include <tenax/wait/constant.hpp>
#include <tenax/wait/linear.hpp>
#include <tenax/wait/random.hpp>
#include <tenax/wait/retry_after.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using tenax::optional_duration;
using tests::at;

namespace {

constexpr auto growing = tenax::wait::linear({.first = 1s, .step = 1s});
constexpr tenax::attempt_info asked(tenax::duration d) { return {.server_wait = d}; }

}  // namespace

TEST_CASE("wait::at_most cuts a wait to its ceiling") {
  constexpr auto w = tenax::wait::at_most(2500ms, growing);
  STATIC_REQUIRE(w(at(1)) == 1s);
  STATIC_REQUIRE(w(at(2)) == 2s);
  STATIC_REQUIRE(w(at(3)) == 2500ms);
  STATIC_REQUIRE(w(at(4'294'967'295)) == 2500ms);
  STATIC_REQUIRE(tenax::wait::at_most(2s, growing)(at(2)) == 2s);
  STATIC_REQUIRE(tenax::wait::at_most(0s, growing)(at(1)) == 0s);
}

TEST_CASE("wait::at_least raises a wait to its floor") {
  constexpr auto w = tenax::wait::at_least(2500ms, growing);
  STATIC_REQUIRE(w(at(1)) == 2500ms);
  STATIC_REQUIRE(w(at(2)) == 2500ms);
  STATIC_REQUIRE(w(at(3)) == 3s);
  STATIC_REQUIRE(tenax::wait::at_least(2s, growing)(at(2)) == 2s);
  STATIC_REQUIRE(tenax::wait::at_least(0s, growing)(at(1)) == 1s);
  STATIC_REQUIRE(tenax::wait::at_least(1s, tenax::wait::none)(at(1)) == 1s);
}

TEST_CASE("The floor is applied after the jitter") {
  tenax::fixed_random low(tenax::lowest_draw), high(tenax::highest_draw);
  auto const w = tenax::wait::at_least(500ms, tenax::wait::constant(1s).full());
  CHECK(w(at(1, &low)) == 500ms);
  CHECK(w(at(1, &high)) == 1s - 1ns);
}

TEST_CASE("A ceiling or a floor has no answer if its strategy has none") {
  STATIC_REQUIRE(tenax::wait::at_most(2s, tenax::wait::retry_after)(at(1)) == optional_duration());
  STATIC_REQUIRE(tenax::wait::at_most(2s, tenax::wait::retry_after)(asked(3s)) == optional_duration(2s));
  STATIC_REQUIRE(tenax::wait::at_most(2s, tenax::wait::retry_after)(asked(1s)) == optional_duration(1s));
  STATIC_REQUIRE(tenax::wait::at_least(2s, tenax::wait::retry_after)(at(1)) == optional_duration());
  STATIC_REQUIRE(tenax::wait::at_least(2s, tenax::wait::retry_after)(asked(1s)) == optional_duration(2s));
}

TEST_CASE("Limits apply to user-defined strategies, including coarse units and negative answers") {
  constexpr auto own = [](tenax::attempt_info const&) { return std::chrono::hours::max(); };
  STATIC_REQUIRE(tenax::wait::at_most(1min, own)(at(1)) == 1min);
  STATIC_REQUIRE(tenax::wait::at_least(1min, own)(at(1)) == tenax::duration::max());
  constexpr auto negative = [](tenax::attempt_info const&) { return -1h; };
  STATIC_REQUIRE(tenax::wait::at_most(1min, negative)(at(1)) == 0s);
}

TEST_CASE("Limits nest") {
  constexpr auto w = tenax::wait::at_least(1500ms, tenax::wait::at_most(3s, growing));
  STATIC_REQUIRE(w(at(1)) == 1500ms);
  STATIC_REQUIRE(w(at(2)) == 2s);
  STATIC_REQUIRE(w(at(9)) == 3s);
}

TEST_CASE("Limits reject invalid parameters") {
  using seconds = std::chrono::duration<double>;
  tests::check_rejected("wait::at_most: ceiling", "-1s", [] { return tenax::wait::at_most(-1s, growing); });
  tests::check_rejected("wait::at_most: ceiling", "not a number",
                        [] { return tenax::wait::at_most(seconds(NAN), growing); });
  tests::check_rejected("wait::at_least: floor", "-1s", [] { return tenax::wait::at_least(-1s, growing); });
  tests::check_rejected("wait::at_least: floor", "not a number",
                        [] { return tenax::wait::at_least(seconds(NAN), growing); });
  CHECK(tenax::wait::at_most(std::chrono::hours::max(), growing)(at(2)) == 2s);
  CHECK(tenax::wait::at_least(std::chrono::hours::max(), growing)(at(2)) == tenax::duration::max());
}
