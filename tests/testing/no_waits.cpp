// SPDX-License-Identifier: MIT
// no_waits.cpp: a whole program that retries without waiting.
#include <tenax/testing/no_waits.hpp>

#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

#include <tenax/tenax.hpp>

#include "catch.hpp"

using namespace std::chrono_literals;
namespace wait = tenax::wait;
namespace stop = tenax::stop;
using tenax::stop_reason;
using tenax::testing::no_waits;
using durations = std::vector<tenax::duration>;

namespace {

[[noreturn]] void fail() { throw std::runtime_error("down"); }

struct token {
  [[nodiscard]] bool stop_requested() const { return false; }
};

std::chrono::steady_clock::duration real_time_of(auto const& f) {
  auto const start = std::chrono::steady_clock::now();
  f();
  return std::chrono::steady_clock::now() - start;
}

}  // namespace

TEST_CASE("While it is alive, real sleeps return at once, and decisions stay as they are") {
  durations waits;
  auto const policy = tenax::retrying{}
                          .wait(wait::exponential({.base = 1h}))
                          .stop(stop::after_attempts(4))
                          .before_sleep([&](tenax::attempt_info const& a) { waits.push_back(a.upcoming_wait); });
  no_waits const scope;
  CHECK(real_time_of([&] { CHECK(policy.try_call(fail).attempts == 4); }) < 10s);
  CHECK(real_time_of([&] { CHECK(policy.cancel_with(token{}).try_call(fail).attempts == 4); }) < 10s);
  CHECK(waits == durations{1h, 2h, 4h, 1h, 2h, 4h});
}

TEST_CASE("To a policy it looks as if it had slept, deadlines included") {
  no_waits const scope;
  auto const policy = tenax::retrying{}.wait(wait::constant(1h)).stop(stop::deadline(150min));
  auto const report = policy.try_call(fail);
  CHECK(report.attempts == 3);
  CHECK(report.reason == stop_reason::deadline);
  CHECK(report.waited == 2h);
  CHECK(report.elapsed >= 2h);
  CHECK(report.elapsed < 2h + 1min);
}

TEST_CASE("The clock of a thread does not go back when the scope ends") {
  tenax::time_point inside;
  {
    no_waits const scope;
    tenax::real_time::sleep(1h);
    inside = tenax::real_time::now();
  }
  CHECK(tenax::real_time::now() >= inside);
}

TEST_CASE("Outside of its scope sleeps last") {
  {
    no_waits const scope;
  }
  auto const start = std::chrono::steady_clock::now();
  tenax::real_time::sleep(2ms);
  CHECK(std::chrono::steady_clock::now() - start >= 2ms);
}

TEST_CASE("Scopes nest, and it holds for all threads") {
  no_waits const outer;
  {
    no_waits const inner;
  }
  CHECK(real_time_of([] {
          std::thread([] { tenax::real_time::sleep(1h); }).join();
          tenax::real_time::sleep(1h);
        }) < 10s);
}

TEST_CASE("An attempt's own time is real") {
  no_waits const scope;
  auto const report = tenax::retrying{}.try_call([] { std::this_thread::sleep_for(1ms); });
  CHECK(report.elapsed >= 1ms);
  CHECK(report.elapsed < 1h);
}
