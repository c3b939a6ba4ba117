// SPDX-License-Identifier: MIT
// after_attempts.cpp: stopping after a number of attempts, which includes the first one.
#include <tenax/stop/after_attempts.hpp>

#include <limits>

#include "catch.hpp"
#include "support.hpp"

using tests::at;

TEST_CASE("stop::after_attempts counts every call") {
  constexpr auto s = tenax::stop::after_attempts(3);
  STATIC_REQUIRE_FALSE(s(at(1)));
  STATIC_REQUIRE_FALSE(s(at(2)));
  STATIC_REQUIRE(s(at(3)));
  STATIC_REQUIRE(s(at(4)));
  STATIC_REQUIRE(tenax::stop::after_attempts(1)(at(1)));
  STATIC_REQUIRE(s.bounds().attempts == 3);
}

TEST_CASE("stop::after_attempts does not use time") {
  using namespace std::chrono_literals;
  STATIC_REQUIRE_FALSE(tenax::stop::after_attempts(3).uses_time);
  STATIC_REQUIRE_FALSE(
      tenax::stop::after_attempts(3)(tenax::attempt_info{.number = 2, .elapsed = 100h, .upcoming_wait = 100h}));
}

TEST_CASE("stop::after_attempts counts up to the greatest number") {
  constexpr auto s = tenax::stop::after_attempts(4'294'967'295);
  STATIC_REQUIRE_FALSE(s(at(4'294'967'294)));
  STATIC_REQUIRE(s(at(4'294'967'295)));
  STATIC_REQUIRE_FALSE(tenax::stop::after_attempts(0x8000'0000)(at(0x7fff'ffff)));
  STATIC_REQUIRE(tenax::stop::after_attempts(0x8000'0000)(at(0x8000'0000)));
}

TEST_CASE("stop::after_attempts rejects invalid numbers") {
  tests::check_rejected("stop::after_attempts: n", "0", [] { return tenax::stop::after_attempts(0); });
  tests::check_rejected("stop::after_attempts: n", "-1", [] { return tenax::stop::after_attempts(-1); });
  tests::check_rejected("stop::after_attempts: n", "4294967296",
                        [] { return tenax::stop::after_attempts(4'294'967'296); });
  CHECK_THROWS_AS(tenax::stop::after_attempts(std::numeric_limits<std::int64_t>::max()), std::invalid_argument);
  CHECK_THROWS_AS(tenax::stop::after_attempts(std::numeric_limits<std::int64_t>::min()), std::invalid_argument);
}

TEST_CASE("stop::never never stops") {
  STATIC_REQUIRE_FALSE(tenax::stop::never(at(1)));
  STATIC_REQUIRE_FALSE(tenax::stop::never(at(4'294'967'295)));
  STATIC_REQUIRE_FALSE(tenax::stop::never(tenax::attempt_info{.elapsed = tenax::duration::max()}));
  STATIC_REQUIRE_FALSE(tenax::stop::never.uses_time);
}
