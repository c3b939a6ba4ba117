// SPDX-License-Identifier: MIT
// coroutine_hedged.cpp: hedged calls and attempts with a time limit, with a small coroutine library of the tests.
#include <tenax/async/coroutine_hedged.hpp>

#include <coroutine>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <vector>

#include <tenax/gate/bulkhead.hpp>
#include <tenax/gate/retry_budget.hpp>
#include <tenax/tenax.hpp>

#include "catch.hpp"
#include "scheduler.hpp"

using namespace std::chrono_literals;
using tenax::attempt_info;
using tests::scheduler;
using tests::task;

namespace {

/// A sleep that a gate, a timer or a token ends.
struct ended_sleep {
  tenax::wake_signal& signal;
  scheduler::sleep sleep;

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> h) {
    sleep.await_suspend(h);
    auto const wake = [](void* self) noexcept { static_cast<ended_sleep*>(self)->sleep.end_now(); };
    if (!signal.listen({wake, this})) sleep.end_now();
  }
  void await_resume() noexcept { signal.ignore(); }
};
struct sleeps {
  scheduler* world;
  ended_sleep operator()(tenax::duration d, tenax::wake_signal& s) const {
    CHECK(d <= 24h);  // so that a loop can add it to the present time
    return {s, {*world, d}};
  }
  [[nodiscard]] tenax::time_point now() const { return world->now(); }
};

struct ends_sleep {
  scheduler::sleep* sleep;
  void operator()() const { sleep->end_now(); }
};
struct awaits {
  scheduler::sleep& sleep;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> h) const { sleep.await_suspend(h); }
  void await_resume() const noexcept {}
};

/// An operation that takes a time, and ends early when its token is triggered. Returns whether it did.
task<bool> work_for(scheduler& world, tenax::duration time, std::stop_token token) {
  scheduler::sleep sleep(world, time);
  std::stop_callback<ends_sleep> const early(token, ends_sleep{&sleep});
  if (!token.stop_requested()) co_await awaits{sleep};
  co_return token.stop_requested();
}

struct network_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

using counts = tenax::hedge_counts;

struct world {
  scheduler loop{};
  tenax::retry_budget budget{};
  std::vector<tenax::duration> started{};
  int cancelled = 0;

  sleeps sleep() { return {&loop}; }
  [[nodiscard]] tenax::duration now() const { return loop.now().time_since_epoch(); }

  /// An attempt that takes a time; negative: it fails after that time.
  task<int> attempt(attempt_info info, std::vector<std::chrono::milliseconds> takes) {
    started.push_back(now());
    auto const number = started.size();
    auto const time = takes.at(number - 1);
    bool const stopped = co_await work_for(loop, time < 0ms ? -time : time, tenax::stop_token_of(info));
    if (stopped) {
      CHECK(info.stop_requested());
      ++cancelled;
    }
    if (stopped || time < 0ms) throw network_error("attempt " + std::to_string(number));
    co_return static_cast<int>(number);
  }
  auto operation(std::vector<std::chrono::milliseconds> takes) {
    return [this, takes = std::move(takes)](attempt_info const& info) { return attempt(info, takes); };
  }
};

auto const once = tenax::retrying{}.stop(tenax::stop::after_attempts(1));

}  // namespace

TEST_CASE("coroutine::hedged: a slow attempt is joined by another one, the first result wins, the loser is cancelled") {
  world w;
  tenax::hedging hedging(w.budget, {.after = 50ms});
  SECTION("alone") {
    CHECK(w.loop.run(tenax::coroutine::hedged<task>(hedging, w.sleep(), w.operation({1000ms, 10ms}))) == 2);
    CHECK(w.now() == 60ms);
    CHECK(hedging.counts() == counts{.calls = 1, .hedges = 1, .won = 1, .lost = 0});
  }
  SECTION("as an attempt of a retried call") {
    auto const policy = tenax::retrying{}.wait(tenax::wait::constant(100ms));
    auto const operation = w.operation({-10ms, 1000ms, 10ms});
    CHECK(w.loop.run(tenax::coroutine::hedged<task>(policy, hedging, w.sleep(), operation)) == 3);
    CHECK(w.started == std::vector<tenax::duration>{0ms, 110ms, 160ms});
    CHECK(hedging.counts() == counts{.calls = 2, .hedges = 1, .won = 1, .lost = 0});
  }
  CHECK(hedging.under_way() == 0);
  CHECK(w.cancelled == 1);
  CHECK(w.loop.waiting() == 0);
}

