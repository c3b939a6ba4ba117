// SPDX-License-Identifier: MIT
// constant.cpp: wait::none never waits, and a constant wait never changes.
#include <tenax/wait/constant.hpp>

#include <cmath>

#include "catch.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using tests::at;

TEST_CASE("wait::none never waits") {
  STATIC_REQUIRE(tenax::wait::none(at(1)) == 0s);
  STATIC_REQUIRE(tenax::wait::none(at(4'294'967'295)) == 0s);
}

TEST_CASE("wait::constant always returns the same wait") {
  constexpr auto w = tenax::wait::constant(250ms);
  STATIC_REQUIRE(w(at(1)) == 250ms);
  STATIC_REQUIRE(w(at(2)) == 250ms);
  STATIC_REQUIRE(w(at(4'294'967'295)) == 250ms);
  STATIC_REQUIRE(tenax::wait::constant(1.5s)(at(1)) == 1500ms);
  STATIC_REQUIRE(tenax::wait::constant(0s)(at(1)) == 0s);
}

TEST_CASE("wait::constant saturates") {
  CHECK(tenax::wait::constant(std::chrono::hours::max())(at(1)) == tenax::duration::max());
  CHECK(tenax::wait::constant(std::chrono::duration<double>(1e300))(at(1)) == tenax::duration::max());
}

TEST_CASE("wait::constant rejects invalid waits") {
  using seconds = std::chrono::duration<double>;
  tests::check_rejected("wait::constant: wait", "-1s", [] { return tenax::wait::constant(-1s); });
  tests::check_rejected("wait::constant: wait", "-1ns", [] { return tenax::wait::constant(-1ns); });
  tests::check_rejected("wait::constant: wait", "not a number", [] { return tenax::wait::constant(seconds(NAN)); });
  tests::check_rejected("wait::constant: wait", "-106752d", [] { return tenax::wait::constant(seconds(-INFINITY)); });
  tests::check_rejected("wait::constant: wait", "-106752d",
                        [] { return tenax::wait::constant(std::chrono::hours::min()); });
}
