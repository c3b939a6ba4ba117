// SPDX-License-Identifier: MIT
// asio_cases.hpp: the tests of the driver for Asio, for both Asios. The including file defines `net`, the namespace of
// Asio; `driver`, that of tenax's driver; NET, the name; TAG, the tag of the tests; and CASES, a namespace for them.

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <stop_token>
#include <system_error>
#include <thread>
#include <vector>

#include <tenax/any_retrying.hpp>
#include <tenax/coroutine.hpp>
#include <tenax/gate/bulkhead.hpp>
#include <tenax/gate/rate_limiter.hpp>
#include <tenax/gate/retry_budget.hpp>
#include <tenax/tenax.hpp>
#include <tenax/testing/no_waits.hpp>

#include "catch.hpp"

// A named namespace, because this is a header.
namespace CASES {

/// A clock that only moves when it is told to.
struct still_clock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<still_clock>;
  static constexpr bool is_steady = true;

  static time_point now() noexcept { return current; }
  static inline time_point current{};
};

}  // namespace CASES

// Makes an event loop check such a timer whenever it runs, because no real time passes for it.
template <>
struct net::wait_traits<CASES::still_clock> {
  static CASES::still_clock::duration to_wait_duration(CASES::still_clock::duration) { return {}; }
  static CASES::still_clock::duration to_wait_duration(CASES::still_clock::time_point) { return {}; }
};

namespace CASES {

using namespace std::chrono_literals;
using net::awaitable;
using tenax::stop_reason;

template <class T>
using awaitable_of = awaitable<T>;

struct network_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

using timer = net::basic_waitable_timer<still_clock>;

/// The environment whose timers run on that clock.
struct still_time {
  using clock = still_clock;
  static tenax::time_point now() noexcept { return tenax::time_point(still_clock::now().time_since_epoch()); }
  static void sleep(tenax::duration) { throw std::logic_error("nobody may block here"); }
};

constexpr auto steady = tenax::retrying{}.wait(tenax::wait::constant(1s)).environment(still_time());

/// An event loop in virtual time.
struct world {
  net::io_context io{};
  still_clock::time_point const start = still_clock::now();

  /// Runs everything that can run now.
  void settle() {
    io.restart();
    io.poll();
  }
  /// Lets time pass in steps of a millisecond.
  void pass(std::chrono::milliseconds time) {
    for (auto t = 0ms; t < time; t += 1ms) {
      settle();
      still_clock::current += 1ms;
    }
    settle();
  }
  [[nodiscard]] tenax::duration passed() const { return still_clock::now() - start; }

  /// Runs a coroutine to its end.
  template <class T>
  T run(awaitable<T> coroutine) {
    std::optional<tenax::outcome<T>> result;
    net::co_spawn(io, keep(std::move(coroutine), result), [&](std::exception_ptr e) {
      if (e) result.emplace(tenax::caught_exception(e));
    });
    for (settle(); !result; settle()) still_clock::current += 1ms;
    return std::move(*result).get();
  }

 private:
  template <class T>
  static awaitable<void> keep(awaitable<T> coroutine, std::optional<tenax::outcome<T>>& result) {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(coroutine);
      result.emplace();
    } else {
      result.emplace(co_await std::move(coroutine));
    }
  }
};

/// A coroutine that fails `failures` times; each attempt takes `latency`.
struct flaky {
  int failures = 0;
  std::chrono::milliseconds latency{};
  int calls = 0;

  awaitable<int> operator()() {
    if (latency > 0ms) {
      timer pause(co_await net::this_coro::executor, latency);
      co_await pause.async_wait(net::use_awaitable);
    }
    if (++calls <= failures) throw network_error("down");
    co_return calls;
  }
};

/// An initiating function whose handler is called by the event loop with the given errors, one after the other.
class flaky_initiation {
 public:
  flaky_initiation(net::io_context& io, std::vector<error_code> errors) : io_(io), errors_(std::move(errors)) {}

