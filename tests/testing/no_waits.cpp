// SPDX-License-Identifier: MIT
// no_waits.cpp: `testing::no_waits`: a whole program retries without waiting.
#include <tenax/testing/no_waits.hpp>

#include <chrono>
#include <future>
#include <stdexcept>
#include <thread>
#include <vector>

#include <tenax/tenax.hpp>

#include "catch.hpp"

using namespace std::chrono_literals;
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

TEST_CASE("While a no_waits is alive, real sleeps return immediately, and decisions stay the same") {
  durations waits;
  auto const policy = tenax::retrying{}
                          .wait(tenax::wait::exponential({.base = 1h}))
                          .stop(tenax::stop::after_attempts(4))
                          .before_sleep([&](tenax::attempt_info const& a) { waits.push_back(a.upcoming_wait); });
  no_waits const scope;
  CHECK(real_time_of([&] { CHECK(policy.try_call(fail).attempts == 4); }) < 10s);
  CHECK(real_time_of([&] { CHECK(policy.cancel_with(token{}).try_call(fail).attempts == 4); }) < 10s);
  CHECK(waits == durations{1h, 2h, 4h, 1h, 2h, 4h});
}

TEST_CASE("To a policy it looks as if the call had slept, deadlines included") {
  no_waits const scope;
  auto const policy = tenax::retrying{}.wait(tenax::wait::constant(1h)).stop(tenax::stop::deadline(150min));
  auto const report = policy.try_call(fail);
  CHECK(report.attempts == 3);
  CHECK(report.reason == stop_reason::deadline);
  CHECK(report.waited == 2h);
  CHECK(report.elapsed >= 2h);
  CHECK(report.elapsed < 2h + 1min);
}

namespace {

/// How far the clock of this thread is ahead of the steady clock.
tenax::duration ahead() {
  auto const steady = std::chrono::steady_clock::now();
  return tenax::real_time::now() - steady;
}

/// Whether it is not ahead at all, however long this thread is interrupted.
bool is_not_ahead() {
  auto const shown = tenax::real_time::now();
  return shown <= std::chrono::steady_clock::now();
}

}  // namespace

TEST_CASE("While a no_waits is alive, a thread's clock runs ahead by the skipped sleeps of the thread") {
  no_waits const outer;
  tenax::real_time::sleep(1h);
  {
    no_waits const inner;
    tenax::real_time::sleep(1h);
  }
  CHECK(ahead() >= 2h);
  CHECK(ahead() < 2h + 1min);
  std::thread([] { CHECK(ahead() < 1min); }).join();
}

TEST_CASE("After the last no_waits is destroyed, the clock is the steady clock again") {
  {
    no_waits const scope;
    tenax::real_time::sleep(1h);
    CHECK(ahead() >= 1h);
  }
  CHECK(ahead() < 1min);
  {
    no_waits const scope;  // a new object does not bring back the sleeps that an earlier one skipped
    CHECK(ahead() < 1min);
    tenax::real_time::sleep(1min);
    CHECK(ahead() < 2min);
  }
  {
    no_waits const scope;
    tenax::real_time::sleep(1h);  // and the clock is not read before the end
  }
  CHECK(ahead() < 1min);
}

TEST_CASE("A deadline on the steady clock holds after a test that skipped hours") {
  {
    no_waits const scope;
    CHECK(tenax::retrying{}.wait(tenax::wait::constant(1h)).try_call(fail).attempts == 3);
  }
  auto const policy = tenax::retrying{}.stop(tenax::stop::deadline_at(std::chrono::steady_clock::now() + 10s));
  CHECK(policy([] { return 7; }) == 7);
}

TEST_CASE("After the last no_waits is destroyed, the clocks of other threads are the steady clock again") {
  std::promise<void> skipped, ended;
  std::thread other;
  {
    no_waits const scope;
    other = std::thread([&] {
      tenax::real_time::sleep(1h);
      CHECK(ahead() >= 1h);
      skipped.set_value();
      ended.get_future().wait();
      CHECK(ahead() < 1min);
      auto const start = std::chrono::steady_clock::now();
      tenax::real_time::sleep(2ms);
      CHECK(std::chrono::steady_clock::now() - start >= 2ms);
      CHECK(ahead() < 1min);
    });
    skipped.get_future().wait();
  }
  ended.set_value();
  other.join();
}

TEST_CASE("A call whose sleep was skipped just before the end of the last no_waits does not sleep for the rest") {
  std::promise<void> skipped, ended;
  std::thread other;
  {
    no_waits const scope;
    other = std::thread([&] {
      auto const start = tenax::real_time::now();
      tenax::real_time::sleep(1h);
      skipped.set_value();
      ended.get_future().wait();
      // As the engine does after a sleep: while the clock says that it is too early, it sleeps for the rest.
      auto const rest = start + 1h - tenax::real_time::now();
      CHECK(rest > 59min);
      CHECK(real_time_of([&] { tenax::real_time::sleep(rest); }) < 10s);
      CHECK(tenax::real_time::now() >= start + 1h);
      CHECK(ahead() < 1min);
      CHECK(real_time_of([&] { tenax::real_time::sleep(2ms); }) >= 2ms);
    });
    skipped.get_future().wait();
  }
  ended.set_value();
  other.join();
}

TEST_CASE("A sleep after the end of the last no_waits is not mistaken for the rest of a skipped sleep") {
  std::promise<void> skipped, ended;
  std::thread other;
  {
    no_waits const scope;
    other = std::thread([&] {
      tenax::real_time::sleep(5ms);
      skipped.set_value();
      ended.get_future().wait();
      CHECK(is_not_ahead());  // a call starts
      CHECK(is_not_ahead());  // its first attempt ends
      CHECK(real_time_of([&] { tenax::real_time::sleep(3ms); }) >= 3ms);
    });
    skipped.get_future().wait();
  }
  ended.set_value();
  other.join();
}

TEST_CASE("A skipped sleep without an end moves the clock to the end of time, and not beyond") {
  no_waits const scope;
  tenax::real_time::sleep(tenax::duration::max());
  CHECK(tenax::real_time::now() == tenax::time_point::max());
  tenax::real_time::sleep(1h);
  CHECK(tenax::real_time::now() == tenax::time_point::max());
}

TEST_CASE("Outside of the scope of a no_waits, sleeps have their full length") {
  {
    no_waits const scope;
  }
  auto const start = std::chrono::steady_clock::now();
  tenax::real_time::sleep(2ms);
  CHECK(std::chrono::steady_clock::now() - start >= 2ms);
}

TEST_CASE("Scopes of no_waits can be nested, and hold for all threads") {
  no_waits const outer;
  {
    no_waits const inner;
  }
  CHECK(real_time_of([] {
          std::thread([] { tenax::real_time::sleep(1h); }).join();
          tenax::real_time::sleep(1h);
        }) < 10s);
}

TEST_CASE("The time of an attempt itself is real") {
  no_waits const scope;
  auto const report = tenax::retrying{}.try_call([] { std::this_thread::sleep_for(1ms); });
  CHECK(report.elapsed >= 1ms);
  CHECK(report.elapsed < 1h);
}
