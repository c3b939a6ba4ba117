// SPDX-License-Identifier: MIT
// virtual_time.cpp: `testing::virtual_time`: a fake clock that moves only by sleeps and by advance().
#include <tenax/testing/virtual_time.hpp>

#include <chrono>
#include <cmath>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include <tenax/tenax.hpp>

#include "catch.hpp"

using namespace std::chrono_literals;
using tenax::testing::virtual_time;
using durations = std::vector<tenax::duration>;

static_assert(tenax::environment<virtual_time>);
static_assert(!std::is_copy_constructible_v<virtual_time>);

namespace {

struct flag_token {
  bool const* set;
  [[nodiscard]] bool stop_requested() const { return *set; }
};

[[noreturn]] void fail() { throw std::runtime_error("down"); }

}  // namespace

TEST_CASE("Time starts at zero and moves by sleeps, which are recorded") {
  virtual_time clock;
  CHECK(clock.now() == tenax::time_point{});
  CHECK(clock.sleeps().empty());
  clock.sleep(3s);
  clock.sleep(0s);
  clock.sleep(5s);
  CHECK(clock.now() == tenax::time_point(8s));
  CHECK(clock.sleeps() == durations{3s, 0s, 5s});
  CHECK(clock.slept() == 8s);
}

TEST_CASE("Time that passes without a sleep is not recorded as a sleep") {
  virtual_time clock;
  clock.advance(3s);
  clock.sleep(2s);
  CHECK(clock.now() == tenax::time_point(5s));
  CHECK(clock.slept() == 2s);
}

TEST_CASE("A call in virtual time takes no real time") {
  virtual_time clock;
  auto const start = std::chrono::steady_clock::now();
  auto const policy = tenax::retrying{}
                          .wait(tenax::wait::constant(1h))
                          .stop(tenax::stop::after_attempts(1000))
                          .environment(std::ref(clock));
  auto const report = policy.try_call(fail);
  CHECK(report.waited == 999h);
  CHECK(clock.slept() == 999h);
  CHECK(std::chrono::steady_clock::now() - start < 10s);
}

TEST_CASE("Equal seeds give equal waits, different seeds different ones") {
  auto const waits = [](std::uint64_t seed) {
    virtual_time clock(seed);
    static_cast<void>(tenax::retrying{}.environment(std::ref(clock)).try_call(fail));
    return clock.sleeps();
  };
  CHECK(waits(1) == waits(1));
  CHECK(waits(1) != waits(2));
  virtual_time unseeded;
  static_cast<void>(tenax::retrying{}.environment(std::ref(unseeded)).try_call(fail));
  CHECK(waits(0) == unseeded.sleeps());
}

TEST_CASE("Planned actions run when their time comes, on a sleep or an advance") {
  virtual_time clock;
  std::vector<std::string> log;
  clock.after(5s, [&] { log.push_back("5"); });
  clock.after(2s, [&] { log.push_back("2"); });
  clock.after(5s, [&] { log.push_back("5, planned later"); });
  clock.after(0s, [&] { log.push_back("0"); });
  clock.sleep(1s);
  CHECK(log == std::vector<std::string>{"0"});
  clock.advance(1s);
  CHECK(log == std::vector<std::string>{"0", "2"});
  clock.sleep(10s);
  CHECK(log == std::vector<std::string>{"0", "2", "5", "5, planned later"});
}

TEST_CASE("A planned action sees the time that it was planned for, and may plan another action") {
  virtual_time clock;
  std::vector<tenax::time_point> times;
  clock.after(2s, [&] {
    times.push_back(clock.now());
    clock.after(3s, [&] { times.push_back(clock.now()); });
  });
  clock.sleep(10s);
  CHECK(times == std::vector{tenax::time_point(2s), tenax::time_point(5s)});
  CHECK(clock.now() == tenax::time_point(10s));
}

TEST_CASE("A planned action that moves the clock does not make it go back") {
  virtual_time clock;
  clock.after(1s, [&] { clock.advance(10s); });
  clock.after(2s, [] {});
  clock.sleep(3s);
  CHECK(clock.now() == tenax::time_point(11s));
}

TEST_CASE("An interruptible sleep ends when its token is triggered, and is recorded with its real length") {
  virtual_time clock;
  bool set = false;
  clock.after(3s, [&] { set = true; });
  clock.after(7s, [] { FAIL("too late"); });
  clock.sleep(1s, flag_token{&set});
  clock.sleep(5s, flag_token{&set});
  CHECK(clock.sleeps() == durations{1s, 2s});
  CHECK(clock.now() == tenax::time_point(3s));
  clock.sleep(5s, flag_token{&set});
  CHECK(clock.sleeps().back() == 0s);
  CHECK(clock.now() == tenax::time_point(3s));
}

TEST_CASE("A plain sleep is not interrupted by planned actions") {
  virtual_time clock;
  bool set = false;
  clock.after(3s, [&] { set = true; });
  clock.sleep(5s);
  CHECK(set);
  CHECK(clock.now() == tenax::time_point(5s));
}

TEST_CASE("Virtual time saturates instead of wrapping") {
  virtual_time clock;
  clock.advance(1h);
  clock.sleep(tenax::duration::max());
  clock.sleep(tenax::duration::max());
  CHECK(clock.now() == tenax::time_point::max());
  CHECK(clock.slept() == tenax::duration::max());
  clock.after(1h, [] {});
  clock.sleep(1s);
}

TEST_CASE("Virtual time never goes back: negative spans are rejected, and a negative sleep counts as zero") {
  virtual_time clock;
  clock.advance(1h);
  CHECK_THROWS_WITH(clock.advance(-1s), "tenax: virtual_time::advance(): d must not be negative, but is -1s");
  CHECK_THROWS_WITH(clock.after(-1s, [] {}), "tenax: virtual_time::after(): d must not be negative, but is -1s");
  CHECK_THROWS_AS(clock.advance(std::chrono::duration<double>(std::nan(""))), std::invalid_argument);
  clock.sleep(-1s);
  bool const set = false;
  clock.sleep(-1s, flag_token{&set});
  CHECK(clock.now() == tenax::time_point(1h));
  CHECK(clock.sleeps() == durations{0s, 0s});
}

TEST_CASE("Planning an empty action is rejected immediately") {
  virtual_time clock;
  CHECK_THROWS_WITH(clock.after(1s, nullptr), "tenax: virtual_time::after() needs an action, but it is empty");
  clock.sleep(2s);
}

TEST_CASE("Virtual time takes any unit, and saturates where a unit does not fit") {
  virtual_time clock;
  int ran = 0;
  clock.after(std::chrono::hours::max(), [&] { ++ran; });
  clock.advance(1.5s);
  CHECK(clock.now() == tenax::time_point(1500ms));
  clock.advance(std::chrono::hours::max());
  CHECK(clock.now() == tenax::time_point::max());
  CHECK(ran == 1);
}

TEST_CASE("A planned action that sleeps does not disturb the sleep around it") {
  virtual_time clock;
  bool const set = false;
  clock.after(1s, [&] { clock.sleep(5s); });
  clock.sleep(2s, flag_token{&set});
  CHECK(clock.sleeps() == durations{6s, 5s});
}
