// SPDX-License-Identifier: MIT
// exponential.cpp: exponential waits start at the base, grow by the factor and end at the cap.
#include <tenax/wait/exponential.hpp>

#include <cmath>

#include "catch.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using tests::at;

TEST_CASE("wait::exponential starts at the base and doubles") {
  constexpr auto w = tenax::wait::exponential({.base = 100ms});
  STATIC_REQUIRE(w(at(1)) == 100ms);
  STATIC_REQUIRE(w(at(2)) == 200ms);
  STATIC_REQUIRE(w(at(3)) == 400ms);
  STATIC_REQUIRE(w(at(11)) == 102'400ms);
}

TEST_CASE("wait::exponential starts at 100 ms by default") {
  STATIC_REQUIRE(tenax::wait::exponential()(at(1)) == 100ms);
  STATIC_REQUIRE(tenax::wait::exponential()(at(2)) == 200ms);
  STATIC_REQUIRE(tenax::wait::exponential().cap() == tenax::duration::max());
}

TEST_CASE("wait::exponential takes fractional factors") {
  constexpr auto w = tenax::wait::exponential({.base = 100ms, .factor = 1.5});
  STATIC_REQUIRE(w(at(1)) == 100ms);
  STATIC_REQUIRE(w(at(2)) == 150ms);
  STATIC_REQUIRE(w(at(3)) == 225ms);
  STATIC_REQUIRE(tenax::wait::exponential({.base = 1s, .factor = 1.0})(at(4'294'967'295)) == 1s);
  // A factor just above 1 still grows, after enough attempts.
  STATIC_REQUIRE(tenax::wait::exponential({.base = 1s, .factor = 1.000001})(at(1'000'001)) > 2718ms);
  STATIC_REQUIRE(tenax::wait::exponential({.base = 1s, .factor = 1.000001})(at(1'000'001)) < 2719ms);
}

TEST_CASE("wait::exponential is capped, including the first wait") {
  constexpr auto w = tenax::wait::exponential({.base = 1s, .max = 5s});
  STATIC_REQUIRE(w(at(3)) == 4s);
  STATIC_REQUIRE(w(at(4)) == 5s);
  STATIC_REQUIRE(w(at(5)) == 5s);
  STATIC_REQUIRE(w(at(4'294'967'295)) == 5s);
  STATIC_REQUIRE(w.cap() == 5s);
  STATIC_REQUIRE(tenax::wait::exponential({.base = 5s, .max = 5s})(at(1)) == 5s);
}

TEST_CASE("wait::exponential does not wrap where integers of 31, 32, 63 or 64 bits would") {
  constexpr auto w = tenax::wait::exponential({.base = 1ms, .max = 30s});
  for (std::uint32_t const n : {31U, 32U, 33U, 54U, 63U, 64U, 65U, 66U, 1024U, 1025U, 0x8000'0000U, 0xffff'ffffU}) {
    CAPTURE(n);
    CHECK(w(at(n)) == 30s);
    CHECK(tenax::wait::exponential({.base = 1ns})(at(n)) > 1s);
  }
}

TEST_CASE("wait::exponential saturates") {
  constexpr auto longest = tenax::duration::max();
  CHECK(tenax::wait::exponential({.base = 1ns})(at(63)) == tenax::duration(std::int64_t{1} << 62));
  CHECK(tenax::wait::exponential({.base = 1ns})(at(64)) == longest);
  CHECK(tenax::wait::exponential({.base = 1ns})(at(65)) == longest);
  CHECK(tenax::wait::exponential({.base = std::chrono::hours::max()})(at(1)) == longest);
  CHECK(tenax::wait::exponential({.base = std::chrono::hours::max()})(at(2)) == longest);
  CHECK(tenax::wait::exponential({.base = 1s, .factor = 1e308})(at(2)) == longest);
  CHECK(tenax::wait::exponential({.base = 1s, .factor = 1e308})(at(4'294'967'295)) == longest);
  CHECK(tenax::wait::exponential({.base = 1s, .factor = 1e308, .max = 1min})(at(3)) == 1min);
  CHECK(tenax::wait::exponential({.base = 0s, .factor = 1e308})(at(4'294'967'295)) == 0s);
}

TEST_CASE("wait::exponential starts at exactly the base, however long it is") {
  constexpr tenax::duration odd((std::int64_t{1} << 53) + 3);
  CHECK(tenax::wait::exponential({.base = odd})(at(1)) == odd);
  CHECK(tenax::wait::exponential({.base = tenax::duration::max() - 1ns})(at(1)) == tenax::duration::max() - 1ns);
}

TEST_CASE("wait::exponential rejects invalid parameters") {
  using seconds = std::chrono::duration<double>;
  tests::check_rejected("wait::exponential: base", "-100ms", [] { return tenax::wait::exponential({.base = -100ms}); });
  tests::check_rejected("wait::exponential: factor", "0.5", [] { return tenax::wait::exponential({.factor = 0.5}); });
  tests::check_rejected("wait::exponential: factor", "0", [] { return tenax::wait::exponential({.factor = 0}); });
  tests::check_rejected("wait::exponential: factor", "-2", [] { return tenax::wait::exponential({.factor = -2}); });
  tests::check_rejected("wait::exponential: factor", "inf",
                        [] { return tenax::wait::exponential({.factor = INFINITY}); });
  tests::check_rejected("wait::exponential: factor", "nan",
                        [] { return tenax::wait::exponential({.factor = std::fabs(NAN)}); });
  tests::check_rejected("wait::exponential: max", "50ms",
                        [] { return tenax::wait::exponential({.base = 1s, .max = 50ms}); });
  CHECK(tests::rejection([] { return tenax::wait::exponential({.base = 5s, .max = 1s}); }) ==
        "tenax: wait::exponential: max must not be less than base (5s), but is 1s");
  tests::check_rejected("wait::exponential: max", "0s", [] { return tenax::wait::exponential({.max = 0s}); });
  tests::check_rejected("wait::exponential: base", "not a number",
                        [] { return tenax::wait::exponential({.base = seconds(NAN)}); });
  tests::check_rejected("wait::exponential: max", "not a number",
                        [] { return tenax::wait::exponential({.max = seconds(NAN)}); });
}
