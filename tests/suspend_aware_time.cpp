// SPDX-License-Identifier: MIT
// suspend_aware_time.cpp: the environment whose clock goes on while the machine is suspended.
#include <tenax/suspend_aware_time.hpp>

#include <chrono>
#include <stdexcept>

#include <tenax/cancel.hpp>
#include <tenax/tenax.hpp>
#include <tenax/testing/no_waits.hpp>

#include <time.h>

#include "catch.hpp"

using namespace std::chrono_literals;
using tenax::suspend_aware_time;

static_assert(tenax::environment<suspend_aware_time>);
static_assert(std::is_empty_v<suspend_aware_time>);

namespace {

struct token {
  [[nodiscard]] bool stop_requested() const { return false; }
};

[[noreturn]] void fail() { throw std::runtime_error("down"); }

}  // namespace

#if defined(CLOCK_BOOTTIME)
TEST_CASE("The suspend-aware clock is the system's clock that counts suspended time") {
  auto const boot_time = [] {
    ::timespec t{};
    ::clock_gettime(CLOCK_BOOTTIME, &t);
    return tenax::time_point(std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec));
  };
  auto const before = boot_time();
  auto const now = suspend_aware_time::now();
  auto const after = boot_time();
  CHECK(now >= before);
  CHECK(now <= after);
}
#endif

TEST_CASE("A suspend-aware sleep lasts at least as long as asked for, with every kind of token") {
  auto const lasts = [](auto const& sleep) {
    auto const start = suspend_aware_time::now();
    sleep();
    return suspend_aware_time::now() - start >= 2ms;
  };
  CHECK(lasts([] { suspend_aware_time::sleep(2ms); }));
  CHECK(lasts([] { suspend_aware_time::sleep(2ms, token{}); }));
#if defined(__cpp_lib_jthread)
  std::stop_source source;
  CHECK(lasts([&] { suspend_aware_time::sleep(2ms, source.get_token()); }));
  source.request_stop();
  suspend_aware_time::sleep(1h, source.get_token());
#endif
  suspend_aware_time::sleep(0s);
  suspend_aware_time::sleep(-1h, token{});
}

TEST_CASE("A policy takes the suspend-aware time as its environment") {
  auto const policy = tenax::retrying{}.wait(tenax::wait::constant(1ms)).environment(suspend_aware_time{});
  auto const report = policy.stop(tenax::stop::after_attempts(3) || tenax::stop::deadline(1h)).try_call(fail);
  CHECK(report.attempts == 3);
  CHECK(report.elapsed >= 2ms);
  CHECK(policy.stop(tenax::stop::deadline_at(suspend_aware_time::now() + 1h))([] { return 7; }) == 7);
}

TEST_CASE("no_waits skips suspend-aware sleeps") {
  tenax::testing::no_waits const scope;
  auto const policy = tenax::retrying{}
                          .wait(tenax::wait::constant(1h))
                          .stop(tenax::stop::deadline(150min))
                          .environment(suspend_aware_time{});
  auto const report = policy.try_call(fail);
  CHECK(report.attempts == 3);
  CHECK(report.elapsed >= 2h);
}

#if defined(__cpp_lib_jthread)
namespace {

/// A clock that jumps by an hour at the third reading, as a clock that counts suspended time does.
struct jumping_time {
  static constexpr tenax::duration look_again = 1ms;
  static inline int looks = 0;
  static tenax::time_point now() noexcept { return tenax::time_point(++looks < 3 ? 0s : 3600s); }
  static void sleep_once(tenax::time_point, tenax::duration) {}
};

}  // namespace

TEST_CASE("A sleep with a std::stop_token reads its clock regularly, and ends after the clock has jumped") {
  std::stop_source source;
  auto const start = std::chrono::steady_clock::now();
  tenax::detail::clock_environment<jumping_time>::sleep(30min, source.get_token());
  CHECK(std::chrono::steady_clock::now() - start < 10s);
}
#endif