  template <class Token>
  auto operator()(Token&& token) {
    return net::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto handler) {
          auto const n = calls++;
          auto const error = n < errors_.size() ? errors_[n] : error_code();
          net::post(io_, [handler = std::move(handler), error, n]() mutable { std::move(handler)(error, n + 1); });
        },
        token);
  }
  std::size_t calls = 0;

 private:
  net::io_context& io_;
  std::vector<error_code> errors_;
};

/// Counts the allocations made on behalf of a handler.
template <class T>
struct counting_allocator {
  using value_type = T;

  explicit counting_allocator(std::size_t* n) : count(n) {}
  template <class U>
  counting_allocator(counting_allocator<U> const& other) : count(other.count) {}

  T* allocate(std::size_t n) {
    ++*count;
    return std::allocator<T>().allocate(n);
  }
  void deallocate(T* p, std::size_t n) { std::allocator<T>().deallocate(p, n); }
  friend bool operator==(counting_allocator const&, counting_allocator const&) = default;

  std::size_t* count;
};

struct handler_with_allocator {
  using allocator_type = counting_allocator<char>;

  [[nodiscard]] allocator_type get_allocator() const noexcept { return allocator_type(allocated); }
  void operator()(error_code, std::size_t) const {}

  std::size_t* allocated;
};

error_code const refused = net::error::connection_refused;

awaitable<void> forever() {
  timer pause(co_await net::this_coro::executor, 24h);
  co_await pause.async_wait(net::use_awaitable);
}

}  // namespace CASES

using namespace CASES;

TEST_CASE(NET ": an awaitable is retried, and its waits need no thread and no real time", TAG) {
  world w;
  flaky operation{2, 100ms};
  CHECK(w.run(driver::async_retry(steady, [&] { return operation(); })) == 3);
  CHECK(w.passed() == 2 * 1s + 3 * 100ms);
}

TEST_CASE(NET ": the last exception of an awaitable passes through unchanged", TAG) {
  world w;
  flaky operation{9};
  CHECK_THROWS_AS(w.run(driver::async_retry(steady, std::ref(operation))), network_error);
  CHECK(operation.calls == 3);
}

TEST_CASE(NET ": a report contains the numbers of the call", TAG) {
  world w;
  flaky operation{9, 10ms};
  auto const report = w.run(driver::async_try_retry(steady, [&] { return operation(); }));
  CHECK(report.reason == stop_reason::attempts);
  CHECK(report.attempts == 3);
  CHECK(report.waited == 2s);
  CHECK(report.elapsed == 2s + 30ms);
}

TEST_CASE(NET ": an operation that throws before it returns an awaitable counts as a failure", TAG) {
  world w;
  int calls = 0;
  auto const operation = [&]() -> awaitable<int> {
    if (++calls < 3) throw network_error("cannot even start");
    return [](int n) -> awaitable<int> { co_return n; }(calls);
  };
  CHECK(w.run(driver::async_retry(steady, operation)) == 3);
}

TEST_CASE(NET ": an awaitable may have its own executor type", TAG) {
  using executor = net::io_context::executor_type;
  world w;
  int calls = 0;
  auto const operation = [&]() -> awaitable<int, executor> {
    if (++calls < 3) throw network_error("down");
    co_return calls;
  };
  int got = 0;
  auto call = driver::async_retry(steady, operation);
  static_assert(std::is_same_v<decltype(call), awaitable<int, executor>>);
  net::co_spawn(w.io.get_executor(), std::move(call), [&](std::exception_ptr, int n) { got = n; });
  w.pass(3s);
  CHECK(got == 3);
}

