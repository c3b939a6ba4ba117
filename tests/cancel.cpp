// SPDX-License-Identifier: MIT
// cancel.cpp: cancellation by a token: before the first attempt, after every callback, and during a sleep.
#include <tenax/tenax.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include <tenax/any_retrying.hpp>
#include <tenax/testing/virtual_time.hpp>
#include <version>
#if defined(__cpp_lib_jthread)
#include <tenax/cancel.hpp>
#endif

#include "catch.hpp"
#include "gates.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using tenax::stop_reason;
using tenax::testing::virtual_time;
using durations = std::vector<tenax::duration>;

namespace {

/// The smallest possible token.
struct button {
  bool pressed = false;
  int looked = 0;

  struct token {
    button* of;
    [[nodiscard]] bool stop_requested() const {
      ++of->looked;
      return of->pressed;
    }
  };
  token get() { return {this}; }
};
static_assert(tenax::cancellation_token<button::token>);

[[noreturn]] void fail() { throw std::runtime_error("down"); }

/// A part of a policy that presses the button when it is called.
auto presses(button& b) {
  return [&b](tenax::attempt_info const&) { b.pressed = true; };
}

}  // namespace

TEST_CASE("A call that is cancelled before its first attempt throws tenax::cancelled and makes no attempt") {
  button b{.pressed = true};
  int n = 0;
  auto const policy = tenax::retrying{}.cancel_with(b.get());
  CHECK_THROWS_AS(policy([&] { ++n; }), tenax::cancelled);
  CHECK_THROWS_AS(policy.when(tenax::when::any_exception)([&] { ++n; }), tenax::cancelled);
  CHECK(n == 0);
  auto const report = policy.try_call([&] { return ++n; });
  CHECK(report.reason == stop_reason::cancelled);
  CHECK(report.attempts == 0);
  REQUIRE(report.result.exception_as<std::exception>() != nullptr);
  CHECK(report.result.exception_as<std::exception>()->what() == std::string("tenax: cancelled"));
}

TEST_CASE("A call that is not cancelled behaves as without a token") {
  button b;
  auto const policy = tenax::retrying{}.wait(tenax::wait::none).cancel_with(b.get());
  int n = 0;
  CHECK(policy([&] { return ++n < 3 ? throw std::runtime_error("down") : n; }) == 3);
  CHECK(b.looked >= 3);
}

TEST_CASE("A cancellation during an attempt ends the call with the outcome of that attempt") {
  button b;
  auto const policy = tenax::retrying{}.wait(tenax::wait::none).cancel_with(b.get());
  int n = 0;
  auto const report = policy.try_call([&] {
    ++n;
    b.pressed = true;
    fail();
  });
  CHECK(n == 1);
  CHECK(report.reason == stop_reason::cancelled);
  CHECK(report.result.exception_as<std::runtime_error>() != nullptr);

  b.pressed = false;
  CHECK_THROWS_AS(policy([&] {
                    b.pressed = true;
                    fail();
                  }),
                  std::runtime_error);

  b.pressed = false;
  auto const judged = policy.when(tenax::when::always).try_call([&] {
    b.pressed = true;
    return 5;
  });
  CHECK(judged.reason == stop_reason::cancelled);
  CHECK(judged.value() == 5);
}

TEST_CASE("If an attempt succeeds although the call is cancelled, the call succeeds") {
  button b;
  auto const report = tenax::retrying{}.cancel_with(b.get()).try_call([&] {
    b.pressed = true;
    return 5;
  });
  CHECK(report.succeeded());
}

TEST_CASE("A cancellation in any callback ends the call before the next step") {
  button b;
  virtual_time clock;
  auto const base = tenax::retrying{}
                        .when(tenax::when::any_exception)
                        .wait(tenax::wait::constant(1s))
                        .environment(std::ref(clock))
                        .cancel_with(b.get());
  int calls = 0, later = 0;
  auto const f = [&] {
    ++calls;
    fail();
  };
  auto const touch = [&](tenax::attempt_info const&) { ++later; };
  auto const check = [&](auto const& policy, int expected_calls, int expected_later) {
    b.pressed = false;
    calls = later = 0;
    auto const report = policy.try_call(f);
    CHECK(report.reason == stop_reason::cancelled);
    CHECK(calls == expected_calls);
    CHECK(later == expected_later);
    CHECK(clock.sleeps().empty());
  };

  SECTION("before_attempt") { check(base.before_attempt(presses(b)).after_attempt(touch), 0, 0); }
  SECTION("after_attempt") { check(base.after_attempt(presses(b)).before_sleep(touch), 1, 0); }
  SECTION("the predicate") {
    check(base.when([&](tenax::attempt_info const&) { return b.pressed = true; }).wait([&](tenax::attempt_info const&) {
      return ++later, 1s;
    }),
          1, 0);
  }
  SECTION("the wait strategy") {
    check(base.wait([&](tenax::attempt_info const&) { return b.pressed = true, 1s; })
              .stop([&](tenax::attempt_info const&) { return ++later, false; }),
          1, 0);
  }
  SECTION("the stop condition") {
    check(base.stop([&](tenax::attempt_info const&) { return b.pressed = true, false; }).before_sleep(touch), 1, 0);
  }
  SECTION("a stop condition that also says stop") {
    check(base.stop([&](tenax::attempt_info const&) { return b.pressed = true; }), 1, 0);
  }
  SECTION("before_sleep") { check(base.before_sleep(presses(b)).before_attempt(touch), 1, 1); }
}

