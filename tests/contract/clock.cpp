// SPDX-License-Identifier: MIT
// clock.cpp: a call does not read the clock, sleep, draw or allocate without need.
#include <tenax/tenax.hpp>

#include <cerrno>
#include <cstdlib>
#include <functional>
#include <new>
#include <stdexcept>
#include <system_error>
#include <vector>

#include <tenax/observe/counters.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "catch.hpp"
#include "gates.hpp"

using namespace std::chrono_literals;

namespace {

thread_local int allocations = 0;

}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* p = std::malloc(size == 0 ? 1 : size)) return p;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, std::nothrow_t const&) noexcept {
  ++allocations;
  return std::malloc(size == 0 ? 1 : size);
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }

namespace {

/// Counts the effects that it is asked for.
struct counting {
  struct source final : tenax::random_source {
    int draws = 0;
    result_type operator()() override { return ++draws, 0; }
  };
  int reads = 0;
  int sleeps = 0;
  int tokens = 0;
  source random_numbers{};

  tenax::time_point now() { return ++reads, tenax::time_point{}; }
  void sleep(tenax::duration) { ++sleeps; }
  tenax::random_source& random() { return random_numbers; }
};

struct counts {
  int reads, sleeps, draws;
  friend bool operator==(counts const&, counts const&) = default;
  friend std::ostream& operator<<(std::ostream& out, counts const& c) {
    return out << c.reads << " reads, " << c.sleeps << " sleeps, " << c.draws << " draws";
  }
};

struct token {
  [[nodiscard]] bool stop_requested() const { return false; }
};

/// The effects of a call that fails `failures` times.
template <class Policy>
counts cost(Policy const& policy, int failures) {
  counting e;
  int n = 0;
  try {
    policy.environment(std::ref(e))([&] {
      if (++n <= failures) throw std::runtime_error("down");
      return n;
    });
  } catch (std::runtime_error const&) {
  }
  counts const plain{e.reads, e.sleeps, e.random_numbers.draws};
  if constexpr (!Policy::uses_time) {
    // A loop is the same policy with another driver.
    counting other;
    n = 0;
    try {
      for (auto& attempt : policy.environment(std::ref(other)).attempts()) {
        attempt([&] {
          if (++n <= failures) throw std::runtime_error("down");
          return n;
        });
      }
    } catch (std::runtime_error const&) {
    }
    CHECK(plain == counts{other.reads, other.sleeps, other.random_numbers.draws});
  }
  return plain;
}

}  // namespace

TEST_CASE("A policy without a part that uses time never reads the clock, even for retries") {
  tenax::retrying const base{};
  CHECK(cost(base, 0) == counts{0, 0, 0});
  CHECK(cost(base.wait(tenax::wait::constant(1s)), 2) == counts{0, 2, 0});
  CHECK(cost(base.wait(tenax::wait::constant(1s)), 9) == counts{0, 2, 0});
  CHECK(cost(base.wait(tenax::wait::constant(1s)).cancel_with(token{}), 2) == counts{0, 2, 0});
  CHECK(cost(base.wait(tenax::wait::constant(1s))
                 .when(tenax::when::exception<std::runtime_error> || tenax::when::result_is(7)),
             2) == counts{0, 2, 0});
  CHECK(cost(base.wait(tenax::wait::constant(1s))
                 .when(tenax::when::result([](int i) { return i == 7; }) || tenax::when::failed),
             2) == counts{0, 2, 0});
  tenax::counters totals;
  CHECK(cost(base.wait(tenax::wait::constant(1s)).observe(std::ref(totals)), 2) == counts{0, 2, 0});
  auto const logged = base.wait(tenax::wait::constant(1s)).before_sleep(tenax::log_to([](std::string_view) {}));
  CHECK(cost(logged, 2) == counts{0, 2, 0});
  auto const everything = tenax::wait::at_least(
      1s,
      tenax::wait::first_of(tenax::wait::only_if(tenax::when::any_error, tenax::wait::none), tenax::wait::retry_after,
                            tenax::wait::max_of(tenax::wait::chain(tenax::wait::constant(1s), tenax::wait::linear()),
                                                tenax::wait::fibonacci()) +
                                tenax::wait::polynomial()));
  CHECK(cost(base.wait(everything).stop(tenax::stop::after_attempts(3) && tenax::stop::after_attempts(2)), 2) ==
        counts{0, 2, 0});
}

TEST_CASE("A part that uses time makes a call read the clock at the start, after each failed attempt and each wait") {
  auto const base = tenax::retrying{}.wait(tenax::wait::constant(1s));
  CHECK(cost(base.stop(tenax::stop::deadline(1h)), 0) == counts{1, 0, 0});
  CHECK(cost(base.stop(tenax::stop::deadline(1h)), 2) == counts{6, 2, 0});
  CHECK(cost(base.stop(tenax::stop::after_attempts(3) || tenax::stop::after_elapsed(1h)), 2) == counts{6, 2, 0});
  CHECK(cost(base.stop([](tenax::attempt_info const& a) { return a.number == 3; }), 2) == counts{6, 2, 0});
  tests::test_gate gate;
  CHECK(cost(base.through(std::ref(gate)), 2) == counts{6, 2, 0});
}

