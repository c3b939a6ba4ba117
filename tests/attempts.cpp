// SPDX-License-Identifier: MIT
// attempts.cpp: retrying a block that uses the locals around it.
#include <tenax/tenax.hpp>

#include <functional>
#include <stdexcept>
#include <system_error>
#include <vector>

#include <tenax/testing/virtual_time.hpp>

#include "catch.hpp"
#include "gates.hpp"

using namespace std::chrono_literals;
namespace when = tenax::when;
namespace wait = tenax::wait;
namespace stop = tenax::stop;
using tenax::stop_reason;
using tenax::testing::virtual_time;
using durations = std::vector<tenax::duration>;

namespace {

struct pressed_token {
  bool const* pressed;
  [[nodiscard]] bool stop_requested() const { return *pressed; }
};

}  // namespace

TEST_CASE("A block is retried until it succeeds, waiting between the attempts") {
  virtual_time clock;
  auto const policy = tenax::retrying{}.wait(wait::sequence{1s, 2s}).environment(std::ref(clock));
  int turns = 0, calls = 0;
  for (auto& attempt : policy.attempts()) {
    ++turns;
    attempt([&] {
      if (++calls < 3) throw std::runtime_error("down");
    });
    CHECK(calls == turns);
  }
  CHECK(turns == 3);
  CHECK(calls == 3);
  CHECK(clock.sleeps() == durations{1s, 2s});
}

TEST_CASE("A block that succeeds at once runs once") {
  int turns = 0;
  for (auto& attempt : tenax::retrying{}.attempts()) {
    ++turns;
    attempt([] {});
  }
  CHECK(turns == 1);
}

TEST_CASE("The exception of the last attempt is thrown out of the loop, the object itself") {
  std::exception_ptr thrown;
  int turns = 0;
  try {
    for (auto& attempt : tenax::retrying{}.wait(wait::none).attempts()) {
      ++turns;
      attempt([&] {
        thrown = std::make_exception_ptr(std::runtime_error("down"));
        std::rethrow_exception(thrown);
      });
    }
    FAIL("went on");
  } catch (std::runtime_error const&) {
    CHECK(std::current_exception() == thrown);
  }
  CHECK(turns == 3);
}

TEST_CASE("An exception that is not to be retried is thrown at once") {
  int turns = 0;
  auto const loop = [&] {
    for (auto& attempt : tenax::retrying{}.attempts()) {
      ++turns;
      attempt([] { throw std::logic_error("bug"); });
    }
  };
  CHECK_THROWS_AS(loop(), std::logic_error);
  CHECK(turns == 1);
}

TEST_CASE("What a block returns is shown to the policy") {
  int turns = 0;
  for (auto& attempt : tenax::retrying{}.wait(wait::none).when(when::result_is(false)).attempts()) {
    attempt([&] { return ++turns == 2; });
  }
  CHECK(turns == 2);

  turns = 0;
  for (auto& attempt : tenax::retrying{}.wait(wait::none).attempts()) {
    attempt([&] { return ++turns < 9 ? std::make_error_code(std::errc::timed_out) : std::error_code(); });
  }
  CHECK(turns == 3);
}

TEST_CASE("A block may take the attempt's numbers") {
  virtual_time clock;
  std::vector<unsigned> numbers;
  durations left;
  auto const policy = tenax::retrying{}.wait(wait::constant(1s)).stop(stop::deadline(10s)).environment(std::ref(clock));
  for (auto& attempt : policy.attempts()) {
    attempt([&](tenax::attempt_info const& info) {
      numbers.push_back(info.number);
      left.push_back(info.time_left);
      if (info.number < 3) throw std::runtime_error("down");
    });
  }
  CHECK(numbers == std::vector<unsigned>{1, 2, 3});
  CHECK(left == durations{10s, 9s, 8s});
}

TEST_CASE("The code around the attempt runs in every turn, and may leave the loop") {
  int before = 0, after = 0;
  for (auto& attempt : tenax::retrying{}.wait(wait::none).stop(stop::never).attempts()) {
    ++before;
    attempt([] { throw std::runtime_error("down"); });
    if (++after == 2) break;
  }
  CHECK(before == 2);
  CHECK(after == 2);
}