TEST_CASE("A cancellation ends a sleep, and the call ends with its last outcome") {
  virtual_time clock;
  button b;
  clock.after(3s, [&] { b.pressed = true; });
  auto const policy =
      tenax::retrying{}.wait(tenax::wait::constant(1min)).environment(std::ref(clock)).cancel_with(b.get());
  int n = 0;
  CHECK_THROWS_AS(policy([&] {
                    ++n;
                    fail();
                  }),
                  std::runtime_error);
  CHECK(n == 1);
  CHECK(clock.sleeps() == durations{3s});
}

TEST_CASE("on_give_up observers are called once for a cancelled call") {
  button b;
  std::vector<stop_reason> reasons;
  auto const policy = tenax::retrying{}
                          .wait(tenax::wait::none)
                          .cancel_with(b.get())
                          .on_give_up([&](tenax::attempt_info const&, stop_reason r) { reasons.push_back(r); });
  static_cast<void>(policy.try_call([&] {
    b.pressed = true;
    fail();
  }));
  static_cast<void>(policy.try_call([] {}));
  CHECK(reasons == std::vector{stop_reason::cancelled, stop_reason::cancelled});
}

TEST_CASE("An operation that throws tenax::cancelled ends the call, whatever the predicate says") {
  auto const cancel = [](auto const& policy) {
    int n = 0;
    auto const f = [&] {
      ++n;
      throw tenax::cancelled();
    };
    CHECK_THROWS_AS(policy(f), tenax::cancelled);
    CHECK_THROWS_AS(policy([&](tenax::attempt_info const&) { f(); }), tenax::cancelled);
    CHECK(policy.try_call(f).reason == stop_reason::cancelled);
    CHECK(n == 3);
  };
  auto const base = tenax::retrying{}.wait(tenax::wait::none);
  cancel(base);
  cancel(base.when(tenax::when::any_exception));
  cancel(base.when(tenax::when::always));
  cancel(base.when(tenax::when::exception<std::exception>));
  cancel(base.when(tenax::when::exception<tenax::cancelled>));
  cancel(base.when([](auto const&) { return true; }));
  cancel(base.when(!tenax::when::never).before_attempt([](tenax::attempt_info const&) {}));
}

TEST_CASE("A cancelled inner call ends the outer call") {
  button b{.pressed = true};
  int n = 0;
  auto const inner = tenax::retrying{}.cancel_with(b.get());
  auto const outer = tenax::retrying{}.wait(tenax::wait::none).when(tenax::when::any_exception);
  CHECK_THROWS_AS(outer([&] {
                    ++n;
                    inner([] {});
                  }),
                  tenax::cancelled);
  CHECK(n == 1);
}

TEST_CASE("The operation can read the token") {
  button b;
  std::vector<bool> seen;
  auto const policy = tenax::retrying{}.cancel_with(b.get());
  policy([&](tenax::attempt_info const& info) {
    seen.push_back(info.stop_requested());
    b.pressed = true;
    seen.push_back(info.stop_requested());
  });
  CHECK(seen == std::vector{false, true});
}

TEST_CASE("A token that cannot wake a sleeper is checked every few milliseconds") {
  struct impatient {
    int* looks;
    [[nodiscard]] bool stop_requested() const { return ++*looks > 3; }
  };
  int looks = 0;
  auto const start = std::chrono::steady_clock::now();
  tenax::real_time::sleep(1h, impatient{&looks});
  CHECK(std::chrono::steady_clock::now() - start < 10s);
  CHECK(looks == 4);
}

