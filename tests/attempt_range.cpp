// SPDX-License-Identifier: MIT
// attempt_range.cpp: `for (auto& attempt : policy.attempts())`: retrying a block that uses the locals around it.
#include <tenax/tenax.hpp>

#include <functional>
#include <stdexcept>
#include <system_error>
#include <vector>

#include <tenax/testing/virtual_time.hpp>

#include "catch.hpp"
#include "gates.hpp"

using namespace std::chrono_literals;
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
  auto const policy = tenax::retrying{}.wait(tenax::wait::sequence{1s, 2s}).environment(std::ref(clock));
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

TEST_CASE("A block that succeeds at the first attempt runs once") {
  int turns = 0;
  for (auto& attempt : tenax::retrying{}.attempts()) {
    ++turns;
    attempt([] {});
  }
  CHECK(turns == 1);
}

TEST_CASE("The loop throws the exception of the last attempt, the same object") {
  std::exception_ptr thrown;
  int turns = 0;
  try {
    for (auto& attempt : tenax::retrying{}.wait(tenax::wait::none).attempts()) {
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

TEST_CASE("An exception that is not to be retried is thrown immediately") {
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

TEST_CASE("The policy sees the value that a block returns") {
  int turns = 0;
  for (auto& attempt : tenax::retrying{}.wait(tenax::wait::none).when(tenax::when::result_is(false)).attempts()) {
    attempt([&] { return ++turns == 2; });
  }
  CHECK(turns == 2);

  turns = 0;
  for (auto& attempt : tenax::retrying{}.wait(tenax::wait::none).attempts()) {
    attempt([&] { return ++turns < 9 ? std::make_error_code(std::errc::timed_out) : std::error_code(); });
  }
  CHECK(turns == 3);
}

TEST_CASE("A block may take the attempt's numbers") {
  virtual_time clock;
  std::vector<unsigned> numbers;
  durations left;
  auto const policy =
      tenax::retrying{}.wait(tenax::wait::constant(1s)).stop(tenax::stop::deadline(10s)).environment(std::ref(clock));
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
  for (auto& attempt : tenax::retrying{}.wait(tenax::wait::none).stop(tenax::stop::never).attempts()) {
    ++before;
    attempt([] { throw std::runtime_error("down"); });
    if (++after == 2) break;
  }
  CHECK(before == 2);
  CHECK(after == 2);
}

TEST_CASE("A turn that makes no attempt ends the loop") {
  int turns = 0;
  for (auto& attempt : tenax::retrying{}.stop(tenax::stop::never).wait(tenax::wait::none).attempts()) {
    if (++turns == 2) continue;
    attempt([] { throw std::runtime_error("down"); });
  }
  CHECK(turns == 2);
}

TEST_CASE("Stop condition, predicate and gate are called as in a plain call") {
  virtual_time clock;
  tests::test_gate gate({tenax::admission::wait(1s), tenax::admission::go(), tenax::admission::go()});
  auto const policy = tenax::retrying{}
                          .wait(tenax::wait::constant(2s))
                          .stop(tenax::stop::deadline(6s))
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

TEST_CASE("A loop whose first attempt is cancelled, refused or after the deadline throws before its body runs") {
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
  CHECK_THROWS_AS(run(tenax::retrying{}.stop(tenax::stop::deadline_at(clock.now()))), tenax::expired);
  CHECK(turns == 0);
}

TEST_CASE("A loop that is cancelled during a wait throws the last exception") {
  virtual_time clock;
  bool pressed = false;
  clock.after(1s, [&] { pressed = true; });
  int turns = 0;
  auto const loop = [&] {
    auto const policy = tenax::retrying{}
                            .wait(tenax::wait::constant(5s))
                            .cancel_with(pressed_token{&pressed})
                            .environment(std::ref(clock));
    for (auto& attempt : policy.attempts()) {
      ++turns;
      attempt([] { throw std::runtime_error("down"); });
    }
  };
  CHECK_THROWS_AS(loop(), std::runtime_error);
  CHECK(turns == 1);
  CHECK(clock.sleeps() == durations{1s});
}

TEST_CASE("The loop waits between its turns: what follows the attempt runs before the wait") {
  virtual_time clock;
  auto const policy = tenax::retrying{}.wait(tenax::wait::constant(10s)).environment(std::ref(clock));
  std::vector<tenax::time_point> before, after;
  auto const loop = [&] {
    for (auto& attempt : policy.attempts()) {
      before.push_back(clock.now());
      attempt([] { throw std::runtime_error("down"); });
      after.push_back(clock.now());
    }
  };
  CHECK_THROWS_AS(loop(), std::runtime_error);
  CHECK(before == std::vector{tenax::time_point(0s), tenax::time_point(10s), tenax::time_point(20s)});
  CHECK(after == std::vector{tenax::time_point(0s), tenax::time_point(10s)});
  CHECK(clock.sleeps() == durations{10s, 10s});
}

TEST_CASE("The local variables of the body are destroyed before the loop waits") {
  struct holder {
    bool* held;
    explicit holder(bool& h) : held(&h) { h = true; }
    ~holder() { *held = false; }
    holder(holder const&) = delete;
    holder& operator=(holder const&) = delete;
  };
  bool held = false, held_in_wait = false;
  virtual_time clock;
  clock.after(5s, [&] { held_in_wait = held; });
  for (auto& attempt : tenax::retrying{}.wait(tenax::wait::constant(10s)).environment(std::ref(clock)).attempts()) {
    holder const lock(held);
    attempt([&] {
      CHECK(held);
      if (clock.now() == tenax::time_point()) throw std::runtime_error("down");
    });
  }
  CHECK(clock.slept() == 10s);
  CHECK_FALSE(held_in_wait);
}

TEST_CASE("A body that leaves the loop after a failed attempt does not wait") {
  virtual_time clock;
  auto const policy =
      tenax::retrying{}.wait(tenax::wait::constant(10s)).stop(tenax::stop::deadline(1h)).environment(std::ref(clock));
  auto const down = [] { throw std::runtime_error("down"); };
  for (auto& attempt : policy.attempts()) {
    attempt(down);
    break;
  }
  CHECK(clock.sleeps().empty());
  auto const returns = [&] {
    for (auto& attempt : policy.attempts()) {
      attempt(down);
      return 7;
    }
    return 0;
  };
  CHECK(returns() == 7);
  CHECK(clock.sleeps().empty());
  auto const throws = [&] {
    for (auto& attempt : policy.attempts()) {
      attempt(down);
      throw std::logic_error("of the body");
    }
  };
  CHECK_THROWS_AS(throws(), std::logic_error);
  CHECK(clock.sleeps().empty());
}

TEST_CASE("A body that goes on to the next turn waits") {
  virtual_time clock;
  int turns = 0;
  for (auto& attempt : tenax::retrying{}.wait(tenax::wait::constant(10s)).environment(std::ref(clock)).attempts()) {
    ++turns;
    attempt([&] {
      if (turns < 3) throw std::runtime_error("down");
    });
    if (turns < 3) continue;
  }
  CHECK(turns == 3);
  CHECK(clock.sleeps() == durations{10s, 10s});
}

TEST_CASE("Nested loops wait independently of each other") {
  virtual_time clock;
  auto const policy = tenax::retrying{}
                          .stop(tenax::stop::after_attempts(2))
                          .environment(std::ref(clock))
                          .wait(tenax::wait::constant(1s));
  std::vector<tenax::duration> starts;
  int inner_calls = 0;
  for (auto& outer : policy.wait(tenax::wait::constant(10s)).attempts()) {
    outer([&] {
      for (auto& inner : policy.attempts()) {
        inner([&] {
          starts.push_back(clock.now().time_since_epoch());
          if (++inner_calls < 4) throw std::runtime_error("down");
        });
      }
    });
  }
  CHECK(starts == durations{0s, 1s, 11s, 12s});
}

TEST_CASE("If the policy uses time, the body's time after the attempt counts as waiting") {
  virtual_time clock;
  auto const policy =
      tenax::retrying{}.wait(tenax::wait::constant(10s)).stop(tenax::stop::deadline(25s)).environment(std::ref(clock));
  std::vector<tenax::duration> starts;
  auto const loop = [&] {
    for (auto& attempt : policy.attempts()) {
      attempt([&] {
        starts.push_back(clock.now().time_since_epoch());
        throw std::runtime_error("down");
      });
      clock.advance(starts.size() == 1 ? 4s : 15s);
    }
  };
  // The second wait would end at 20 s, but the body is busy until 25 s.
  CHECK_THROWS_AS(loop(), std::runtime_error);
  CHECK(starts == durations{0s, 10s});
  CHECK(clock.sleeps() == durations{6s});
}

TEST_CASE("A body that calls attempt twice waits before the second call") {
  virtual_time clock;
  std::vector<tenax::duration> starts;
  auto const policy = tenax::retrying{}.wait(tenax::wait::constant(10s)).environment(std::ref(clock));
  for (auto& attempt : policy.attempts()) {
    auto const block = [&] {
      starts.push_back(clock.now().time_since_epoch());
      if (starts.size() < 2) throw std::runtime_error("down");
    };
    attempt(block);
    attempt(block);
  }
  CHECK(starts == durations{0s, 10s});
}

TEST_CASE("A loop that ends during a wait passes on its last outcome and calls the observers with it") {
  virtual_time clock;
  bool pressed = false;
  std::vector<std::string> heard;
  auto const policy =
      tenax::retrying{}
          .wait(tenax::wait::constant(5s))
          .cancel_with(pressed_token{&pressed})
          .environment(std::ref(clock))
          .when(tenax::when::any_exception || tenax::when::result([](std::string const& s) { return s != "done"; }))
          .on_give_up([&]<class T>(tenax::attempt<T> const& a, tenax::stop_reason why) {
            CHECK(a.number == 1);
            CHECK(why == stop_reason::cancelled);
            if constexpr (std::is_same_v<std::remove_cvref_t<T>, std::string>) {
              heard.push_back(a.result.has_value() ? a.result.value() : "exception");
            }
          });
  SECTION("an exception, the same object") {
    clock.after(1s, [&] { pressed = true; });
    std::exception_ptr thrown;
    try {
      for (auto& attempt : policy.attempts()) {
        attempt([&]() -> std::string {
          thrown = std::make_exception_ptr(std::runtime_error("down"));
          std::rethrow_exception(thrown);
        });
        CHECK(clock.now() == tenax::time_point());
      }
      FAIL("went on");
    } catch (std::runtime_error const&) {
      CHECK(std::current_exception() == thrown);
    }
    CHECK(heard == std::vector<std::string>{"exception"});
  }
  SECTION("a value") {
    clock.after(1s, [&] { pressed = true; });
    int turns = 0;
    for (auto& attempt : policy.attempts()) {
      ++turns;
      attempt([] { return std::string("a value that is too long for the buffer in a string"); });
    }
    CHECK(turns == 1);
    CHECK(heard == std::vector<std::string>{"a value that is too long for the buffer in a string"});
  }
  SECTION("a reference to an object that was destroyed with the turn") {
    clock.after(1s, [&] { pressed = true; });
    for (auto& attempt : policy.attempts()) {
      std::string local = "a value that is too long for the buffer in a string";
      attempt([&]() -> std::string& { return local; });
    }
    CHECK(heard == std::vector<std::string>{"a value that is too long for the buffer in a string"});
  }
  CHECK(clock.sleeps() == durations{1s});
}

TEST_CASE("A loop that a gate refuses after a wait throws the last exception") {
  virtual_time clock;
  tests::test_gate gate({tenax::admission::go(), tenax::admission::refuse("closed")});
  int turns = 0;
  auto const loop = [&] {
    auto const policy =
        tenax::retrying{}.wait(tenax::wait::constant(5s)).through(std::ref(gate)).environment(std::ref(clock));
    for (auto& attempt : policy.attempts()) {
      ++turns;
      attempt([] { throw std::runtime_error("down"); });
    }
  };
  CHECK_THROWS_AS(loop(), std::runtime_error);
  CHECK(turns == 1);
  CHECK(clock.sleeps() == durations{5s});
  CHECK(gate.held() == 0);
}

TEST_CASE("Observers get the same events from a loop as from a call") {
  std::vector<std::string> heard;
  auto const policy = tenax::retrying{}
                          .wait(tenax::wait::none)
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

TEST_CASE("A policy can be used for several loops, even two at the same time") {
  auto const policy = tenax::retrying{}.wait(tenax::wait::none).stop(tenax::stop::after_attempts(2));
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

namespace {

/// Virtual time that counts how often it is read.
struct counted_time : tenax::testing::virtual_time {
  int reads = 0;
  tenax::time_point now() {
    ++reads;
    return tenax::testing::virtual_time::now();
  }
};

}  // namespace

TEST_CASE(
    "A policy with a deadline reads the clock once if the first attempt succeeds, and otherwise twice for each "
    "attempt") {
  counted_time clock;
  auto const policy = tenax::retrying{}
                          .when(tenax::when::any_exception)
                          .wait(tenax::wait::exponential({.base = 1s}).full())
                          .stop(tenax::stop::after_attempts(5) || tenax::stop::deadline(1h))
                          .environment(std::ref(clock));
  for (int const failures : {0, 1, 3}) {
    int left = failures;
    auto const operation = [&] {
      if (left-- > 0) throw 1;
    };
    clock.reads = 0;
    policy(operation);
    CHECK(clock.reads == (failures == 0 ? 1 : 2 * (failures + 1)));

    left = failures;
    clock.reads = 0;
    CHECK(policy.try_call(operation).succeeded());
    CHECK(clock.reads <= 2 + 2 * failures);
  }
  clock.reads = 0;
  for (auto& attempt : policy.attempts()) attempt([] {});
  CHECK(clock.reads == 1);
}

TEST_CASE("A report of a policy that does not use time reads the clock at the start and at the end") {
  counted_time clock;
  auto const policy = tenax::retrying{}.environment(std::ref(clock));
  int left = 2;
  auto const report = policy.try_call([&] {
    if (left-- > 0) throw std::runtime_error("down");
  });
  CHECK(report.succeeded());
  CHECK(report.attempts == 3);
  CHECK(report.elapsed == report.waited);
  CHECK(clock.reads == 2);
}

TEST_CASE("A loop over the attempts of a temporary policy has a copy of it") {
  tenax::testing::virtual_time clock;
  int n = 0;
  for (auto& attempt : tenax::retrying{}.wait(tenax::wait::constant(1s)).environment(std::ref(clock)).attempts()) {
    attempt([&] {
      if (++n < 3) throw std::runtime_error("down");
    });
  }
  CHECK(n == 3);
  CHECK(clock.slept() == 2s);
}