TEST_CASE("coroutine::hedged: what a loser's gate throws does not take the result away") {
  struct broken : std::exception {};
  struct throwing {
    struct ticket {};
    tenax::admission admit(ticket&, attempt_info const&, tenax::time_point) const { return {}; }
    void record(ticket&, tenax::feedback const&, tenax::time_point) const { throw broken(); }
  } gate;
  world w;
  auto hedging = tenax::hedging(w.budget, {.after = 50ms}).through(std::ref(gate));
  CHECK(w.loop.run(tenax::coroutine::hedged<task>(hedging, w.sleep(), w.operation({1000ms, 10ms}))) == 2);
  CHECK(w.cancelled == 1);
  CHECK_THROWS_AS(w.loop.run(tenax::coroutine::hedged<task>(hedging, w.sleep(), w.operation({1s, 1s, -10ms}))), broken);
}

TEST_CASE("coroutine::hedged: fails when all attempts have failed, and a first attempt that is fast is not hedged") {
  world w;
  tenax::hedging hedging(w.budget, {.after = 50ms, .at_most = 3});
  auto const call = [&](std::vector<std::chrono::milliseconds> takes) {
    return w.loop.run(tenax::coroutine::hedged<task>(hedging, w.sleep(), w.operation(std::move(takes))));
  };
  SECTION("all fail") {
    CHECK_THROWS_WITH(call({-200ms, -10ms, -20ms}), "attempt 1");
    CHECK(w.started == std::vector<tenax::duration>{0ms, 50ms, 100ms});
  }
  SECTION("fast") {
    CHECK(call({10ms}) == 1);
    CHECK(w.now() == 10ms);
  }
  SECTION("at once") {
    auto const ready = [](attempt_info const&) -> task<int> { co_return 7; };
    CHECK(w.loop.run(tenax::coroutine::hedged<task>(hedging, w.sleep(), ready)) == 7);
    CHECK(w.now() == 0ms);
  }
  SECTION("nothing") {
    auto const nothing = [&]() -> task<void> { co_await work_for(w.loop, 10ms, std::stop_token()); };
    w.loop.run(tenax::coroutine::hedged<task>(hedging, w.sleep(), nothing));
    CHECK(w.now() == 10ms);
  }
}

TEST_CASE("coroutine::hedged: hedges pass the gates of the policy, gates wake them, and a token cancels all") {
  world w;
  tenax::hedging hedging(w.budget, {.after = 50ms});
  tenax::bulkhead two({.at_once = 2, .queue = 2});
  tenax::bulkhead::ticket other;
  REQUIRE(two.admit(other, {}, {}).admitted());
  auto const later = [&](tenax::duration d, auto f) -> task<void> {
    co_await work_for(w.loop, d, std::stop_token());
    f();
  };
  SECTION("woken") {
    auto freed = later(70ms, [&] { other = {}; });
    freed.start();
    auto const policy = tenax::retrying{}.through(std::ref(two));
    CHECK(w.loop.run(tenax::coroutine::hedged<task>(policy, hedging, w.sleep(), w.operation({1000ms, 10ms}))) == 2);
    CHECK(w.started == std::vector<tenax::duration>{0ms, 70ms});
    CHECK(two.running() == 0);
  }
  SECTION("cancelled") {
    std::stop_source source;
    auto stops = later(60ms, [&] { source.request_stop(); });
    stops.start();
    auto const policy = tenax::retrying{}.cancel_with(source.get_token());
    auto call = tenax::coroutine::hedged<task>(policy, hedging, w.sleep(), w.operation({1000ms, 1000ms}));
    CHECK_THROWS(w.loop.run(std::move(call)));
    CHECK(w.cancelled == 2);
    CHECK(w.now() == 60ms);
  }
  SECTION("destroyed") {
    auto const policy = tenax::retrying{}.through(std::ref(two));
    {
      auto call = tenax::coroutine::hedged<task>(policy, hedging, w.sleep(), w.operation({1000ms, 1000ms}));
      call.start();
      CHECK(two.running() == 2);
    }
    CHECK(two.running() == 1);
    CHECK(w.loop.waiting() == 0);
  }
  SECTION("losers cannot be abandoned") {
    tenax::hedging loose(w.budget, {.abandon_losers = true});
    CHECK_THROWS_AS(tenax::coroutine::hedged<task>(loose, w.sleep(), w.operation({})), std::invalid_argument);
    CHECK_THROWS_AS(tenax::coroutine::hedged<task>(once, loose, w.sleep(), w.operation({})), std::invalid_argument);
  }
}

