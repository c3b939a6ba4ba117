// SPDX-License-Identifier: MIT
// coroutine.cpp: retried calls in coroutines, with a small coroutine library of the tests.
#include <tenax/coroutine.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include <tenax/async/wake_signal.hpp>
#include <tenax/gate/bulkhead.hpp>
#include <tenax/gate/rate_limiter.hpp>
#include <tenax/tenax.hpp>

#include "catch.hpp"
#include "scheduler.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using tenax::stop_reason;
using tests::scheduler;
using tests::task;

namespace {

template <class T>
using plain_task = task<T>;

struct network_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

constexpr auto steady = tenax::retrying{}.wait(tenax::wait::constant(1s));

/// A coroutine that fails `failures` times; each attempt takes `latency`.
struct flaky {
  scheduler& world;
  int failures = 0;
  tenax::duration latency{};
  int calls = 0;

  task<int> operator()() {
    if (latency > 0ns) co_await world(latency);
    if (++calls <= failures) throw network_error("down");
    co_return calls;
  }
};

/// An awaitable whose value is ready.
struct immediate {
  int value;
  bool await_ready() const noexcept { return true; }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  int await_resume() const noexcept { return value; }
};

/// The token of a sleep that a token can wake. In this test, it is only checked when the sleep begins.
struct flag_token {
  bool const* flag;
  bool stop_requested() const { return *flag; }
};

}  // namespace

TEST_CASE("A coroutine is retried, and waits in its own scheduler") {
  scheduler world;
  flaky operation{world, 2, 100ms};
  auto const result = world.run(tenax::coroutine::retry<task>(steady, std::ref(world), [&] { return operation(); }));
  CHECK(result == 3);
  CHECK(world.now().time_since_epoch() == 3 * 100ms + 2 * 1s);
}

TEST_CASE("A sleep may change itself, and is the clock nevertheless") {
  struct counting_sleep {
    scheduler* world;
    int* slept;
    int own = 0;
    tenax::time_point now() { return world->now(); }
    auto operator()(tenax::duration d) {
      *slept = ++own;
      return (*world)(d);
    }
  };
  scheduler world;
  flaky operation{world, 2, 100ms};
  int slept = 0;
  auto const report =
      world.run(tenax::coroutine::try_retry<task>(steady, counting_sleep{&world, &slept}, [&] { return operation(); }));
  CHECK(slept == 2);
  CHECK(report.elapsed == 3 * 100ms + 2 * 1s);
}

TEST_CASE("The last exception of a coroutine passes through unchanged") {
  scheduler world;
  flaky operation{world, 5};
  auto call = tenax::coroutine::retry<task>(steady, std::ref(world), std::ref(operation));
  CHECK_THROWS_AS(world.run(std::move(call)), network_error);
  CHECK(operation.calls == 3);
}

TEST_CASE("A report of a coroutine contains the numbers of the call") {
  scheduler world;
  flaky operation{world, 5, 10ms};
  auto const report =
      world.run(tenax::coroutine::try_retry<task>(steady, std::ref(world), [&] { return operation(); }));
  CHECK(report.reason == stop_reason::attempts);
  CHECK(report.attempts == 3);
  CHECK(report.waited == 2s);
  CHECK(report.elapsed == 2s + 30ms);
  CHECK(report.result.exception_as<network_error>() != nullptr);
}

TEST_CASE("A coroutine may return nothing, a reference, or a type that cannot be copied") {
  scheduler world;
  int calls = 0;
  int target = 0;
  auto const nothing = [&]() -> task<void> {
    if (++calls < 2) throw network_error("down");
    co_return;
  };
  world.run(tenax::coroutine::retry<task>(steady, std::ref(world), nothing));
  CHECK(calls == 2);

  auto const reference = [&]() -> task<int&> { co_return target; };
  CHECK(&world.run(tenax::coroutine::retry<task>(steady, std::ref(world), reference)) == &target);

  auto const owner = [&]() -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(7); };
  CHECK(*world.run(tenax::coroutine::retry<task>(steady, std::ref(world), owner)) == 7);
}

TEST_CASE("Returned values are judged in a coroutine as in a blocking call") {
  scheduler world;
  std::vector<int> answers{503, 503, 200};
  std::size_t next = 0;
  auto const policy = steady.when(tenax::when::result([](int status) { return status == 503; }));
  auto const result = world.run(
      tenax::coroutine::retry<task>(policy, std::ref(world), [&]() -> task<int> { co_return answers[next++]; }));
  CHECK(result == 200);
  CHECK(world.now().time_since_epoch() == 2s);
}