TEST_CASE("A flag that threads share is a token, and ends a sleep by every blocking driver") {
  auto const check = [](auto const& call) {
    std::atomic<bool> stopping = false;
    virtual_time clock;
    clock.after(90s, [&] { stopping = true; });
    auto const policy = tenax::retrying{}
                            .wait(tenax::wait::constant(1min))
                            .stop(tenax::stop::never)
                            .cancel_with(std::ref(stopping))
                            .environment(std::ref(clock));
    try {
      call(policy);
    } catch (std::runtime_error const&) {
      // The last outcome.
    }
    CHECK(clock.sleeps() == durations{1min, 30s});
  };
  check([](auto const& p) { p(fail); });
  check([](auto const& p) { CHECK(p.try_call(fail).reason == stop_reason::cancelled); });
  check([](auto const& p) { p.wrap(fail)(); });
  check([](auto const& p) {
    for (auto& attempt : p.attempts()) attempt(fail);
  });
  check([](auto const& p) { CHECK(tenax::any_retrying(p).try_call(fail).reason == stop_reason::cancelled); });
}

TEST_CASE("A flag is looked at by the operation, and can be const for the policy") {
  std::atomic<bool> stopping = false;
  std::atomic_flag other;
  auto const sees = [](tenax::attempt_info const& info) { return info.stop_requested(); };
  auto const policy = tenax::retrying{}.cancel_with(std::cref(stopping));
  CHECK_FALSE(policy(sees));
  CHECK_FALSE(tenax::retrying{}.cancel_with(std::ref(other))(sees));
  stopping = true;
  other.test_and_set();
  CHECK_THROWS_AS(policy(sees), tenax::cancelled);
  CHECK_THROWS_AS(tenax::retrying{}.cancel_with(std::ref(other))(sees), tenax::cancelled);
}

TEST_CASE("An environment without an interruptible sleep finishes its sleep, and the call ends after it") {
  struct deaf {
    std::vector<tenax::duration>* sleeps;
    button* b;
    [[nodiscard]] tenax::time_point now() const { return {}; }
    void sleep(tenax::duration d) const {
      sleeps->push_back(d);
      b->pressed = true;
    }
  };
  std::vector<tenax::duration> sleeps;
  button b;
  auto const policy =
      tenax::retrying{}.wait(tenax::wait::constant(7s)).environment(deaf{&sleeps, &b}).cancel_with(b.get());
  CHECK(policy.try_call(fail).reason == stop_reason::cancelled);
  CHECK(sleeps == durations{7s});
}

#if defined(__cpp_lib_jthread)

TEST_CASE("A std::stop_token cancels a call") {
  std::stop_source source;
  auto const policy = tenax::retrying{}.cancel_with(source.get_token());
  CHECK(policy([] { return 1; }) == 1);
  source.request_stop();
  CHECK_THROWS_AS(policy([] { return 1; }), tenax::cancelled);
}

TEST_CASE("An operation can read the std::stop_token to pass it on") {
  std::stop_source source;
  auto const policy = tenax::retrying{}.cancel_with(source.get_token());
  policy([&](tenax::attempt_info const& info) {
    auto const token = tenax::stop_token_of(info);
    CHECK(token == source.get_token());
    CHECK_FALSE(token.stop_requested());
    source.request_stop();
    CHECK(token.stop_requested());
    CHECK(info.stop_requested());
  });
}

TEST_CASE("Without a std::stop_token, stop_token_of returns an empty one") {
  tenax::retrying{}([](tenax::attempt_info const& info) {
    CHECK_FALSE(tenax::stop_token_of(info).stop_possible());
    CHECK_FALSE(info.stop_requested());
  });
  button b{};
  tenax::retrying{}.cancel_with(b.get())(
      [](tenax::attempt_info const& info) { CHECK_FALSE(tenax::stop_token_of(info).stop_possible()); });
}

TEST_CASE("A sleep with a std::stop_token that cannot be stopped, or is not stopped, has its full length") {
  auto const start = std::chrono::steady_clock::now();
  tenax::real_time::sleep(2ms, std::stop_token());
  CHECK(std::chrono::steady_clock::now() - start >= 2ms);
  std::stop_source source;
  tenax::real_time::sleep(2ms, source.get_token());
  CHECK(std::chrono::steady_clock::now() - start >= 4ms);
  tenax::real_time::sleep(0s, source.get_token());
  tenax::real_time::sleep(-1s, source.get_token());
}

TEST_CASE("A sleep with a std::stop_token that is already stopped ends immediately") {
  std::stop_source source;
  source.request_stop();
  auto const start = std::chrono::steady_clock::now();
  tenax::real_time::sleep(1h, source.get_token());
  tenax::real_time::sleep(tenax::duration::max(), source.get_token());
  CHECK(std::chrono::steady_clock::now() - start < 10s);
}

TEST_CASE("A wait of hundreds of years can be cancelled") {
  std::stop_source source;
  auto const policy =
      tenax::retrying{}.wait(tenax::wait::constant(tenax::duration::max())).cancel_with(source.get_token());
  std::atomic<bool> attempted{false};
  std::thread other([&] {
    while (!attempted) std::this_thread::yield();
    std::this_thread::sleep_for(1ms);
    source.request_stop();
  });
  CHECK_THROWS_AS(policy([&] {
                    attempted = true;
                    fail();
                  }),
                  std::runtime_error);
  other.join();
}