TEST_CASE("coroutine::retry: .attempt_timeout() triggers the token of an attempt, if the sleep can be ended") {
  world w;
  auto const hasty = tenax::retrying{}.wait(tenax::wait::constant(100ms)).attempt_timeout(30ms);
  SECTION("and the attempt is repeated") {
    CHECK(w.loop.run(tenax::coroutine::retry<task>(hasty, w.sleep(), w.operation({1000ms, 10ms}))) == 2);
    CHECK(w.started == std::vector<tenax::duration>{0ms, 130ms});
    CHECK(w.now() == 140ms);
    CHECK(w.cancelled == 1);
  }
  SECTION("at the deadline, if that is earlier") {
    auto const limit = GENERATE(tenax::duration(100ms), tenax::duration::max());
    auto const in_time = tenax::retrying{}.stop(tenax::stop::deadline(100ms)).attempt_timeout(limit);
    SECTION("of an attempt") {
      auto const report = w.loop.run(tenax::coroutine::try_retry<task>(in_time, w.sleep(), w.operation({1000ms})));
      CHECK(report.reason == tenax::stop_reason::deadline);
      CHECK(w.cancelled == 1);
    }
    SECTION("of hedged attempts") {
      tenax::hedging hedging(w.budget, {.after = 50ms});
      auto const operation = w.operation({1000ms, 1000ms});
      CHECK_THROWS_AS(w.loop.run(tenax::coroutine::hedged<task>(in_time, hedging, w.sleep(), operation)),
                      tenax::attempt_timed_out);
      CHECK(w.cancelled == 2);
    }
    CHECK(w.now() == 100ms);
  }
  SECTION("and fails in the end") {
    auto call = tenax::coroutine::try_retry<task>(hasty, w.sleep(), w.operation({1000ms, 1000ms, 1000ms}));
    auto const report = w.loop.run(std::move(call));
    CHECK(report.attempts == 3);
    CHECK(report.result.exception_as<tenax::attempt_timed_out>() != nullptr);
  }
  SECTION("not one that ends in time") {
    CHECK(w.loop.run(tenax::coroutine::retry<task>(hasty, w.sleep(), w.operation({20ms}))) == 1);
    CHECK(w.now() == 20ms);
    CHECK_THROWS_AS(w.loop.run(tenax::coroutine::retry<task>(once.attempt_timeout(30ms), w.sleep(),
                                                             [](attempt_info const&) -> task<int> {
                                                               throw network_error("down");
                                                               co_return 1;
                                                             })),
                    network_error);
  }
  SECTION("an attempt that ignores its token is awaited, and its value counts") {
    auto const deaf = [&](attempt_info const& info) -> task<int> {
      auto const left = info.time_left;
      CHECK(left == 30ms);
      co_await work_for(w.loop, 200ms, std::stop_token());
      co_return 5;
    };
    CHECK(w.loop.run(tenax::coroutine::retry<task>(hasty, w.sleep(), deaf)) == 5);
    CHECK(w.now() == 200ms);
  }
  SECTION("the token of the policy reaches the attempt") {
    std::stop_source source;
    auto const policy = hasty.cancel_with(source.get_token());
    auto const stops = [&]() -> task<void> {
      co_await work_for(w.loop, 20ms, std::stop_token());
      source.request_stop();
    };
    auto stop = stops();
    stop.start();
    auto const report = w.loop.run(tenax::coroutine::try_retry<task>(policy, w.sleep(), w.operation({1000ms})));
    CHECK(report.reason == tenax::stop_reason::cancelled);
    CHECK(w.now() == 20ms);
    CHECK(w.cancelled == 1);
  }
}
