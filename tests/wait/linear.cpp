// SPDX-License-Identifier: MIT
// linear.cpp: linear waits grow by the step, from the first wait to the cap.
#include <tenax/wait/linear.hpp>

#include <cmath>

#include "catch.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using tests::at;

TEST_CASE("wait::linear starts at first and adds the step") {
  constexpr auto w = tenax::wait::linear({.first = 1s, .step = 250ms});
  STATIC_REQUIRE(w(at(1)) == 1s);
  STATIC_REQUIRE(w(at(2)) == 1250ms);
  STATIC_REQUIRE(w(at(3)) == 1500ms);
  STATIC_REQUIRE(w(at(101)) == 26s);
}

TEST_CASE("wait::linear grows in seconds by default") {
  STATIC_REQUIRE(tenax::wait::linear()(at(1)) == 1s);
  STATIC_REQUIRE(tenax::wait::linear()(at(3)) == 3s);
  STATIC_REQUIRE(tenax::wait::linear().cap() == tenax::duration::max());
}

TEST_CASE("wait::linear is capped, including the first wait") {
  constexpr auto w = tenax::wait::linear({.first = 1s, .step = 2s, .max = 4s});
  STATIC_REQUIRE(w(at(2)) == 3s);
  STATIC_REQUIRE(w(at(3)) == 4s);
  STATIC_REQUIRE(w(at(4'294'967'295)) == 4s);
  STATIC_REQUIRE(tenax::wait::linear({.first = 1s, .max = 1s})(at(1)) == 1s);
  STATIC_REQUIRE(w.cap() == 4s);
}

TEST_CASE("wait::linear may start at zero and need not grow") {
  STATIC_REQUIRE(tenax::wait::linear({.first = 0s, .step = 1s})(at(1)) == 0s);
  STATIC_REQUIRE(tenax::wait::linear({.first = 0s, .step = 1s})(at(2)) == 1s);
  STATIC_REQUIRE(tenax::wait::linear({.first = 2s, .step = 0s})(at(4'294'967'295)) == 2s);
  STATIC_REQUIRE(tenax::wait::linear({.first = 0s, .step = 0s, .max = 0s})(at(7)) == 0s);
}

TEST_CASE("wait::linear saturates") {
  constexpr auto longest = tenax::duration::max();
  CHECK(tenax::wait::linear({.first = 1s, .step = std::chrono::hours::max()})(at(2)) == longest);
  CHECK(tenax::wait::linear({.first = std::chrono::hours::max(), .step = 1s})(at(2)) == longest);
  CHECK(tenax::wait::linear({.first = longest - 1ns, .step = 1ns})(at(2)) == longest);
  CHECK(tenax::wait::linear({.first = longest - 1ns, .step = 1ns})(at(3)) == longest);
  CHECK(tenax::wait::linear({.first = 1h, .step = 1h, .max = 2h})(at(4'294'967'295)) == 2h);
}

TEST_CASE("wait::linear rejects invalid parameters") {
  using seconds = std::chrono::duration<double>;
  tests::check_rejected("wait::linear: first", "-1s", [] { return tenax::wait::linear({.first = -1s}); });
  tests::check_rejected("wait::linear: step", "-20ms", [] { return tenax::wait::linear({.step = -20ms}); });
  tests::check_rejected("wait::linear: max", "3s", [] { return tenax::wait::linear({.first = 4s, .max = 3s}); });
  tests::check_rejected("wait::linear: max", "-1s", [] { return tenax::wait::linear({.first = 0s, .max = -1s}); });
  tests::check_rejected("wait::linear: first", "not a number",
                        [] { return tenax::wait::linear({.first = seconds(NAN)}); });
  tests::check_rejected("wait::linear: step", "not a number",
                        [] { return tenax::wait::linear({.step = seconds(NAN)}); });
  tests::check_rejected("wait::linear: max", "not a number", [] { return tenax::wait::linear({.max = seconds(NAN)}); });
}
