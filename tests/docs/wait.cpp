// SPDX-License-Identifier: MIT
// wait.cpp: the snippets of docs/reference/wait.md.
#include "docs.hpp"

using tenax::attempt_info;

TEST_CASE("wait: none") {
  // [none]
  static_assert(tenax::wait::none({.number = 7}) == 0s);
  // [/none]
}

TEST_CASE("wait: constant") {
  // [constant]
  static_assert(tenax::wait::constant(250ms)({.number = 7}) == 250ms);
  // [/constant]
}

TEST_CASE("wait: linear") {
  // [linear]
  constexpr auto w = tenax::wait::linear({.first = 1s, .step = 2s, .max = 6s});
  static_assert(w({.number = 1}) == 1s);
  static_assert(w({.number = 3}) == 5s);
  static_assert(w({.number = 4}) == 6s);
  // [/linear]
  static_assert(tenax::wait::linear()({.number = 3}) == 3s);
}

TEST_CASE("wait: exponential") {
  // [exponential]
  constexpr auto w = tenax::wait::exponential({.base = 100ms, .max = 1s});
  static_assert(w({.number = 1}) == 100ms);
  static_assert(w({.number = 4}) == 800ms);
  static_assert(w({.number = 5}) == 1s);
  static_assert(w({.number = 4'294'967'295}) == 1s);
  // [/exponential]
  static_assert(tenax::wait::exponential()({.number = 2}) == 200ms);
  static_assert(tenax::wait::exponential({.base = 1s, .factor = 1.5})({.number = 3}) == 2250ms);
  static_assert(tenax::wait::exponential()({.number = 1'000}) == tenax::duration::max());
}

TEST_CASE("wait: fibonacci") {
  // [fibonacci]
  constexpr auto w = tenax::wait::fibonacci({.unit = 1s, .max = 30s});
  static_assert(w({.number = 1}) == 1s);
  static_assert(w({.number = 2}) == 1s);
  static_assert(w({.number = 6}) == 8s);
  static_assert(w({.number = 9}) == 30s);
  // [/fibonacci]
  static_assert(w({.number = 8}) == 21s);
}

TEST_CASE("wait: polynomial") {
  // [polynomial]
  constexpr auto w = tenax::wait::polynomial({.base = 100ms, .exponent = 2, .max = 2s});
  static_assert(w({.number = 1}) == 100ms);
  static_assert(w({.number = 3}) == 900ms);
  static_assert(w({.number = 5}) == 2s);
  // [/polynomial]
  static_assert(tenax::wait::polynomial()({.number = 2}) == 400ms);
}

TEST_CASE("wait: sequence") {
  // [sequence]
  constexpr auto w = tenax::wait::sequence{1s, 5s, 30s};
  static_assert(w({.number = 2}) == 5s);
  static_assert(w({.number = 9}) == 30s);
  // [/sequence]
}

TEST_CASE("wait: uniform") {
  // [uniform]
  constexpr auto w = tenax::wait::uniform(100ms, 300ms);
  static_assert(tenax::wait::bounds_of(w, {.number = 1}) ==
                tenax::wait::bounds{100ms, 300ms - 1ns});
  // [/uniform]
  static_assert(tenax::wait::uniform(1s, 1s)({}) == 1s);
}

TEST_CASE("wait: decorrelated") {
  // [decorrelated]
  constexpr auto w = tenax::wait::decorrelated({.base = 100ms, .max = 10s});
  constexpr tenax::wait::range_query after_two_seconds{
      .number = 5, .least_previous = 2s, .most_previous = 2s};
  static_assert(tenax::wait::bounds_of(w, {.number = 1}) ==
                tenax::wait::bounds{100ms, 300ms - 1ns});
  static_assert(tenax::wait::bounds_of(w, after_two_seconds) ==
                tenax::wait::bounds{100ms, 6s - 1ns});
  // [/decorrelated]
  static_assert(tenax::wait::bounds_of(tenax::wait::decorrelated(), {.most_previous = 29s}).most ==
                30s - 1ns);
}

TEST_CASE("wait: full") {
  // [full]
  constexpr auto w = tenax::wait::constant(4s).full();
  static_assert(tenax::wait::bounds_of(w, {}) == tenax::wait::bounds{0s, 4s - 1ns});
  // [/full]
}

TEST_CASE("wait: equal") {
  // [equal]
  constexpr auto w = tenax::wait::constant(4s).equal();
  static_assert(tenax::wait::bounds_of(w, {}) == tenax::wait::bounds{2s, 4s - 1ns});
  // [/equal]
}

TEST_CASE("wait: proportional") {
  // [proportional]
  constexpr auto w = tenax::wait::exponential({.base = 1s, .max = 4s}).proportional(0.25);
  static_assert(tenax::wait::bounds_of(w, {.number = 1}) ==
                tenax::wait::bounds{750ms, 1250ms - 1ns});
  static_assert(tenax::wait::bounds_of(w, {.number = 3}) == tenax::wait::bounds{3s, 4s - 1ns});
  // [/proportional]
}

TEST_CASE("wait: additive") {
  // [additive]
  constexpr auto w = tenax::wait::exponential({.base = 1s, .max = 4s}).additive(500ms);
  static_assert(tenax::wait::bounds_of(w, {.number = 1}) == tenax::wait::bounds{1s, 1500ms - 1ns});
  static_assert(tenax::wait::bounds_of(w, {.number = 3}) == tenax::wait::bounds{3500ms, 4s - 1ns});
  // [/additive]
}

TEST_CASE("wait: sum") {
  // [sum]
  constexpr auto w = tenax::wait::constant(1s) + tenax::wait::uniform(0s, 500ms);
  static_assert(tenax::wait::bounds_of(w, {}) == tenax::wait::bounds{1s, 1500ms - 1ns});
  // [/sum]
}

TEST_CASE("wait: extremes") {
  // [extremes]
  constexpr auto slower =
      tenax::wait::max_of(tenax::wait::constant(1s), tenax::wait::exponential());
  constexpr auto faster =
      tenax::wait::min_of(tenax::wait::constant(1s), tenax::wait::exponential());
  static_assert(slower(attempt_info{.number = 2}) == 1s &&
                faster(attempt_info{.number = 2}) == 200ms);
  // [/extremes]
}

TEST_CASE("wait: chain") {
  // [chain]
  constexpr auto w = tenax::wait::chain(tenax::wait::repeat(2, tenax::wait::none),
                                        tenax::wait::exponential({.base = 1s, .max = 1min}));
  static_assert(w(attempt_info{.number = 2}) == 0s);
  static_assert(w(attempt_info{.number = 3}) == 1s);
  static_assert(w(attempt_info{.number = 4}) == 2s);
  // [/chain]
}

TEST_CASE("wait: first_of") {
  // [first_of]
  auto const w = tenax::wait::first_of(
      tenax::wait::only_if(tenax::when::exception<network_error>, tenax::wait::none),
      tenax::wait::retry_after + tenax::wait::uniform(0s, 500ms),
      tenax::wait::exponential({.base = 1s, .max = 30s}));
  // [/first_of]
  auto const policy = tenax::retrying{}.wait(w);
  virtual_time clock;
  script<int> lines;
  lines.throws(network_error("reset")).throws(std::runtime_error("other")).returns(7);
  CHECK(policy.environment(std::ref(clock))(std::ref(lines)) == 7);
  CHECK(clock.sleeps() == durations{2s});
}

TEST_CASE("wait: limits") {
  // [limits]
  constexpr auto w =
      tenax::wait::at_least(500ms, tenax::wait::at_most(2s, tenax::wait::exponential()));
  static_assert(w(attempt_info{.number = 1}) == 500ms);
  static_assert(w(attempt_info{.number = 4}) == 800ms);
  static_assert(w(attempt_info{.number = 9}) == 2s);
  // [/limits]
}

TEST_CASE("wait: retry_after") {
  // [retry_after]
  constexpr auto w = tenax::wait::first_of(tenax::wait::retry_after, tenax::wait::constant(10s));
  static_assert(w(attempt_info{.server_wait = 3s}) == 3s);
  static_assert(w(attempt_info{}) == 10s);
  // [/retry_after]
}

TEST_CASE("wait: a strategy of your own") {
  // [own]
  auto const policy =
      tenax::retrying{}.wait([](tenax::attempt_info const& a) { return a.number * 10ms; });
  // [/own]
  CHECK(docs::waits(policy) == durations{10ms, 20ms});
}

namespace {

// [own_type]
/// Waits until the next full second since the start of the call.
struct next_second : tenax::wait::jitterable<next_second> {  // adds + and the jitter functions
  static constexpr bool uses_time = true;                    // so that elapsed is known

  constexpr tenax::duration operator()(tenax::attempt_info const& a) const {
    return 1s - a.elapsed % 1s;
  }
  constexpr tenax::duration cap() const { return 1s; }
};
static_assert(next_second{}({.elapsed = 3250ms}) == 750ms);
static_assert(tenax::wait_strategy<next_second, tenax::attempt_info>);
// [/own_type]

}  // namespace

TEST_CASE("wait: a strategy type of your own") {
  static_assert(tenax::wait::bounds_of(next_second{}.full(), {}) ==
                tenax::wait::bounds{0s, 1s - 1ns});
  auto const policy = tenax::retrying{}.wait(next_second{});
  STATIC_REQUIRE(decltype(policy)::uses_time);
  CHECK(docs::waits(policy) == durations{1s, 1s});
}

TEST_CASE("wait: In a constant expression a draw is the middle") {
  // [middle]
  static_assert(tenax::wait::exponential({.base = 1s}).full()({.number = 2}) == 1s);
  // [/middle]
}

TEST_CASE("wait: rejected") {
  CHECK_THROWS_WITH(
      [max = 1s] {
        // [rejected]
        return tenax::wait::exponential({.base = 5s, .max = max});  // max is 1s
        // [/rejected]
      }(),
      docs::text("text/rejected.txt"));
}

TEST_CASE("wait: A server's wait is a floor") {
  // [floor]
  auto const policy = tenax::retrying{}.wait(tenax::wait::constant(1s).full());

  script<int> throttled;
  throttled.throws(tenax::retry_after(3s, network_error("slow down"))).returns(7);
  virtual_time clock;
  policy.environment(std::ref(clock))(std::ref(throttled));
  CHECK(clock.slept() == 3s);
  // [/floor]
}
