// SPDX-License-Identifier: MIT
// environment.cpp: the real clock and sleep, and user-defined environments.
#include <tenax/environment.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <vector>

#include <tenax/tenax.hpp>

#if defined(TENAX_POSIX)
#include <csignal>

#include <sys/time.h>
#endif

#include "catch.hpp"

using namespace std::chrono_literals;
using tenax::real_time;
using durations = std::vector<tenax::duration>;

static_assert(tenax::environment<real_time>);

namespace {

/// The smallest possible environment.
struct minimal {
  durations* sleeps;
  [[nodiscard]] tenax::time_point now() const { return {}; }
  void sleep(tenax::duration d) const { sleeps->push_back(d); }
};
static_assert(tenax::environment<minimal>);
static_assert(std::is_empty_v<real_time>);

/// Has a random source of its own, and counts.
struct full {
  tenax::fixed_random source{tenax::highest_draw};
  durations sleeps{};
  int interruptible = 0;
  tenax::time_point time{};

  [[nodiscard]] tenax::time_point now() const { return time; }
  void sleep(tenax::duration d) { sleeps.push_back(d); }
  template <class Token>
  void sleep(tenax::duration d, Token const&) {
    ++interruptible;
    sleeps.push_back(d);
  }
  tenax::random_source& random() { return source; }
};

struct token {
  [[nodiscard]] bool stop_requested() const { return false; }
};

auto failing(int failures) {
  return [failures, n = 0]() mutable {
    if (++n <= failures) throw std::runtime_error("down");
    return n;
  };
}

#if defined(TENAX_POSIX)
void on_alarm(int) {}
#endif

/// A clock that moves only when a thread sleeps, and a sleep that is always too long or too short.
struct rough_time {
  [[maybe_unused]] static constexpr tenax::duration look_again = tenax::platform::longest_sleep;
  static inline tenax::time_point time{};
  static inline tenax::duration error{};  ///< how much too long each sleep is; negative: too short
  static inline int sleeps = 0;

  static void reset(tenax::duration too_long, tenax::time_point start = {}) {
    time = start;
    error = too_long;
    sleeps = 0;
  }
  static tenax::time_point now() noexcept { return time; }
  static void sleep_once(tenax::time_point from, tenax::duration left) {
    CHECK(from == time);
    CHECK(left > 0ns);
    ++sleeps;
    auto const slice = std::min(left, tenax::platform::longest_sleep);
    time = tenax::time_point(
        tenax::saturating_add(time.time_since_epoch(), std::max<tenax::duration>(slice + error, 1ms)));
  }
};
using rough_environment = tenax::detail::clock_environment<rough_time>;

}  // namespace

TEST_CASE("The real clock is the steady clock") {
  auto const before = std::chrono::steady_clock::now();
  auto const now = real_time::now();
  auto const after = std::chrono::steady_clock::now();
  CHECK(now >= before);
  CHECK(now <= after);
}

TEST_CASE("The real sleep lasts at least as long as asked for") {
  auto const start = real_time::now();
  real_time::sleep(2ms);
  CHECK(real_time::now() - start >= 2ms);
}

TEST_CASE("Short real sleeps last at least as long as asked for, and do not keep the processor busy") {
  for (auto const d : {100us, 1500us, 2300us}) {
    CAPTURE(d.count());
    auto const start = real_time::now();
    real_time::sleep(d);
    CHECK(real_time::now() - start >= d);
  }
  // One sleep of the system lasts for as long as it was asked to, within the resolution of its timer, so the loop that
  // reads the clock runs few times.
  constexpr auto asked = tenax::duration(1500us);
  auto const start = tenax::platform::steady_time::now();
  tenax::platform::steady_time::sleep_once(start, asked);
  CHECK(tenax::platform::steady_time::now() - start >= asked - 100us);
}

TEST_CASE("A real sleep of zero or less returns immediately") {
  auto const start = real_time::now();
  real_time::sleep(0s);
  real_time::sleep(-1h);
  real_time::sleep(tenax::duration::min());
  CHECK(real_time::now() - start < 1s);
}

#if defined(TENAX_POSIX)
TEST_CASE("Signals do not shorten a real sleep") {
  struct sigaction act{};
  struct sigaction old{};
  act.sa_handler = on_alarm;
  sigaction(SIGALRM, &act, &old);
  ::itimerval timer{};
  timer.it_interval.tv_usec = 500;
  timer.it_value.tv_usec = 500;
  ::setitimer(ITIMER_REAL, &timer, nullptr);
  auto const start = real_time::now();
  real_time::sleep(4ms);
  auto const passed = real_time::now() - start;
  timer = {};
  ::setitimer(ITIMER_REAL, &timer, nullptr);
  sigaction(SIGALRM, &old, nullptr);
  CHECK(passed >= 4ms);
}
#endif

