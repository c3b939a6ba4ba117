// SPDX-License-Identifier: MIT
// waits.cpp: for all parameters and attempt numbers, a wait is never negative, above the cap, or shorter than before.
#include <tenax/tenax.hpp>

#include "../catch.hpp"
#include "cases.hpp"
#include "wide.hpp"

using tenax::duration;

namespace {

constexpr int runs = 4'000;

template <class W>
duration after(W const& w, std::uint32_t n) {
  return w(tenax::attempt_info{.number = n});
}

/// Rules for every strategy with a formula: within its bounds, starting at the first wait, never shrinking.
template <class W>
void check(W const& w, duration first, duration max, tests::cases& draw) {
  auto const n = draw.attempt();
  auto const later = n + static_cast<std::uint32_t>(draw.number(~n));
  CAPTURE(n, later, first.count(), max.count());
  REQUIRE(after(w, 1) == first);
  REQUIRE(after(w, n) >= first);
  REQUIRE(after(w, n) <= max);
  REQUIRE(after(w, later) >= after(w, n));
  REQUIRE(w.cap() == max);
}

}  // namespace

TEST_CASE("Linear waits start at first, never shrink and end at the cap") {
  tests::cases draw(11);
  for (int i = 0; i < runs; ++i) {
    auto const first = draw.wait();
    auto const step = draw.wait();
    auto const max = draw.at_least(first);
    CAPTURE(step.count());
    check(tenax::wait::linear({.first = first, .step = step, .max = max}), first, max, draw);
  }
}

TEST_CASE("Linear waits are exactly first plus a number of steps, below the cap") {
  using tests::wide;
  tests::cases draw(12);
  for (int i = 0; i < runs; ++i) {
    auto const first = draw.wait();
    auto const step = draw.wait();
    auto const max = draw.at_least(first);
    auto const n = draw.attempt();
    CAPTURE(first.count(), step.count(), max.count(), n);
    wide const exact = wide{first.count()} + wide{step.count()} * (n - 1);
    auto const expected = exact < max.count() ? duration(static_cast<duration::rep>(exact)) : max;
    REQUIRE(after(tenax::wait::linear({.first = first, .step = step, .max = max}), n) == expected);
  }
}

TEST_CASE("Exponential waits start at the base, never shrink and end at the cap") {
  tests::cases draw(13);
  for (int i = 0; i < runs; ++i) {
    // Up to 104 days, every duration is exact as a double; a separate test covers longer ones.
    auto const base = draw.wait(duration(std::int64_t{1} << 53));
    auto const factor = draw.factor();
    auto const max = draw.at_least(base);
    CAPTURE(factor);
    check(tenax::wait::exponential({.base = base, .factor = factor, .max = max}), base, max, draw);
  }
}

TEST_CASE("Exponential waits of any base are never negative, above the cap or shorter than before") {
  tests::cases draw(14);
  for (int i = 0; i < runs; ++i) {
    auto const base = draw.wait();
    auto const max = draw.at_least(base);
    auto const n = draw.attempt();
    auto const w = tenax::wait::exponential({.base = base, .factor = draw.factor(), .max = max});
    CAPTURE(base.count(), max.count(), w.factor, n);
    REQUIRE(after(w, 1) == base);
    REQUIRE(after(w, n) >= duration::zero());
    REQUIRE(after(w, n) <= max);
    REQUIRE(after(w, n == ~0U ? n : n + 1) >= after(w, n));
  }
}

TEST_CASE("Doubling waits are exact shifts, below the cap") {
  tests::cases draw(15);
  for (int i = 0; i < runs; ++i) {
    auto const base = draw.wait(duration(std::int64_t{1} << 53));
    auto const n = static_cast<std::uint32_t>(1 + draw.number(127));
    CAPTURE(base.count(), n);
    bool const fits = base.count() == 0 || (n <= 63 && base.count() <= (duration::max().count() >> (n - 1)));
    auto const expected = base.count() == 0 ? duration::zero()
                          : fits            ? duration(base.count() << (n - 1))
                                            : duration::max();
    REQUIRE(after(tenax::wait::exponential({.base = base}), n) == expected);
  }
}

TEST_CASE("Fibonacci waits start at the unit, never shrink and end at the cap") {
  tests::cases draw(16);
  for (int i = 0; i < runs; ++i) {
    auto const unit = draw.wait();
    auto const max = draw.at_least(unit);
    check(tenax::wait::fibonacci({.unit = unit, .max = max}), unit, max, draw);
  }
}

