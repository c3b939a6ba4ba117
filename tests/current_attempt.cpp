// SPDX-License-Identifier: MIT
// current_attempt.cpp: the limits that an adapter of a client reads about the attempt of its thread.
#include <tenax/current_attempt.hpp>

#include <functional>
#include <stdexcept>
#include <thread>
#include <vector>

#include <tenax/cancel.hpp>
#include <tenax/tenax.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "catch.hpp"

using namespace std::chrono_literals;

namespace {

/// A token that every standard library can have: libc++ before 18 has no `std::stop_token`.
struct pressed_token {
  bool const* pressed;
  [[nodiscard]] bool stop_requested() const { return *pressed; }
};

bool near(tenax::duration d, tenax::duration expected) { return d <= expected && d > expected - 5s; }

}  // namespace

TEST_CASE("Outside of attempts, and in attempts without limits, a client has no limits") {
  CHECK_FALSE(tenax::current_attempt().timed());
  CHECK(tenax::current_attempt().time_left() == tenax::duration::max());
  CHECK_FALSE(tenax::current_attempt().can_stop());
  CHECK_FALSE(tenax::current_attempt().stop_requested());
  tenax::retrying{}([] { CHECK_FALSE(tenax::current_attempt().timed()); });
}

TEST_CASE("A client sees the deadline, the attempt's time limit and the token of its call") {
  bool pressed = false;
  auto const limited = tenax::retrying{}.stop(tenax::stop::deadline(1min)).cancel_with(pressed_token{&pressed});
  limited([&] {
    auto const now = tenax::current_attempt();
    CHECK(now.timed());
    CHECK(near(now.time_left(), 1min));
    CHECK(now.can_stop());
    CHECK_FALSE(now.stop_requested());
    pressed = true;
    CHECK(now.stop_requested());
  });
  CHECK_FALSE(tenax::current_attempt().can_stop());

  tenax::retrying{}.stop(tenax::stop::deadline(1min)).attempt_timeout(10s)([](tenax::attempt_info const& info) {
    CHECK(near(tenax::current_attempt().time_left(), 10s));
    CHECK(near(tenax::attempt_limits(info).time_left(), 10s));
  });
  static_cast<void>(tenax::retrying{}.stop(tenax::stop::deadline(1min)).try_call([] {
    CHECK(near(tenax::current_attempt().time_left(), 1min));
  }));
  tenax::retrying{}.stop(tenax::stop::deadline(1min)).wrap([] {
    CHECK(near(tenax::current_attempt().time_left(), 1min));
  })();
  auto const policy = tenax::retrying{}.stop(tenax::stop::deadline(1min));
  for (auto& attempt : policy.attempts()) attempt([] { CHECK(tenax::current_attempt().timed()); });
}

TEST_CASE("After an attempt that throws, its limits no longer hold") {
  auto const policy = tenax::retrying{}.stop(tenax::stop::deadline(1min) || tenax::stop::after_attempts(1));
  CHECK_THROWS(policy([] { throw std::runtime_error("down"); }));
  CHECK_FALSE(tenax::current_attempt().timed());
}

TEST_CASE("An attempt inside an attempt has the limits of both") {
  bool outer_pressed = false, inner_pressed = false;
  auto const outer = tenax::retrying{}.stop(tenax::stop::deadline(10s)).cancel_with(pressed_token{&outer_pressed});
  auto const inner = tenax::retrying{}.stop(tenax::stop::deadline(1h)).cancel_with(pressed_token{&inner_pressed});
  outer([&] {
    inner([&](tenax::attempt_info const& info) {
      for (auto const& now : {tenax::current_attempt(), tenax::attempt_limits(info)}) {
        CHECK(near(now.time_left(), 10s));
        CHECK_FALSE(now.stop_requested());
      }
      outer_pressed = true;
      CHECK(tenax::current_attempt().stop_requested());
      CHECK(tenax::attempt_limits(info).stop_requested());
    });
  });
}

TEST_CASE("The limits hold only in the thread of the attempt") {
  tenax::retrying{}.stop(tenax::stop::deadline(1min))([] {
    bool timed = true;
    std::thread([&] { timed = tenax::current_attempt().timed(); }).join();
    CHECK_FALSE(timed);
  });
}

TEST_CASE("The time left is never zero, and counts from the attempt's start") {
  tenax::testing::virtual_time clock;
  std::vector<tenax::duration> left;
  static_cast<void>(tenax::retrying{}
                        .wait(tenax::wait::constant(2s))
                        .stop(tenax::stop::deadline(5s).clip_last_wait())
                        .environment(std::ref(clock))
                        .try_call([&]() -> int {
                          left.push_back(tenax::current_attempt().time_left());
                          clock.advance(1s);
                          throw std::runtime_error("down");
                        }));
  REQUIRE(left.size() == 3);
  CHECK(near(left[0], 5s));
  CHECK(near(left[1], 2s));
  CHECK(left[2] > 0s);
  CHECK(left[2] <= 1ms);

  tenax::attempt_info info;
  info.time_left = 0s;
  CHECK(tenax::attempt_limits(info).time_left() == 1ms);
}
