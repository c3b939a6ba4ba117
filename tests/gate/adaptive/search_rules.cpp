// SPDX-License-Identifier: MIT
// search_rules.cpp: the formulas of the rate search.
#include <tenax/gate/adaptive/detail/search_rules.hpp>

#include "catch.hpp"

namespace rules = tenax::detail::search_rules;

namespace {

constexpr bool near(double a, double b) { return a - b < 1e-12 && b - a < 1e-12; }

}  // namespace

TEST_CASE("The interval of a rate is rounded up, and that of a tiny rate does not overflow") {
  static_assert(rules::interval_of(10) == 100'000'001);
  static_assert(rules::interval_of(1e9) == 2);
  static_assert(rules::interval_of(1.0 / 3600) == 3'600'000'000'001);
  static_assert(rules::interval_of(1e-12) == INT64_MAX / 4);
}

TEST_CASE("The rate is doubled after 4 requests, or after as many as are sent in 2.5 round trips") {
  static_assert(rules::before_doubling(0) == 4);
  static_assert(rules::before_doubling(1.6) == 4);
  static_assert(rules::before_doubling(10) == 25);
}

TEST_CASE("The estimated burst is what the limit does not explain, from 1 to 64 requests") {
  static_assert(rules::burst_of(0, 0.5) == 1);
  static_assert(rules::burst_of(20, 1) == 1);
  static_assert(rules::burst_of(20, 0.5) == 11);
  static_assert(rules::burst_of(63, 0) == 64);
  static_assert(rules::burst_of(1e6, 0) == 64);
}

TEST_CASE("A rate is confirmed by enough requests to use up the burst, at least 12 and at most 512") {
  static_assert(rules::confirmations(1, 1) == 12);
  static_assert(rules::confirmations(10, 0.5) == 30);
  static_assert(rules::confirmations(10, 0.25) == 50);
  static_assert(rules::confirmations(64, 0.03) == 512);
  static_assert(rules::confirmations(1, 0) == 512);
  static_assert(rules::confirmations(1, -0.5) == 512);
}

TEST_CASE("The step up from a rate that few requests have shown may be large") {
  static_assert(rules::step_up_after(1, 0.05) == 0.5);
  static_assert(rules::step_up_after(24, 0.05) == 0.05);
  static_assert(rules::step_up_after(1, rules::unlimited) == rules::unlimited);
}

TEST_CASE("The first step up is small if the server said when it allows more, and accepted many requests") {
  static_assert(rules::first_step_up(false, 100) == rules::unlimited);
  static_assert(rules::first_step_up(true, 0) == 3);
  static_assert(near(rules::first_step_up(true, 99), 0.03));
}

TEST_CASE("A steady rate is lowered the less, the more requests it has accepted, by 1 to 50 percent") {
  static_assert(rules::cut_after(0, 1, true, 1) == 0.5);
  static_assert(near(rules::cut_after(9, 1, true, 1), 0.1));
  static_assert(rules::cut_after(99, 1, true, 1) == 0.01);
  static_assert(rules::cut_after(1'000'000, 1, true, 1) == 0.01);
}

TEST_CASE("Each further refusal doubles the cut") {
  static_assert(rules::cut_after(1000, 2, true, 1) == 0.02);
  static_assert(rules::cut_after(1000, 4, true, 1) == 0.08);
  static_assert(rules::cut_after(1000, 60, true, 1) == 0.5);
}

TEST_CASE("If the server does not say how long to wait, the refused share is cut, but a tenth may be") {
  static_assert(rules::cut_after(0, 1, false, 1) == 0.5);
  static_assert(rules::cut_after(0, 1, false, 0.2) == 0.2);
  static_assert(rules::cut_after(0, 1, false, 0.02) == 0.1);
  static_assert(near(rules::cut_after(19, 1, false, 0.02), 0.05));
  static_assert(rules::cut_after(0, 1, true, 0.02) == 0.5);
}

TEST_CASE("The steps of a probe are 3, 7, 15, 31 and 63 percent above the confirmed rate") {
  static_assert(near(rules::probe_factor(1, false), 1.03));
  static_assert(near(rules::probe_factor(2, false), 1.07));
  static_assert(near(rules::probe_factor(3, false), 1.15));
  static_assert(near(rules::probe_factor(4, false), 1.31));
  static_assert(near(rules::probe_factor(rules::last_step, false), 1.63));
  static_assert(near(rules::probe_factor(1, true), 1.015));
  static_assert(near(rules::probe_factor(2, true), 1.07));
}

TEST_CASE(
    "What a server accepts from one pause to the next limits its rate, but for one request and a second of rounding") {
  static_assert(near(rules::most_in_cycle(15, 33), 0.5));
  static_assert(rules::most_in_cycle(15, 2) == rules::unlimited);
}
