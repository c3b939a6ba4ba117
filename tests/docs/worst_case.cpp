// SPDX-License-Identifier: MIT
// worst_case.cpp: the snippets of docs/reference/worst_case.md.
#include "docs.hpp"

#include "gates.hpp"

TEST_CASE("worst_case: worst_case") {
  // [worst_case]
  constexpr auto polite = tenax::retrying{}
                              .wait(tenax::wait::exponential({.base = 1s, .max = 30s}).full())
                              .stop(tenax::stop::after_attempts(5))
                              .max_server_wait(10s);
  constexpr auto worst = tenax::worst_case(polite);
  static_assert(worst.attempts == 5);
  static_assert(worst.own_wait <= 15s);    // 1 + 2 + 4 + 8
  static_assert(worst.total_wait == 40s);  // if the server asks for 10 s each time
  // [/worst_case]
}

TEST_CASE("worst_case: a promise") {
  // [promise]
  constexpr auto polite =
      tenax::retrying{}.stop(tenax::stop::after_attempts(5) || tenax::stop::deadline(20s));
  static_assert(tenax::worst_case(polite).total_wait <= 20s, "a page must not wait longer");
  // [/promise]
}

TEST_CASE("worst_case: unbounded") {
  // [unbounded]
  static_assert(!tenax::worst_case(tenax::retrying{}.stop(tenax::stop::never)).bounded());
  static_assert(
      !tenax::worst_case(tenax::retrying{}.stop(tenax::stop::after_elapsed(10s))).bounded());
  static_assert(tenax::worst_case(tenax::retrying{}.stop(tenax::stop::deadline(10s))).bounded());
  // [/unbounded]
}

TEST_CASE("worst_case: a strategy of your own") {
  // [own]
  constexpr auto as_long_again = [](tenax::attempt_info const& a) { return a.waited + 1s; };
  constexpr auto doubling = tenax::retrying{}
                                .wait(as_long_again)
                                .stop(tenax::stop::after_attempts(6))
                                .max_server_wait(0s);
  static_assert(tenax::worst_case(doubling).total_wait == 31s);  // 1 + 2 + 4 + 8 + 16
  // [/own]
  SUCCEED();
}