TEST_CASE(NET ": an exception of a part of the policy is thrown by the call", TAG) {
  world w;
  struct broken : std::exception {};
  flaky operation{1};
  auto const call = [&] { return operation(); };
  auto const check = [&](auto const& policy) {
    CHECK_THROWS_AS(w.run(driver::async_retry(policy, call)), broken);
    CHECK_THROWS_AS(w.run(driver::async_try_retry(policy, call)), broken);
  };
  auto const before_attempt = [](tenax::attempt_info const& info) {
    if (info.number == 2) throw broken();
  };
  auto const before_first = [](tenax::attempt_info const&) { throw broken(); };
  auto const at_the_end = [](tenax::attempt_info const&) { throw broken(); };
  auto const in_every_place = [&](auto const& policy) {
    operation.failures = 100;
    check(policy.before_attempt(before_first));
    CHECK(operation.calls == 0);
    check(policy.before_attempt(before_attempt));
    check(policy.before_sleep([](auto const&) { throw broken(); }));
    operation.failures = 0;
    check(policy.on_success(at_the_end));
    CHECK(operation.calls == 6);
  };
  SECTION("in the coroutine itself") { in_every_place(steady); }
#if defined(__cpp_lib_jthread)
  SECTION("in a call that can be cancelled from outside") {
    std::stop_source source;
    in_every_place(steady.cancel_with(source.get_token()));
  }
#endif
}

TEST_CASE(NET ": an operation can take the attempt's numbers", TAG) {
  world w;
  std::vector<std::uint32_t> numbers;
  auto const coroutine = [&](tenax::attempt_info const& info) -> awaitable<void> {
    numbers.push_back(info.number);
    if (info.number < 3) throw network_error("down");
    co_return;
  };
  w.run(driver::async_retry(steady, coroutine));
  flaky_initiation flaky(w.io, {refused});
  auto const initiation = [&](tenax::attempt_info const& info, auto token) {
    numbers.push_back(info.number);
    return flaky(std::move(token));
  };
  CHECK(w.run(driver::async_retry(steady, initiation)) == 2);
  CHECK(numbers == std::vector<std::uint32_t>{1, 2, 3, 1, 2});
}

TEST_CASE(NET ": a call of an awaitable accepts every type of completion token", TAG) {
  world w;
  flaky operation{1};
  auto const call = [&] { return operation(); };
  SECTION("a callback") {
    int got = 0;
    driver::async_retry(w.io, steady, call, [&](std::exception_ptr e, int n) { got = e ? -1 : n; });
    w.pass(2s);
    CHECK(got == 2);
  }
  SECTION("a callback with an executor") {
    int got = 0;
    driver::async_retry(steady, call, net::bind_executor(w.io, [&](std::exception_ptr e, int n) { got = e ? -1 : n; }));
    w.pass(2s);
    CHECK(got == 2);
  }
  SECTION("a future") {
    auto got = driver::async_retry(w.io.get_executor(), steady, call, net::use_future);
    w.pass(2s);
    CHECK(got.get() == 2);
  }
  SECTION("an awaitable") { CHECK(w.run(driver::async_retry(steady, call, net::use_awaitable)) == 2); }
}

TEST_CASE(NET ": an initiating function is retried, and accepts every type of completion token", TAG) {
  world w;
  flaky_initiation operation(w.io, {refused, refused});
  auto const call = [&](auto token) { return operation(std::move(token)); };
  SECTION("a callback") {
    error_code error = refused;
    std::size_t got = 0;
    driver::async_retry(w.io, steady, call, [&](error_code e, std::size_t n) { error = e, got = n; });
    w.pass(3s);
    CHECK(!error);
    CHECK(got == 3);
  }
  SECTION("a future") {
    auto got = driver::async_retry(w.io, steady, call, net::use_future);
    w.pass(3s);
    CHECK(got.get() == 3);
  }
  SECTION("an awaitable") { CHECK(w.run(driver::async_retry(steady, call)) == 3); }
  SECTION("the report of a callback") {
    std::optional<std::uint32_t> attempts;
    driver::async_try_retry(w.io, steady, call, [&](auto report) { attempts = report.attempts; });
    w.pass(3s);
    CHECK(attempts == 3);
  }
  SECTION("handlers that only move") {
    int ended = 0;
    driver::async_retry(w.io, steady, call, [&, own = std::make_unique<int>(1)](auto...) { ended += *own; });
    w.pass(3s);
    operation.calls = 0;
    driver::async_try_retry(w.io, steady, call, [&, own = std::make_unique<int>(1)](auto) { ended += *own; });
    w.pass(3s);
    CHECK(ended == 2);
  }
  CHECK(operation.calls == 3);
}

