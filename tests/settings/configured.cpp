// SPDX-License-Identifier: MIT
// configured.cpp: strategies and conditions of settings do what those of the same name do.
#include <tenax/settings/configured.hpp>

#include <stdexcept>
#include <string>

#include <tenax/tenax.hpp>
#include <tenax/testing/virtual_time.hpp>
#include <tenax/wait/chain.hpp>

#include "catch.hpp"

using namespace std::chrono_literals;
using tenax::jitter_kind;
using tenax::wait_kind;
using tenax::wait_settings;

namespace {

/// Writes what a policy says about itself.
struct words {
  std::string said;

  void text(char const* t) { said += t; }
  void time(tenax::duration d) { said += tenax::detail::duration_text(d).c_str(); }
  template <class N>
  void number(N n) {
    said += std::to_string(n);
  }
  void percent(double p) { said += std::to_string(p) + "%"; }
  void cap(tenax::duration d) {
    if (d != (tenax::duration::max)()) text(", at most "), time(d);
  }
};

template <class P>
std::string words_of(P const& p) {
  words w;
  p.describe(w);
  return w.said;
}

/// Whether both draw the same waits, have the same bounds and the same words.
template <class W>
void check_same(wait_settings const& settings, W const& strategy) {
  tenax::wait::configured_strategy const configured(settings);
  CHECK(words_of(configured) == words_of(strategy));
  std::uint64_t const draws[] = {0, 1, ~std::uint64_t{0} / 3, ~std::uint64_t{0}};
  for (auto const draw : draws) {
    for (std::uint32_t n : {1U, 2U, 3U, 4U, 5U, 9U, 63U, 1000U, 0xffff'ffffU}) {
      tenax::fixed_random one(draw), other(draw);
      tenax::attempt_info a{.number = n, .previous_wait = std::chrono::milliseconds(17 * (n % 100)), .random = &one};
      tenax::attempt_info b = a;
      b.random = &other;
      CHECK(configured(a) == tenax::duration(strategy(b)));
    }
  }
  for (std::uint32_t n : {1U, 2U, 3U, 10U}) {
    tenax::wait::range_query const q{.number = n, .most_previous = 2s};
    CHECK(tenax::wait::bounds_of(configured, q) == tenax::wait::bounds_of(strategy, q));
    CHECK(tenax::detail::grows_until(configured, n) == tenax::detail::grows_until(strategy, n));
  }
}

template <class W>
void check_every_jitter(wait_settings s, W const& strategy) {
  s.jitter = jitter_kind::none;
  check_same(s, strategy);
  s.jitter = jitter_kind::full;
  check_same(s, strategy.full());
  s.jitter = jitter_kind::equal;
  check_same(s, strategy.equal());
  s.jitter = jitter_kind::proportional;
  s.share = 0.3;
  check_same(s, strategy.proportional(0.3));
  s.jitter = jitter_kind::additive;
  s.most = 70ms;
  check_same(s, strategy.additive(70ms));
}

}  // namespace

TEST_CASE("Waits of settings are those of the strategy with the same name, with every jitter") {
  check_every_jitter({.kind = wait_kind::constant, .first = 3s}, tenax::wait::constant(3s));
  check_every_jitter({.kind = wait_kind::linear, .first = 1s, .max = 9s, .step = 2s},
                     tenax::wait::linear({.first = 1s, .step = 2s, .max = 9s}));
  check_every_jitter({.first = 100ms, .max = 5s, .factor = 1.5},
                     tenax::wait::exponential({.base = 100ms, .factor = 1.5, .max = 5s}));
  check_every_jitter({.kind = wait_kind::fibonacci, .first = 1s, .max = 30s},
                     tenax::wait::fibonacci({.unit = 1s, .max = 30s}));
  check_every_jitter({.kind = wait_kind::polynomial, .first = 1s, .max = 30s, .exponent = 3},
                     tenax::wait::polynomial({.base = 1s, .exponent = 3, .max = 30s}));
  check_every_jitter({.kind = wait_kind::sequence, .waits = {1s, 5s, 3s}, .size = 3},
                     tenax::wait::sequence{1s, 5s, 3s});
  check_same({.kind = wait_kind::uniform, .first = 1s, .max = 3s}, tenax::wait::uniform(1s, 3s));
  check_same({.kind = wait_kind::decorrelated, .first = 1s, .max = 30s},
             tenax::wait::decorrelated({.base = 1s, .max = 30s}));
  check_same({.kind = wait_kind::none}, tenax::wait::none);
}

TEST_CASE("Waits of settings reject the numbers that the strategy of that name rejects") {
  using configured = tenax::wait::configured_strategy;
  CHECK_THROWS_WITH(configured({.first = -1s}), Catch::Contains("wait::exponential: base must not be negative"));
  CHECK_THROWS_WITH(configured({.first = 10s}), Catch::Contains("max must not be less than base"));
  CHECK_THROWS_WITH(configured({.factor = 0.5}), Catch::Contains("factor must be a number that is at least 1"));
  CHECK_THROWS_WITH(configured({.jitter = jitter_kind::proportional, .share = 2}), Catch::Contains("share"));
  CHECK_THROWS_WITH(configured({.jitter = jitter_kind::additive, .most = -1s}), Catch::Contains("additive: most"));
  CHECK_THROWS_WITH(configured({.kind = wait_kind::sequence}), Catch::Contains("size must be from 1 to 8, but is 0"));
  CHECK_THROWS_WITH(configured({.kind = wait_kind::sequence, .size = 9}), Catch::Contains("but is 9"));
  CHECK_THROWS_WITH(configured({.kind = wait_kind::sequence, .waits = {1s, -1s}, .size = 2}),
                    Catch::Contains("wait::sequence: wait must not be negative"));
  CHECK_THROWS_WITH(configured({.kind = wait_kind::uniform, .first = 9s}), Catch::Contains("wait::uniform: high"));
}

TEST_CASE("Only the numbers that a wait uses make two waits different") {
  CHECK(wait_settings{.kind = wait_kind::constant, .max = 3s} == wait_settings{.kind = wait_kind::constant, .max = 4s});
  CHECK(wait_settings{.share = 0.1} == wait_settings{.share = 0.2});
  CHECK(wait_settings{.jitter = jitter_kind::proportional, .share = 0.1} !=
        wait_settings{.jitter = jitter_kind::proportional, .share = 0.2});
  CHECK(wait_settings{.first = 1ms} != wait_settings{.first = 2ms});
  CHECK(wait_settings{.kind = wait_kind::none, .first = 1ms} == wait_settings{.kind = wait_kind::none, .first = 2ms});
  CHECK(wait_settings{.kind = wait_kind::sequence, .waits = {1s, 2s}, .size = 1} ==
        wait_settings{.kind = wait_kind::sequence, .waits = {1s, 3s}, .size = 1});
  CHECK(wait_settings{.kind = wait_kind::linear, .step = 1s} != wait_settings{.kind = wait_kind::linear, .step = 2s});
}

TEST_CASE("The condition of settings stops as the conditions that it is made of") {
  namespace stop = tenax::stop;
  auto constexpr none = (tenax::duration::max)();
  auto constexpr unlimited = stop::configured_condition::unlimited;
  auto const check_condition = [](auto const& configured, auto const& condition) {
    CHECK(words_of(configured) == words_of(condition));
    for (std::uint32_t n : {1U, 2U, 3U, 4U}) {
      for (auto const elapsed : {0s, 1s, 5s, 9s, 10s, 11s}) {
        for (auto const wait : {0s, 1s, 4s, 9s}) {
          tenax::attempt_info const a{.number = n, .elapsed = elapsed, .upcoming_wait = wait};
          auto const got = configured.ask(a);
          auto const expected = tenax::detail::ask_stop(condition, a);
          CHECK(got.stop == expected.stop);
          if (got.stop) CHECK(got.reason == expected.reason);
          CHECK(configured.time_left(a) == tenax::detail::time_left(condition, a));
        }
      }
    }
    auto const b = tenax::detail::bounds_of(condition);
    CHECK(configured.bounds().attempts == b.attempts);
    CHECK(configured.bounds().waiting == b.waiting);
  };
  check_condition(stop::configured_condition(3, 10s, 5s),
                  stop::after_attempts(3) || stop::deadline(10s) || stop::after_elapsed(5s));
  check_condition(stop::configured_condition(3, none, none), stop::after_attempts(3));
  check_condition(stop::configured_condition(unlimited, 10s, none), stop::deadline(10s));
  check_condition(stop::configured_condition(unlimited, none, 5s), stop::after_elapsed(5s));
  check_condition(stop::configured_condition(unlimited, none, none), stop::never);
  CHECK_THROWS_WITH(stop::configured_condition(0, none, none), Catch::Contains("must be at least 1"));
  CHECK_THROWS_WITH(stop::configured_condition(1, 0s, none), Catch::Contains("stop::deadline"));
  CHECK_THROWS_WITH(stop::configured_condition(1, none, -1s), Catch::Contains("stop::after_elapsed"));
}
