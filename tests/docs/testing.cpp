// SPDX-License-Identifier: MIT
// testing.cpp: the snippets of docs/reference/testing.md and docs/how-to/test-your-policy.md.
#include <tenax/observe/counters.hpp>
#include <tenax/testing/no_waits.hpp>

#include "docs.hpp"

using tenax::stop_reason;

namespace {

// [policy]
constexpr auto steady = tenax::retrying{}
                            .when(tenax::when::exception<network_error>)
                            .wait(tenax::wait::exponential({.base = 1s, .max = 8s}))
                            .stop(tenax::stop::after_attempts(6) || tenax::stop::deadline(20s))
                            .max_server_wait(15s);
// [/policy]

// [static]
static_assert(steady.strategy({.number = 3}) == 4s);
static_assert(tenax::worst_case(steady).attempts == 6);
static_assert(tenax::worst_case(steady).total_wait <= 20s, "no caller waits longer than that");
// [/static]

/// Stands for user code whose policy cannot be changed.
int code_under_test() {
  static int calls = 0;
  return tenax::retrying{}.wait(tenax::wait::constant(1h))([] {
    if (++calls < 3) throw network_error("down");
    return 7;
  });
}

}  // namespace

TEST_CASE("testing: virtual_time") {
  // [virtual_time]
  virtual_time clock;
  script<int> down;
  down.throws(network_error("connection refused")).repeats_last();

  auto const report = steady.environment(std::ref(clock)).try_call(std::ref(down));

  CHECK(clock.sleeps() == std::vector<tenax::duration>{1s, 2s, 4s, 8s});
  CHECK(report.reason == stop_reason::deadline);
  CHECK(report.elapsed == 15s);
  // [/virtual_time]
}

TEST_CASE("testing: operations that take time") {
  // [advance]
  virtual_time clock;
  auto const slow = [&]() -> int {
    clock.advance(9s);  // the operation took 9 seconds
    throw network_error("timed out");
  };
  auto const report = steady.environment(std::ref(clock)).try_call(slow);
  CHECK(report.attempts == 2);  // at 19 s the next wait, of 2 s, would end after the deadline
  // [/advance]
  CHECK(report.elapsed == 19s);
}

TEST_CASE("testing: planned events") {
  // [after]
  virtual_time clock;
  bool up = false;
  clock.after(5s, [&] { up = true; });

  auto const connect = [&] {
    if (!up) throw network_error("connection refused");
    return clock.now();
  };
  auto const connected = steady.environment(std::ref(clock))(connect);
  CHECK(connected == tenax::time_point(7s));  // waits of 1, 2 and 4 seconds
  // [/after]
}

TEST_CASE("testing: seeds") {
  // [seed]
  auto const waits = [](std::uint64_t seed) {
    virtual_time clock(seed);
    script<int> down;
    down.throws(network_error("down")).repeats_last();
    static_cast<void>(tenax::retrying{}.environment(std::ref(clock)).try_call(std::ref(down)));
    return clock.sleeps();
  };
  CHECK(waits(1) == waits(1));
  CHECK(waits(1) != waits(2));
  // [/seed]
}

TEST_CASE("testing: script") {
  // [script]
  script<int> lines;
  lines.throws(network_error("connection reset")).times(2).returns(7);

  virtual_time clock;
  CHECK(steady.environment(std::ref(clock))(std::ref(lines)) == 7);
  CHECK(lines.calls() == 3);
  // [/script]
  CHECK_THROWS_AS(lines(), std::logic_error);
}

TEST_CASE("testing: no_waits") {
  // [no_waits]
  tenax::testing::no_waits const quick;
  CHECK(code_under_test() == 7);  // would wait for two hours
  // [/no_waits]
}

TEST_CASE("testing: bugs are not hidden") {
  // [bugs]
  script<int> broken;
  broken.throws(std::logic_error("a bug")).returns(7);
  CHECK(steady.try_call(std::ref(broken)).reason == stop_reason::not_retryable);
  CHECK(broken.calls() == 1);
  // [/bugs]
}

TEST_CASE("testing: what the server asks for") {
  // [server]
  virtual_time clock;
  script<int> throttled;
  throttled.throws(tenax::retry_after(10s, network_error("slow down"))).returns(7);

  CHECK(steady.environment(std::ref(clock))(std::ref(throttled)) == 7);
  CHECK(clock.slept() == 10s);
  // [/server]
}