TEST_CASE(NET ": predicates see the error code of an initiating function, and the handler gets the last one", TAG) {
  world w;
  error_code const other = net::error::connection_reset;
  flaky_initiation operation(w.io, {refused, other, refused});
  auto const policy = steady.when(tenax::when::error(net::error::connection_refused));
  error_code error;
  std::size_t got = 0;
  driver::async_retry(
      w.io, policy, [&](auto token) { return operation(std::move(token)); },
      [&](error_code e, std::size_t n) { error = e, got = n; });
  w.pass(3s);
  CHECK(error == other);
  CHECK(got == 2);
}

TEST_CASE(NET ": an operation that completes inside its initiating function causes no recursion", TAG) {
  world w;
  int calls = 0;
  auto const operation = [&](auto token) {
    return net::async_initiate<decltype(token), void(error_code)>(
        [&](auto handler) { std::move(handler)(++calls < 100'000 ? refused : error_code()); }, token);
  };
  auto const policy = steady.wait(tenax::wait::none).stop(tenax::stop::never);
  bool in_the_call = true;
  bool ended_later = false;
  driver::async_retry(w.io, policy, operation, [&](error_code) { ended_later = !in_the_call; });
  in_the_call = false;
  w.settle();
  CHECK(calls == 100'000);
  CHECK(ended_later);
}

TEST_CASE(NET ": an operation may complete on another thread", TAG) {
  net::io_context io;
  std::vector<std::thread> threads;
  int calls = 0;
  auto const operation = [&](auto token) {
    return net::async_initiate<decltype(token), void(error_code)>(
        [&](auto handler) {
          bool const last = ++calls == 50;
          threads.emplace_back(
              [last, handler = std::move(handler)]() mutable { std::move(handler)(last ? error_code() : refused); });
        },
        token);
  };
  auto const policy = tenax::retrying{}.wait(tenax::wait::none).stop(tenax::stop::never);
  auto const here = std::this_thread::get_id();
  bool on_our_thread = false;
  driver::async_retry(io, policy, operation,
                      [&](error_code e) { on_our_thread = !e && std::this_thread::get_id() == here; });
  io.run();
  CHECK(calls == 50);
  CHECK(on_our_thread);
  for (auto& thread : threads) thread.join();
}

TEST_CASE(NET ": the handler's executor and allocator are used", TAG) {
  world w;
  auto const strand = net::make_strand(w.io);
  flaky_initiation operation(w.io, {refused});
  bool in_strand = false;
  driver::async_retry(
      w.io, steady, [&](auto token) { return operation(std::move(token)); },
      net::bind_executor(strand, [&](error_code, std::size_t) { in_strand = strand.running_in_this_thread(); }));
  w.pass(2s);
  CHECK(in_strand);

  std::size_t allocated = 0;
  driver::async_retry(
      w.io, steady, [&](auto token) { return operation(std::move(token)); }, handler_with_allocator{&allocated});
  w.pass(2s);
  CHECK(allocated > 0);
}

TEST_CASE(NET ": a call that waits when its event loop ends gives the gates' permits back", TAG) {
  tenax::bulkhead one({.at_once = 1});
  bool completed = false;
  {
    world w;
    auto const policy = steady.through(std::ref(one));
    driver::async_retry(w.io, policy, [] { return forever(); }, [&](std::exception_ptr) { completed = true; });
    w.settle();
    CHECK(one.running() == 1);
    w.io.stop();
  }
  CHECK(one.running() == 0);
  CHECK_FALSE(completed);
}

TEST_CASE(NET ": coroutines share a limit in the order of their arrival", TAG) {
  world w;
  tenax::rate_limiter limiter(tenax::rate{.permits = 10});
  auto const policy = steady.through(std::ref(limiter));
  std::vector<int> order;
  for (int i = 0; i < 30; ++i) {
    driver::async_retry(
        w.io, policy,
        [&order, i]() -> awaitable<void> {
          order.push_back(i);
          co_return;
        },
        [](std::exception_ptr) {});
  }
  w.pass(1s);
  CHECK(order.size() == 11);
  w.pass(2s);
  REQUIRE(order.size() == 30);
  CHECK(std::is_sorted(order.begin(), order.end()));
}

TEST_CASE(NET ": a flag that threads share ends a call, at the latest after its wait", TAG) {
  world w;
  std::atomic<bool> stopping = false;
  timer later(w.io, 1500ms);
  later.async_wait([&](error_code) { stopping = true; });
  flaky operation{.failures = 99};
  auto const policy = steady.stop(tenax::stop::never).cancel_with(std::ref(stopping));
  CHECK(w.run(driver::async_try_retry(policy, std::ref(operation))).reason == stop_reason::cancelled);
  CHECK(operation.calls == 2);
  CHECK(w.passed() >= 1500ms);
  CHECK(w.passed() <= 2010ms);
  auto const sees = [&](tenax::attempt_info const& info) -> awaitable<bool> { co_return info.stop_requested(); };
  stopping = false;
  CHECK_FALSE(w.run(driver::async_retry(policy, sees)));
}

TEST_CASE(NET ": a gate wakes a call that waits for a place", TAG) {
  tenax::bulkhead one({.at_once = 1, .queue = 4, .max_wait = 30s});
  world w;
  tenax::bulkhead::ticket busy;
  REQUIRE(one.admit(busy, {}, still_time::now()).admitted());
  timer later(w.io, 1234ms);
  later.async_wait([&](error_code) { one.record(busy, {}, still_time::now()); });
  auto const policy = steady.through(std::ref(one));
  bool never = false;
  struct token {
    bool const* flag;
    bool stop_requested() const { return *flag; }
  };
  auto const awaits = [&](auto const& p) {
    CHECK(w.run(driver::async_retry(p, []() -> awaitable<int> { co_return 1; })) == 1);
  };
  auto const initiates = [&](auto const& p) {
    flaky_initiation operation(w.io, {});
    bool done = false;
    driver::async_retry(
        w.io, p, [&](auto t) { return operation(std::move(t)); }, [&](error_code, std::size_t) { done = true; });
    w.settle();
    while (!done) {
      still_clock::current += 1ms;
      w.settle();
    }
  };
  SECTION("an awaitable") { awaits(policy); }
  SECTION("an awaitable with a deadline") { awaits(policy.stop(tenax::stop::deadline(2s))); }
  SECTION("an awaitable with a token") { awaits(policy.cancel_with(token{&never})); }
  SECTION("an initiating function") { initiates(policy); }
  SECTION("an initiating function with a token") { initiates(policy.cancel_with(token{&never})); }
  CHECK(w.passed() >= 1234ms);
  CHECK(w.passed() <= 1236ms);
  CHECK(one.running() == 0);
  CHECK(one.waiting() == 0);
}

TEST_CASE(NET ": a limiter whose rate rises wakes a call that waits", TAG) {
  tenax::rate_limiter limiter(tenax::per_minute(1));
  world w;
  REQUIRE(limiter.try_acquire(1, still_time()));
  timer later(w.io, 100ms);
  later.async_wait([&](error_code) { limiter.set(tenax::per_second(1), still_time()); });
  auto const policy = steady.through(std::ref(limiter));
  CHECK(w.run(driver::async_retry(policy, []() -> awaitable<int> { co_return 1; })) == 1);
  CHECK(w.passed() >= 1s);
  CHECK(w.passed() <= 1200ms);
}

TEST_CASE(NET ": a call that waits at a gate for too long is refused, and leaves the queue", TAG) {
  tenax::bulkhead one({.at_once = 1, .queue = 4, .max_wait = 30s});
  world w;
  tenax::bulkhead::ticket busy;
  REQUIRE(one.admit(busy, {}, still_time::now()).admitted());
  auto const policy = steady.through(std::ref(one)).max_gate_wait(300ms);
  flaky_initiation operation(w.io, {});
  int refusals = 0;
  driver::async_try_retry(
      w.io, policy, []() -> awaitable<int> { co_return 1; },
      [&](tenax::report<int> const& r) { refusals += r.reason == stop_reason::refused_by_gate; });
  driver::async_try_retry(
      w.io, policy, [&](auto t) { return operation(std::move(t)); },
      [&](auto const& r) { refusals += r.reason == stop_reason::refused_by_gate; });
  w.pass(299ms);
  CHECK(one.waiting() == 2);
  w.pass(3ms);
  CHECK(refusals == 2);
  CHECK(operation.calls == 0);
  CHECK(one.waiting() == 0);
}

TEST_CASE(NET ": a call that waits at a gate that wakes ends with its event loop, and leaves the queue", TAG) {
  tenax::bulkhead one({.at_once = 1, .queue = 4, .max_wait = 30s});
  tenax::bulkhead::ticket busy;
  REQUIRE(one.admit(busy, {}, still_time::now()).admitted());
  {
    world w;
    auto const policy = steady.through(std::ref(one));
    driver::async_retry(w.io, policy, [] { return forever(); }, [](std::exception_ptr) {});
    flaky_initiation operation(w.io, {});
    driver::async_retry(w.io, policy, [&](auto t) { return operation(std::move(t)); }, [](error_code, std::size_t) {});
    w.settle();
    CHECK(one.waiting() == 2);
  }
  CHECK(one.waiting() == 0);
  busy = {};
  CHECK(one.running() == 0);
}

TEST_CASE(NET ": threads and calls wake each other at a gate", TAG) {
  tenax::bulkhead two({.at_once = 2, .queue = 200, .max_wait = 1min});
  auto const policy = tenax::retrying{}.through(std::ref(two));
  constexpr int each = 50;
  std::atomic<int> inside{0}, calls{0};
  std::atomic<bool> crowded{false};
  auto const body = [&] {
    if (++inside > 2) crowded = true;
    std::this_thread::yield();
    --inside;
    ++calls;
  };
  net::io_context io;
  for (int i = 0; i < each; ++i) {
    driver::async_retry(
        io, policy,
        [&]() -> awaitable<void> {
          body();
          co_return;
        },
        [](std::exception_ptr) {});
    driver::async_retry(
        io, policy,
        [&](auto token) {
          return net::async_initiate<decltype(token), void(error_code)>(
              [&](auto handler) {
                net::post(io, [&, handler = std::move(handler)]() mutable {
                  body();
                  std::move(handler)(error_code());
                });
              },
              token);
        },
        [](error_code) {});
  }
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < each; ++i) policy(body);
    });
    threads.emplace_back([&] { io.run(); });
  }
  for (auto& thread : threads) thread.join();
  CHECK_FALSE(crowded);
  CHECK(calls == 4 * each);
  CHECK(two.running() == 0);
  CHECK(two.waiting() == 0);
}