TEST_CASE("A wait of zero skips the sleep") {
  CHECK(cost(tenax::retrying{}.wait(tenax::wait::none), 2) == counts{0, 0, 0});
  CHECK(cost(tenax::retrying{}.wait(tenax::wait::constant(0s)), 2) == counts{0, 0, 0});
  CHECK(cost(tenax::retrying{}.wait(tenax::wait::none).stop(tenax::stop::deadline(1h)), 2).sleeps == 0);
  CHECK(cost(tenax::retrying{}.wait(tenax::wait::none).cancel_with(token{}), 2) == counts{0, 0, 0});
  // The lowest draw of full jitter is zero.
  CHECK(cost(tenax::retrying{}, 2) == counts{0, 0, 2});
}

TEST_CASE("A call draws random numbers only for a wait with jitter") {
  CHECK(cost(tenax::retrying{}, 0).draws == 0);
  CHECK(cost(tenax::retrying{}, 1).draws == 1);
  // The wait is known before the stop condition is called, so the last attempt draws one as well.
  CHECK(cost(tenax::retrying{}, 9).draws == 3);
  CHECK(cost(tenax::retrying{}.wait(tenax::wait::exponential({.base = 1s})), 2).draws == 0);
  CHECK(cost(tenax::retrying{}.wait(tenax::wait::constant(1s).full() + tenax::wait::uniform(0s, 1s)), 2).draws == 4);
  CHECK(cost(tenax::retrying{}.when(tenax::when::never), 9).draws == 0);
}

TEST_CASE("A call that succeeds allocates nothing, and neither does a retried one") {
  tenax::testing::virtual_time clock;
  tests::test_gate gate;
  tenax::counters totals;
  int n = 0;
  auto const value = [&] { return ++n; };
  auto const count = [&](auto const& policy, auto const& f) {
    n = 0;
    auto const before = allocations;
    policy(f);
    auto const by_call = allocations - before;
    auto const middle = allocations;
    static_cast<void>(policy.try_call(f));
    for (auto& attempt : policy.attempts()) attempt(f);
    return by_call + allocations - middle;
  };
  constexpr tenax::retrying base{};
  CHECK(count(base, value) == 0);
  CHECK(count(base, [](tenax::attempt_info const&) {}) == 0);
  CHECK(count(base.when(tenax::when::any_exception), value) == 0);
  CHECK(count(base.stop(tenax::stop::deadline(1h) || tenax::stop::after_attempts(5)), value) == 0);
  CHECK(count(base.cancel_with(token{}), value) == 0);
  CHECK(count(base.observe(std::ref(totals)), value) == 0);
  CHECK(count(base.wait(tenax::wait::first_of(tenax::wait::retry_after, tenax::wait::exponential().full())), value) ==
        0);
  auto const retried = base.when(tenax::when::result([](int i) { return i % 3 != 0; })).wait(tenax::wait::none);
  CHECK(count(retried, value) == 0);
  CHECK(n == 9);
  CHECK(count(base.wait(tenax::wait::none),
              [&] { return ++n < 3 ? std::make_error_code(std::errc::timed_out) : std::error_code(); }) == 0);
}

TEST_CASE("A log line allocates nothing, even if the text of an error code is long") {
  std::size_t bytes = 0;
  auto const log = tenax::log_to([&](std::string_view line) { bytes += line.size(); });
  auto const policy = tenax::retrying{}.wait(tenax::wait::none).before_sleep(log).on_give_up(log);
  auto const codes = {std::make_error_code(std::errc::inappropriate_io_control_operation),
                      std::error_code(ETIMEDOUT, std::system_category()),
                      std::error_code(123456, std::generic_category())};
  for (auto const& code : codes) {
    auto const before = allocations;
    static_cast<void>(policy.try_call([&] { return code; }));
    auto const allocated = allocations - before;
    CHECK(allocated == 0);
  }
  CHECK(bytes > 9 * 50);
}

TEST_CASE("Making, changing and wrapping a policy allocates nothing") {
  auto const before = allocations;
  auto const policy = tenax::retrying{}
                          .when(tenax::when::exception<std::runtime_error> || tenax::when::any_error)
                          .wait(tenax::wait::first_of(tenax::wait::retry_after, tenax::wait::exponential().full()))
                          .stop(tenax::stop::after_attempts(3) || tenax::stop::deadline(1min))
                          .before_sleep(tenax::log_to(stderr));
  auto wrapped = policy.wrap([] { return 1; });
  auto const copy = policy;
  CHECK(wrapped() == 1);
  CHECK(copy([] { return 1; }) == 1);
  auto const made = allocations - before;
  CHECK(made == 0);
}

TEST_CASE("A retried exception costs no allocation of ours beyond the exception itself") {
  auto const policy = tenax::retrying{}.wait(tenax::wait::none).when(tenax::when::any_exception);
  int n = 0;
  // The exception lives in memory of the C++ runtime, not of operator new.
  auto const fail_twice = [&] { return ++n < 3 ? throw 1 : n; };
  auto const before = allocations;
  policy(fail_twice);
  auto const allocated = allocations - before;
  CHECK(allocated == 0);
  CHECK(n == 3);
}
