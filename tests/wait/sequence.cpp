// SPDX-License-Identifier: MIT
// sequence.cpp: the waits of a sequence come in order, and the last one repeats.
#include <tenax/wait/sequence.hpp>

#include <cmath>

#include "catch.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using tests::at;

TEST_CASE("wait::sequence returns its waits in order, and repeats the last one") {
  constexpr auto w = tenax::wait::sequence{1s, 5s, 30s};
  STATIC_REQUIRE(w(at(1)) == 1s);
  STATIC_REQUIRE(w(at(2)) == 5s);
  STATIC_REQUIRE(w(at(3)) == 30s);
  STATIC_REQUIRE(w(at(4)) == 30s);
  STATIC_REQUIRE(w(at(4'294'967'295)) == 30s);
}

TEST_CASE("wait::sequence may have one wait, mixed units and waits that shrink") {
  STATIC_REQUIRE(tenax::wait::sequence{2s}(at(1)) == 2s);
  STATIC_REQUIRE(tenax::wait::sequence{2s}(at(2)) == 2s);
  constexpr auto mixed = tenax::wait::sequence{1.5s, 0ms, std::chrono::minutes(1)};
  STATIC_REQUIRE(mixed(at(1)) == 1500ms);
  STATIC_REQUIRE(mixed(at(2)) == 0s);
  STATIC_REQUIRE(mixed(at(3)) == 1min);
  constexpr auto copy = mixed;
  STATIC_REQUIRE(copy(at(3)) == 1min);
}

TEST_CASE("wait::sequence saturates") {
  CHECK(tenax::wait::sequence{1s, std::chrono::hours::max()}(at(2)) == tenax::duration::max());
}

TEST_CASE("wait::sequence rejects invalid waits at any position") {
  using seconds = std::chrono::duration<double>;
  tests::check_rejected("wait::sequence: wait", "-1s", [] { return tenax::wait::sequence{-1s}; });
  tests::check_rejected("wait::sequence: wait", "-5ms", [] { return tenax::wait::sequence{1s, 2s, -5ms}; });
  tests::check_rejected("wait::sequence: wait", "not a number", [] { return tenax::wait::sequence{1s, seconds(NAN)}; });
}