TEST_CASE(NET ": its coroutines work with the driver for any library", TAG) {
  world w;
  flaky operation{2, 100ms};
  auto const sleep = [](tenax::duration d) -> awaitable<void> {
    timer pause(co_await net::this_coro::executor, d);
    co_await pause.async_wait(net::use_awaitable);
  };
  CHECK(w.run(tenax::coroutine::retry<awaitable_of>(steady, sleep, std::ref(operation))) == 3);
  CHECK(w.passed() == 2 * 1s + 3 * 100ms);
}

TEST_CASE(NET ": coroutines and threads can share a limiter", TAG) {
  constexpr int each = 50;
  tenax::rate_limiter limiter(tenax::rate{.permits = 20'000, .per = 1s, .burst = 1});
  auto const policy = tenax::retrying{}.through(std::ref(limiter));
  std::atomic<int> calls{0};
  auto const start = tenax::real_time::now();
  net::io_context io;
  for (int i = 0; i < each; ++i) {
    driver::async_retry(
        io, policy,
        [&]() -> awaitable<void> {
          ++calls;
          co_return;
        },
        [](std::exception_ptr) {});
  }
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < each; ++i) policy([&] { ++calls; });
    });
  }
  io.run();
  for (auto& thread : threads) thread.join();
  CHECK(calls == 4 * each);
  CHECK(tenax::real_time::now() - start >= (4 * each - 1) * 50us);
}