TEST_CASE("A turn that makes no attempt ends the loop") {
  int turns = 0;
  for (auto& attempt : tenax::retrying{}.stop(stop::never).wait(wait::none).attempts()) {
    if (++turns == 2) continue;
    attempt([] { throw std::runtime_error("down"); });
  }
  CHECK(turns == 2);
}

TEST_CASE("A stop condition, a predicate and a gate are asked as in a plain call") {
  virtual_time clock;
  tests::test_gate gate({tenax::admission::wait(1s), tenax::admission::go(), tenax::admission::go()});
  auto const policy = tenax::retrying{}
                          .wait(wait::constant(2s))
                          .stop(stop::deadline(6s))
                          .through(std::ref(gate))
                          .environment(std::ref(clock));
  int turns = 0;
  auto const loop = [&] {
    for (auto& attempt : policy.attempts()) {
      ++turns;
      attempt([] { throw std::runtime_error("down"); });
    }
  };
  CHECK_THROWS_AS(loop(), std::runtime_error);
  CHECK(turns == 3);
  CHECK(clock.sleeps() == durations{1s, 2s, 2s});
  CHECK(gate.told == 3);
  CHECK(gate.held() == 0);
}

TEST_CASE("A gate's ticket is given back when the loop is left before the attempt") {
  tests::test_gate gate;
  auto const policy = tenax::retrying{}.through(std::ref(gate));
  for ([[maybe_unused]] auto& attempt : policy.attempts()) break;
  CHECK(gate.granted == 1);
  CHECK(gate.abandoned == 1);
  CHECK(gate.held() == 0);
}

TEST_CASE("A loop whose first attempt is cancelled, refused or too late throws before its body runs") {
  virtual_time clock;
  int turns = 0;
  auto const run = [&](auto const& policy) {
    for (auto& attempt : policy.environment(std::ref(clock)).attempts()) {
      ++turns;
      attempt([] {});
    }
  };
  bool pressed = true;
  CHECK_THROWS_AS(run(tenax::retrying{}.cancel_with(pressed_token{&pressed})), tenax::cancelled);
  tests::test_gate gate({tenax::admission::refuse("closed")});
  CHECK_THROWS_AS(run(tenax::retrying{}.through(std::ref(gate))), tenax::refused);
  CHECK_THROWS_AS(run(tenax::retrying{}.stop(stop::deadline_at(clock.now()))), tenax::expired);
  CHECK(turns == 0);
}

TEST_CASE("A loop that is cancelled while it waits throws the last exception") {
  virtual_time clock;
  bool pressed = false;
  clock.after(1s, [&] { pressed = true; });
  int turns = 0;
  auto const loop = [&] {
    auto const policy =
        tenax::retrying{}.wait(wait::constant(5s)).cancel_with(pressed_token{&pressed}).environment(std::ref(clock));
    for (auto& attempt : policy.attempts()) {
      ++turns;
      attempt([] { throw std::runtime_error("down"); });
    }
  };
  CHECK_THROWS_AS(loop(), std::runtime_error);
  CHECK(turns == 1);
  CHECK(clock.sleeps() == durations{1s});
}

TEST_CASE("Observers hear of a loop what they hear of a call") {
  std::vector<std::string> heard;
  auto const policy = tenax::retrying{}
                          .wait(wait::none)
                          .before_attempt([&](tenax::attempt_info const&) { heard.push_back("before"); })
                          .after_attempt([&](tenax::attempt_info const&) { heard.push_back("after"); })
                          .before_sleep([&](tenax::attempt_info const&) { heard.push_back("sleep"); })
                          .on_success([&](tenax::attempt_info const&) { heard.push_back("success"); });
  int calls = 0;
  for (auto& attempt : policy.attempts()) {
    attempt([&] {
      if (++calls < 2) throw std::runtime_error("down");
    });
  }
  CHECK(heard == std::vector<std::string>{"before", "after", "sleep", "before", "after", "success"});
}

TEST_CASE("A policy can be looped over again, and by two loops at once") {
  auto const policy = tenax::retrying{}.wait(wait::none).stop(stop::after_attempts(2));
  int calls = 0;
  for (auto& outer : policy.attempts()) {
    outer([&] {
      for (auto& inner : policy.attempts()) {
        inner([&] {
          if (++calls < 4) throw std::runtime_error("down");
        });
      }
    });
  }
  CHECK(calls == 4);
}