namespace {

/// Shaped like std::stop_token, with a callback type of its own.
struct counting_token {
  std::stop_token inner;
  std::atomic<int>* callbacks;
  template <class F>
  struct callback_type {
    callback_type(counting_token const& t, F f) : inner(t.inner, std::move(f)) { ++*t.callbacks; }
    std::stop_callback<F> inner;
  };
  [[nodiscard]] bool stop_requested() const { return inner.stop_requested(); }
  [[nodiscard]] bool stop_possible() const { return inner.stop_possible(); }
};

}  // namespace

TEST_CASE("A token shaped like a std::stop_token wakes a sleeper") {
  std::stop_source source;
  std::atomic<int> callbacks = 0;
  std::atomic<bool> waits = false;
  auto const policy = tenax::retrying{}
                          .wait(tenax::wait::constant(1h))
                          .cancel_with(counting_token{source.get_token(), &callbacks})
                          .before_sleep([&](tenax::attempt_info const&) { waits = true; });
  std::thread other([&] {
    // Where callbacks cannot be used, none is made.
    while (tenax::platform::stop_callbacks_are_sound ? callbacks == 0 : !waits) std::this_thread::yield();
    source.request_stop();
  });
  CHECK_THROWS_AS(policy(fail), std::runtime_error);
  other.join();
  CHECK(callbacks == (tenax::platform::stop_callbacks_are_sound ? 1 : 0));
}

// The only test here that measures real time.
TEST_CASE("A std::stop_token wakes a real sleep immediately: the median is below a millisecond", "[realtime]") {
  // The bare wake-up measured beside it shows the cost of the machine itself, including sanitizers.
  constexpr int rounds = 51;
  std::vector<std::chrono::nanoseconds> woken, bare;
  for (int i = 0; i < rounds; ++i) {
    {
      std::stop_source source;
      std::chrono::steady_clock::time_point asked;
      std::atomic<bool> sleeping = false;
      std::thread other([&] {
        while (!sleeping) std::this_thread::yield();
        std::this_thread::sleep_for(300us);
        asked = std::chrono::steady_clock::now();
        source.request_stop();
      });
      auto const policy = tenax::retrying{}
                              .wait(tenax::wait::constant(1h))
                              .cancel_with(source.get_token())
                              .before_sleep([&](tenax::attempt_info const&) { sleeping = true; });
      CHECK_THROWS_AS(policy(fail), std::runtime_error);
      auto const end = std::chrono::steady_clock::now();
      other.join();
      woken.push_back(end - asked);
    }
    {
      std::mutex mutex;
      std::condition_variable changed;
      bool stopped = false;
      std::chrono::steady_clock::time_point asked;
      std::unique_lock lock(mutex);
      std::thread other([&] {
        std::this_thread::sleep_for(300us);
        std::lock_guard const guard(mutex);
        asked = std::chrono::steady_clock::now();
        stopped = true;
        changed.notify_one();
      });
      changed.wait_for(lock, 1h, [&] { return stopped; });
      auto const end = std::chrono::steady_clock::now();
      lock.unlock();
      other.join();
      bare.push_back(end - asked);
    }
  }
  auto const median = [](std::vector<std::chrono::nanoseconds>& v) {
    std::nth_element(v.begin(), v.begin() + rounds / 2, v.end());
    return v[rounds / 2];
  };
  auto const ours = median(woken);
  auto const machine = median(bare);
  INFO("median of " << rounds << ": " << ours.count() << " ns; a bare condition variable: " << machine.count()
                    << " ns");
  // Where callbacks cannot be used, the token is looked at every 5 ms.
  constexpr std::chrono::nanoseconds most = tenax::platform::stop_callbacks_are_sound ? 1ms : 20ms;
  CHECK(ours < std::max<std::chrono::nanoseconds>(most, 20 * machine));
}

TEST_CASE("Calls on one policy can be cancelled from several threads at the same time") {
  for (int round = 0; round < 20; ++round) {
    std::stop_source source;
    auto const policy = tenax::retrying{}.wait(tenax::wait::constant(1h)).cancel_with(source.get_token());
    std::atomic<int> attempts = 0, ended = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        ended += policy
                     .try_call([&] {
                       ++attempts;
                       fail();
                     })
                     .reason == stop_reason::cancelled;
      });
    }
    source.request_stop();
    for (auto& t : threads) t.join();
    CHECK(ended == 4);
    CHECK(attempts <= 4);
  }
}

#endif