#if defined(__cpp_lib_jthread)
TEST_CASE(NET ": a stop token ends a wait immediately, from any thread", TAG) {
  net::io_context io;
  std::stop_source source;
  auto const policy = tenax::retrying{}.wait(tenax::wait::constant(24h)).cancel_with(source.get_token());
  flaky operation{9};
  std::thread stopper;
  auto const notice = policy.before_sleep([&](auto const&) { stopper = std::thread([&] { source.request_stop(); }); });
  std::optional<stop_reason> reason;
  driver::async_try_retry(
      io, notice, [&] { return operation(); }, [&](tenax::report<int> report) { reason = report.reason; });
  io.run();
  stopper.join();
  CHECK(reason == stop_reason::cancelled);
  CHECK(operation.calls == 1);
}
#endif

#if defined(__cpp_lib_jthread)
TEST_CASE(NET ": a call whose token is triggered makes no attempt, and reports the cancellation", TAG) {
  world w;
  std::stop_source source;
  source.request_stop();
  flaky operation{9};
  auto const policy = steady.cancel_with(source.get_token());
  CHECK_THROWS_AS(w.run(driver::async_retry(policy, std::ref(operation))), tenax::cancelled);
  CHECK(operation.calls == 0);

  flaky_initiation initiation(w.io, {});
  error_code error;
  driver::async_retry(
      w.io, policy, [&](auto token) { return initiation(std::move(token)); },
      [&](error_code e, std::size_t) { error = e; });
  w.settle();
  CHECK(error == net::error::operation_aborted);
  CHECK(initiation.calls == 0);
}
#endif

TEST_CASE(NET ": a call without waits still takes its turn in the event loop", TAG) {
  tenax::testing::no_waits const scope;
  world w;
  flaky operation{2};
  CHECK(w.run(driver::async_retry(steady.environment(still_time()), std::ref(operation))) == 3);
  CHECK(w.passed() < 1s);
}

#if defined(__cpp_lib_jthread)
TEST_CASE(NET ": a token may be triggered while threads run the call", TAG) {
  for (int round = 0; round < 200; ++round) {
    net::thread_pool pool(2);
    std::stop_source source;
    auto const policy =
        tenax::retrying{}.wait(tenax::wait::constant(1us)).stop(tenax::stop::never).cancel_with(source.get_token());
    auto const operation = []() -> awaitable<void> {
      throw network_error("down");
      co_return;
    };
    std::promise<stop_reason> ended;
    driver::async_try_retry(pool, policy, operation,
                            [&](tenax::report<void> report) { ended.set_value(report.reason); });
    std::this_thread::yield();
    source.request_stop();
    CHECK(ended.get_future().get() == stop_reason::cancelled);
    pool.join();
  }
}
#endif