TEST_CASE("A sleep that ends early, for example by a signal, continues until the clock says that it is over") {
  rough_time::reset(-40ms);
  rough_environment::sleep(100ms);
  CHECK(rough_time::now() >= tenax::time_point(100ms));
  CHECK(rough_time::now() < tenax::time_point(110ms));
}

TEST_CASE("The excess of each slice of a polling sleep does not add up") {
  rough_time::reset(5ms);
  rough_environment::sleep(100ms, token{});
  CHECK(rough_time::now() == tenax::time_point(100ms));
  CHECK(rough_time::sleeps == 10);
  rough_time::reset(3ms);
  rough_environment::sleep(12ms, token{});  // the last slice is shorter than the others
  CHECK(rough_time::now() == tenax::time_point(8ms + 4ms + 3ms));
}

TEST_CASE("A long sleep is made of sleeps whose seconds fit in 32 bits") {
  constexpr tenax::duration century = std::chrono::hours(24 * 365 * 100);
  rough_time::reset(0ns);
  rough_environment::sleep(century);
  CHECK(rough_time::now() == tenax::time_point(century));
  CHECK(rough_time::sleeps == century / tenax::platform::longest_sleep);
  CHECK(tenax::platform::longest_sleep < std::chrono::seconds(0x7fff'ffff));
}

TEST_CASE("An infinite sleep lasts until the end of time, whatever the clock says") {
  constexpr auto end = tenax::time_point::max();
  rough_time::reset(0ns, end - std::chrono::hours(24 * 365 * 3));
  rough_environment::sleep(tenax::duration::max());
  CHECK(rough_time::now() == end);
  CHECK(rough_time::sleeps == std::chrono::hours(24 * 365 * 3) / tenax::platform::longest_sleep);
}

TEST_CASE("A call without .environment() sleeps in real time") {
  auto const start = real_time::now();
  CHECK(tenax::retrying{}.wait(tenax::wait::constant(1ms))(failing(2)) == 3);
  CHECK(real_time::now() - start >= 2ms);
}

TEST_CASE("The real random source is that of the thread") {
  CHECK(&real_time::random() == &tenax::this_thread_random());
}

TEST_CASE("A user-defined environment needs a clock and a sleep") {
  durations sleeps;
  auto const policy = tenax::retrying{}.wait(tenax::wait::sequence{1s, 2s}).environment(minimal{&sleeps});
  CHECK(policy(failing(2)) == 3);
  CHECK(sleeps == durations{1s, 2s});
  CHECK(policy.cancel_with(token{})(failing(1)) == 2);
  CHECK(sleeps.size() == 3);
}

TEST_CASE("An environment given by reference is used, not copied") {
  full e;
  auto const policy = tenax::retrying{}.wait(tenax::wait::constant(1s)).environment(std::ref(e));
  CHECK(policy(failing(2)) == 3);
  auto const copy = policy;
  CHECK(copy(failing(1)) == 2);
  CHECK(e.sleeps == durations{1s, 1s, 1s});
  CHECK(e.interruptible == 0);
}

TEST_CASE("Random draws come from the environment, if it has a source") {
  full e;
  auto const policy = tenax::retrying{}.wait(tenax::wait::uniform(1s, 2s)).environment(std::ref(e));
  policy(failing(1));
  e.source = tenax::fixed_random(tenax::lowest_draw);
  policy(failing(1));
  static_cast<void>(policy.try_call(failing(1)));
  auto once = failing(1);
  for (auto& attempt : policy.attempts()) attempt(once);
  CHECK(e.sleeps.at(0) == 2s - 1ns);
  CHECK(e.sleeps.at(1) == 1s);
  CHECK(e.sleeps.at(2) == 1s);
  CHECK(e.sleeps.at(3) == 1s);
}

TEST_CASE("An interruptible sleep is used if there is a token, and only then") {
  full e;
  auto const policy = tenax::retrying{}.wait(tenax::wait::constant(1s)).environment(std::ref(e));
  policy(failing(1));
  CHECK(e.interruptible == 0);
  policy.cancel_with(token{})(failing(1));
  CHECK(e.interruptible == 1);
}

TEST_CASE("The clock of an environment can have another resolution") {
  struct coarse {
    [[nodiscard]] std::chrono::time_point<std::chrono::steady_clock, std::chrono::seconds> now() const {
      return std::chrono::time_point<std::chrono::steady_clock, std::chrono::seconds>(100s);
    }
    void sleep(tenax::duration) const {}
  };
  auto const report = tenax::retrying{}.environment(coarse{}).try_call([] { return 1; });
  CHECK(report.elapsed == 0s);
}
