// SPDX-License-Identifier: MIT
// environment.cpp: the snippets of docs/reference/environment.md.
#include <tenax/suspend_aware_time.hpp>

#include "docs.hpp"

namespace {

// [own]
/// An environment that tells a watchdog before it sleeps.
struct watched {
  std::function<void(tenax::duration)> alive;

  tenax::time_point now() const { return tenax::real_time::now(); }
  void sleep(tenax::duration d) const {
    alive(d);
    tenax::real_time::sleep(d);
  }
};
static_assert(tenax::environment<watched>);
// [/own]

}  // namespace

TEST_CASE("environment: an environment of your own") {
  tenax::duration told{};
  auto const tell = [&](tenax::duration d) { told += d; };
  // [use]
  auto const policy = tenax::retrying{}.wait(tenax::wait::constant(1ms)).environment(watched{tell});
  // [/use]
  script<int> lines;
  lines.throws(network_error("reset")).returns(7);
  CHECK(policy(std::ref(lines)) == 7);
  CHECK(told == 1ms);
}

TEST_CASE("environment: suspend_aware_time") {
  auto const connect = [] { return 7; };
  // [suspend]
  auto const policy =
      tenax::retrying{}.stop(tenax::stop::deadline(30s)).environment(tenax::suspend_aware_time{});
  auto const connection = policy(connect);
  // [/suspend]
  CHECK(connection == 7);
}

TEST_CASE("environment: random") {
  // [random]
  tenax::seeded_random dice(42);
  auto const w = tenax::wait::exponential({.base = 1s}).full();
  auto const once = w({.number = 3, .random = &dice});
  dice = tenax::seeded_random(42);
  CHECK(w({.number = 3, .random = &dice}) == once);  // the same seed, the same wait
  // [/random]
  CHECK(once < 4s);
}

TEST_CASE("environment: ends") {
  // [ends]
  tenax::fixed_random lowest(tenax::lowest_draw), highest(tenax::highest_draw);
  auto const w = tenax::wait::constant(4s).equal();
  CHECK(w({.random = &lowest}) == 2s);
  CHECK(w({.random = &highest}) == 4s - 1ns);
  // [/ends]
}

TEST_CASE("environment: durations") {
  // [durations]
  static_assert(std::is_same_v<tenax::duration, std::chrono::nanoseconds>);
  static_assert(tenax::saturating_add(tenax::duration::max(), 1s) == tenax::duration::max());
  static_assert(tenax::wait::constant(1.5s)({}) == 1500ms);  // any unit
  static_assert(tenax::wait::constant(std::chrono::hours::max())({}) ==
                tenax::duration::max());  // saturates
  // [/durations]
}