TEST_CASE("An operation may complete inline, and need not be a coroutine") {
  scheduler world;
  int calls = 0;
  auto const policy = tenax::retrying{}
                          .when(tenax::when::result([](int n) { return n < 100'000; }))
                          .wait(tenax::wait::none)
                          .stop(tenax::stop::never);
  CHECK(world.run(tenax::coroutine::retry<task>(policy, std::ref(world), [&] { return immediate{++calls}; })) ==
        100'000);
}

TEST_CASE("An operation that throws before it returns an awaitable counts as a failure") {
  scheduler world;
  int calls = 0;
  auto const operation = [&]() -> immediate {
    if (++calls < 3) throw network_error("cannot even start");
    return {calls};
  };
  CHECK(world.run(tenax::coroutine::retry<task>(steady, std::ref(world), operation)) == 3);
}

TEST_CASE("The operation of a coroutine can take the attempt's numbers") {
  scheduler world;
  std::vector<std::uint32_t> numbers;
  auto const operation = [&](tenax::attempt_info const& info) -> task<void> {
    co_await world(1ms);
    numbers.push_back(info.number);
    if (info.number < 3) throw network_error("down");
  };
  world.run(tenax::coroutine::retry<task>(steady, std::ref(world), operation));
  CHECK(numbers == std::vector<std::uint32_t>{1, 2, 3});
}

TEST_CASE("A coroutine lambda keeps its captures for as long as the call lasts") {
  scheduler world;
  auto call = [&world] {
    std::vector<int> const numbers(64, 1);
    return tenax::coroutine::retry<task>(steady, std::ref(world),
                                         [numbers, &world, n = 0]() mutable -> task<std::size_t> {
                                           co_await world(1ms);
                                           if (++n < 3) throw network_error("down");
                                           co_return numbers.size() + static_cast<std::size_t>(n);
                                         });
  }();
  CHECK(world.run(std::move(call)) == 67);
}

TEST_CASE("A cancelled coroutine ends with the last outcome, and without one reports the cancellation") {
  scheduler world;
  bool stop = false;
  flaky operation{world, 9};
  auto const policy = steady.cancel_with(flag_token{&stop});

  SECTION("between two attempts") {
    auto call = tenax::coroutine::try_retry<task>(policy, std::ref(world), [&] { return operation(); });
    call.start();
    stop = true;
    world.run();
    auto const report = call.get();
    CHECK(report.reason == stop_reason::cancelled);
    CHECK(report.attempts == 1);
    CHECK(report.result.exception_as<network_error>() != nullptr);
  }
  SECTION("before the first") {
    stop = true;
    auto call = tenax::coroutine::retry<task>(policy, std::ref(world), [&] { return operation(); });
    CHECK_THROWS_AS(world.run(std::move(call)), tenax::cancelled);
    CHECK(operation.calls == 0);
  }
}

TEST_CASE("A coroutine looks at a flag that threads share after its sleep") {
  scheduler world;
  std::atomic<bool> stop = false;
  flaky operation{world, 9};
  auto const policy = steady.cancel_with(std::ref(stop));
  auto call = tenax::coroutine::try_retry<task>(policy, std::ref(world), [&] { return operation(); });
  call.start();
  stop = true;
  world.run();
  CHECK(call.get().reason == stop_reason::cancelled);
  CHECK(operation.calls == 1);
}

TEST_CASE("A sleep that a token can wake gets the token") {
  struct waker {
    scheduler& world;
    bool* stop;
    int with_token = 0;
    [[nodiscard]] tenax::time_point now() const { return world.now(); }
    scheduler::sleep operator()(tenax::duration d) { return world(d); }
    scheduler::sleep operator()(tenax::duration, flag_token) {
      ++with_token;
      *stop = true;
      return world(1ms);
    }
  };
  scheduler world;
  bool stop = false;
  waker sleep{world, &stop};
  flaky operation{world, 9};
  auto const policy = steady.cancel_with(flag_token{&stop});
  auto const report =
      world.run(tenax::coroutine::try_retry<task>(policy, std::ref(sleep), [&] { return operation(); }));
  CHECK(sleep.with_token == 1);
  CHECK(report.reason == stop_reason::cancelled);
  CHECK(report.waited == 1ms);
}

TEST_CASE("Coroutines share a gate's limit in the order of their arrival, and no thread waits") {
  scheduler world;
  tenax::rate_limiter limiter(tenax::rate{.permits = 10});
  auto const policy = tenax::retrying{}.through(std::ref(limiter));
  std::vector<int> order;
  std::vector<task<int>> calls;
  for (int i = 0; i < 50; ++i) {
    calls.push_back(tenax::coroutine::retry<task>(policy, std::ref(world), [&order, i]() -> task<int> {
      order.push_back(i);
      co_return i;
    }));
    calls.back().start();
  }
  CHECK(order.size() == 1);
  CHECK(world.waiting() == 49);
  world.run();
  CHECK(world.now().time_since_epoch() == 4900ms);
  for (int i = 0; i < 50; ++i) CHECK(order[static_cast<std::size_t>(i)] == i);
}

namespace {

/// A sleep of the scheduler that a gate can end: the scheduler resumes the coroutine in its next step.
struct woken_sleep {
  scheduler& world;
  tenax::wake_signal& signal;
  scheduler::sleep sleep;

  woken_sleep(scheduler& w, tenax::duration d, tenax::wake_signal& s) : world(w), signal(s), sleep(w, d) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> h) {
    sleep.await_suspend(h);
    auto const wake = [](void* self) noexcept { static_cast<woken_sleep*>(self)->sleep.end_now(); };
    if (!signal.listen({wake, this})) sleep.end_now();
  }
  void await_resume() noexcept { signal.ignore(); }
};

struct woken_by_gates {
  scheduler* world;
  woken_sleep operator()(tenax::duration d, tenax::wake_signal& s) const { return {*world, d, s}; }
  scheduler::sleep operator()(tenax::duration d) const { return (*world)(d); }
  [[nodiscard]] tenax::time_point now() const { return world->now(); }
};

}  // namespace

TEST_CASE("A gate wakes a coroutine whose sleep takes a wake_signal, and one of another library asks again") {
  scheduler world;
  tenax::bulkhead one({.at_once = 1, .queue = 4, .max_wait = 30s});
  tenax::bulkhead::ticket busy;
  REQUIRE(one.admit(busy, {}, world.now()).admitted());
  auto const policy = steady.through(std::ref(one));
  auto const operation = [&]() -> task<int> { co_return 1; };
  auto const release = [&]() -> task<int> {
    co_await world(1234ms);
    one.record(busy, {}, world.now());
    co_return 0;
  };
  auto holder = release();
  holder.start();
  SECTION("a sleep that gates end") {
    auto call = tenax::coroutine::retry<task>(policy, woken_by_gates{&world}, operation);
    call.start();
    world.run();
    CHECK(call.get() == 1);
    CHECK(world.now().time_since_epoch() == 1234ms);
  }
  SECTION("a call that is destroyed while it waits") {
    auto call =
        std::optional(tenax::coroutine::retry<task>(policy, woken_by_gates{&world}, [&] { return operation(); }));
    call->start();
    CHECK(one.waiting() == 1);
    call.reset();
    CHECK(one.waiting() == 0);
    world.run();
  }
  SECTION("a sleep that gates do not end") {
    auto call = tenax::coroutine::retry<task>(policy, std::ref(world), operation);
    call.start();
    world.run();
    CHECK(call.get() == 1);
    CHECK(world.now().time_since_epoch() >= 1234ms);
    CHECK(world.now().time_since_epoch() <= 1290ms);
  }
  CHECK(one.running() == 0);
}

TEST_CASE("A limiter whose rate rises wakes a coroutine whose sleep takes a wake_signal") {
  scheduler world;
  tenax::rate_limiter limiter(tenax::per_minute(1));
  struct time_of {
    scheduler* world;
    [[nodiscard]] tenax::time_point now() const { return world->now(); }
    static void sleep(tenax::duration) {}
  } const time{&world};
  REQUIRE(limiter.try_acquire(1, time));
  auto const policy = steady.through(std::ref(limiter));
  auto const raise = [&]() -> task<int> {
    co_await world(100ms);
    limiter.set(tenax::per_second(1), time);
    co_return 0;
  };
  auto other = raise();
  other.start();
  auto call = tenax::coroutine::retry<task>(policy, woken_by_gates{&world}, [&]() -> task<int> { co_return 1; });
  call.start();
  world.run();
  CHECK(call.get() == 1);
  CHECK(world.now().time_since_epoch() < 1200ms);
}

TEST_CASE("A coroutine that waits at a gate for too long is refused, and leaves the queue") {
  scheduler world;
  tenax::bulkhead one({.at_once = 1, .queue = 4, .max_wait = 30s});
  tenax::bulkhead::ticket busy;
  REQUIRE(one.admit(busy, {}, world.now()).admitted());
  auto const policy = steady.through(std::ref(one)).max_gate_wait(300ms);
  auto const operation = [&]() -> task<int> { co_return 1; };
  auto const check = [&](auto sleep) {
    auto const start = world.now();
    auto call = tenax::coroutine::try_retry<task>(policy, sleep, operation);
    call.start();
    world.run();
    auto const r = call.get();
    CHECK(r.reason == stop_reason::refused_by_gate);
    CHECK(world.now() - start <= 300ms);
    CHECK(world.now() - start >= 250ms);
    CHECK(one.waiting() == 0);
  };
  SECTION("a sleep that gates end") { check(woken_by_gates{&world}); }
  SECTION("a sleep that gates do not end") { check(std::ref(world)); }
}

TEST_CASE("wake_signal: calls its listener once, and not after ignore()") {
  tenax::wake_signal signal;
  int calls = 0;
  tenax::waker const count{[](void* n) noexcept { ++*static_cast<int*>(n); }, &calls};
  auto wake = signal.lend();
  CHECK_FALSE(signal.stop_requested());
  CHECK(signal.listen(count));
  wake();
  wake();
  CHECK(calls == 1);
  CHECK(signal.stop_requested());
  CHECK_FALSE(signal.listen(count));
  wake = signal.lend();
  CHECK_FALSE(signal.stop_requested());
  CHECK(signal.listen(count));
  signal.ignore();
  wake();
  CHECK(calls == 1);
}

TEST_CASE("A coroutine that is destroyed while it waits gives the gates' permits back") {
  scheduler world;
  tenax::bulkhead two({.at_once = 2});
  auto const policy = steady.through(std::ref(two));
  auto const endless = [&]() -> task<void> { co_await world(1h); };
  {
    auto first = tenax::coroutine::retry<task>(policy, std::ref(world), endless);
    auto second = tenax::coroutine::retry<task>(policy, std::ref(world), endless);
    first.start();
    second.start();
    CHECK(two.running() == 2);
  }
  CHECK(two.running() == 0);
  CHECK(world.waiting() == 0);
}

TEST_CASE("The result of an attempt is destroyed before a wait that only another attempt can end") {
  scheduler world;
  std::weak_ptr<int> last;
  auto const operation = [&]() -> task<std::shared_ptr<int>> {
    auto answer = std::make_shared<int>(503);
    last = answer;
    co_return answer;
  };
  auto const policy =
      steady.when(tenax::when::result([](std::shared_ptr<int> const& answer) { return *answer == 503; }));
  SECTION("and is kept through other waits, for the end of the call") {
    bool stop = false;
    auto call = tenax::coroutine::retry<task>(policy.cancel_with(flag_token{&stop}), std::ref(world), operation);
    call.start();
    CHECK_FALSE(last.expired());
    stop = true;
    world.run();
    CHECK(*call.get() == 503);
  }
  SECTION("except for the last attempt") {
    auto call = tenax::coroutine::retry<task>(policy, std::ref(world), operation);
    call.start();
    CHECK(world.waiting() == 1);
    CHECK(last.expired());
    world.run();
    CHECK(*call.get() == 503);
  }
}

TEST_CASE("A coroutine whose operation was cancelled from outside is not retried") {
  scheduler world;
  int calls = 0;
  auto const operation = [&]() -> task<int> {
    ++calls;
    throw std::system_error(std::make_error_code(std::errc::operation_canceled));
    co_return 1;
  };
  auto const report = world.run(tenax::coroutine::try_retry<task>(steady, std::ref(world), operation));
  CHECK(report.reason == stop_reason::cancelled);
  CHECK(report.result.exception_as<std::system_error>() != nullptr);
  CHECK(calls == 1);
}

TEST_CASE("A coroutine, its attempts and its report have the name of the policy") {
  scheduler world;
  flaky operation{world, 1};
  std::vector<std::string> names;
  auto const see = [&](tenax::attempt_info const& a) { names.emplace_back(a.name); };
  auto const policy = steady.named("catalogue").before_attempt(see).after_attempt(see);
  auto const report =
      world.run(tenax::coroutine::try_retry<task>(policy, std::ref(world), [&](tenax::attempt_info const& a) {
        see(a);
        return operation();
      }));
  CHECK(report.name == std::string("catalogue"));
  CHECK(names == std::vector<std::string>(6, "catalogue"));
}