TEST_CASE("Each fibonacci wait is the sum of the two before, below the cap") {
  tests::cases draw(17);
  for (int i = 0; i < runs; ++i) {
    auto const unit = draw.wait();
    auto const max = draw.at_least(unit);
    auto const w = tenax::wait::fibonacci({.unit = unit, .max = max});
    auto const n = static_cast<std::uint32_t>(1 + draw.number(120));
    CAPTURE(unit.count(), max.count(), n);
    auto const sum = tenax::saturating_add(after(w, n), after(w, n + 1));
    REQUIRE(after(w, n + 2) == (sum < max ? sum : max));
  }
}

TEST_CASE("Polynomial waits start at the base, never shrink and end at the cap") {
  tests::cases draw(18);
  for (int i = 0; i < runs; ++i) {
    auto const base = draw.wait();
    auto const exponent = static_cast<unsigned>(draw.number(draw.coin() ? 8 : ~0U));
    auto const max = draw.at_least(base);
    CAPTURE(exponent);
    check(tenax::wait::polynomial({.base = base, .exponent = exponent, .max = max}), base, max, draw);
  }
}

TEST_CASE("Constant waits and sequences return the waits that they were given") {
  tests::cases draw(19);
  for (int i = 0; i < runs; ++i) {
    duration const given[] = {draw.wait(), draw.wait(), draw.wait()};
    auto const n = draw.attempt();
    CAPTURE(n);
    REQUIRE(after(tenax::wait::constant(given[0]), n) == given[0]);
    REQUIRE(after(tenax::wait::sequence{given[0], given[1], given[2]}, n) == given[n < 3 ? n - 1 : 2]);
  }
}

TEST_CASE("Decorrelated waits stay between the base and the cap, and below three times the previous wait") {
  tests::cases draw(20);
  for (int i = 0; i < runs / 10; ++i) {
    auto const base = draw.wait();
    auto const max = draw.at_least(base);
    auto const w = tenax::wait::decorrelated({.base = base, .max = max});
    duration previous{};
    for (std::uint32_t n = 1; n <= 20; ++n) {
      auto const d = w(tenax::attempt_info{.number = n, .previous_wait = previous, .random = &draw.random()});
      CAPTURE(base.count(), max.count(), previous.count(), d.count(), n);
      REQUIRE(d >= base);
      REQUIRE(d <= max);
      REQUIRE((d == base || d < tenax::saturating_multiply(previous < base ? base : previous, 3)));
      previous = d;
    }
  }
}

TEST_CASE("Decorrelated waits do not accumulate at the cap") {
  tests::cases draw(21);
  auto const w = tenax::wait::decorrelated({.base = std::chrono::milliseconds(100), .max = std::chrono::seconds(1)});
  auto previous = duration::zero();
  double sum = 0;
  int at_the_cap = 0;
  constexpr int draws = 20'000;
  for (int i = 0; i < draws; ++i) {
    previous = w(tenax::attempt_info{.number = 5, .previous_wait = previous, .random = &draw.random()});
    if (previous > std::chrono::milliseconds(990)) ++at_the_cap;
    sum += static_cast<double>(previous.count());
  }
  // A uniform draw from [0.1 s, 1 s) is above 0.99 s once in 90 times; less often, as the interval is often shorter.
  CHECK(at_the_cap < draws / 60);
  CHECK(sum / draws > 3e8);
  CHECK(sum / draws < 6e8);
}

TEST_CASE("Every draw of a strategy is within its range") {
  tests::cases draw(22);
  for (int i = 0; i < runs; ++i) {
    auto const base = draw.wait();
    auto const max = draw.at_least(base);
    auto const n = draw.attempt();
    auto const plain = tenax::wait::fibonacci({.unit = base, .max = max});
    tenax::attempt_info const a{.number = n, .random = &draw.random()};
    CAPTURE(base.count(), max.count(), n);
    auto const holds = [&](auto const& w) {
      auto const range = tenax::wait::bounds_of(w, {.number = n});
      auto const d = w(a);
      return range.least <= d && d <= range.most;
    };
    REQUIRE(holds(plain));
    REQUIRE(holds(plain.full()));
    REQUIRE(holds(plain.equal()));
    REQUIRE(holds(plain.proportional(draw.share())));
    REQUIRE(holds(plain.additive(draw.wait())));
    REQUIRE(holds(tenax::wait::decorrelated({.base = base, .max = max})));
    REQUIRE(holds(tenax::wait::at_most(draw.wait(), plain.full()) + tenax::wait::uniform(base, max)));
  }
}
