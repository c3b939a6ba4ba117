// SPDX-License-Identifier: MIT
// An any_retrying in the asynchronous drivers.
#include <tenax/any_retrying.hpp>

#include <functional>
#include <stdexcept>
#include <vector>

#include <tenax/async/callback.hpp>
#include <tenax/async/wake_signal.hpp>
#include <tenax/coroutine.hpp>
#include <tenax/gate/bulkhead.hpp>
#include <tenax/tenax.hpp>
#include <tenax/testing/virtual_time.hpp>

// An older Asio has to be told that clang has coroutines.
#if __has_include(<asio/io_context.hpp>) && (!defined(__clang__) || defined(ASIO_HAS_CO_AWAIT))
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <tenax/asio.hpp>
#define HAS_ASIO
#endif

#include "catch.hpp"
#include "scheduler.hpp"

using namespace std::chrono_literals;
using tests::scheduler;
using tests::task;

namespace {

struct network_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

tenax::any_retrying const steady = tenax::retrying{}.wait(tenax::wait::constant(1s));

/// Timers that fire at once, in virtual time.
struct instant {
  tenax::time_point time{};
  std::vector<tenax::callback_alarm> set{};

  tenax::time_point now() const { return time; }
  void operator()(tenax::duration d, tenax::callback_alarm f) {
    time += d;
    set.push_back(std::move(f));
  }
  void run() {
    for (std::size_t i = 0; i < set.size(); ++i) {
      auto const alarm = set[i];
      alarm();
    }
  }
};

}  // namespace

TEST_CASE("any_retrying: in coroutines of any library") {
  scheduler world;
  int calls = 0;
  auto const operation = [&]() -> task<int> {
    co_await world(100ms);
    if (++calls < 3) throw network_error("down");
    co_return calls;
  };
  auto const report = world.run(tenax::coroutine::try_retry<task>(steady, std::ref(world), operation));
  CHECK(report.result.value() == 3);
  CHECK(report.waited == 2s);
  CHECK(report.elapsed == 2s + 300ms);
}

TEST_CASE("any_retrying: in event loops that call back, with gates and without a time limit that is not there") {
  instant timer;
  tenax::bulkhead gate({.at_once = 1});
  tenax::any_retrying const through =
      tenax::retrying{}.wait(tenax::wait::constant(1s)).stop(tenax::stop::deadline(1h)).through(std::ref(gate));
  int calls = 0;
  int ended = 0;
  auto const start = [&](tenax::callback_reply<int> const& reply) {
    CHECK(gate.running() == 1);
    ++calls < 3 ? reply.fail(network_error("down")) : reply(calls);
  };
  auto const call = tenax::callback_retry(through, std::ref(timer), start, [&](tenax::report<int> const& r) {
    ++ended;
    CHECK(r.result.value() == 3);
    CHECK(r.waited == 2s);
  });
  timer.run();
  CHECK(ended == 1);
  CHECK(gate.running() == 0);
  CHECK(timer.set.size() == 2);  // two waits, and no limit for an attempt
}

TEST_CASE("any_retrying: a time limit for attempts, in event loops that call back") {
  instant timer;
  int ended = 0;
  tenax::any_retrying const hasty = tenax::any_retrying(
      tenax::retrying{}.wait(tenax::wait::none).attempt_timeout(100ms).stop(tenax::stop::after_attempts(2)));
  auto const start = [](tenax::callback_reply<int> const&) {};
  auto const call = tenax::callback_retry(hasty, std::ref(timer), start, [&](tenax::report<int> const& r) {
    ++ended;
    CHECK(r.elapsed == 200ms);
    CHECK(r.result.exception_as<tenax::attempt_timed_out>() != nullptr);
  });
  timer.run();
  CHECK(ended == 1);
}

#if defined(HAS_ASIO)
TEST_CASE("any_retrying: in Asio, on the steady clock, whatever the environment") {
  tenax::testing::virtual_time clock;
  bool const real = GENERATE(true, false);
  auto const policy = tenax::retrying{}.wait(tenax::wait::constant(1ms)).stop(tenax::stop::deadline(1h));
  auto const any = real ? tenax::any_retrying(policy) : tenax::any_retrying(policy.environment(std::ref(clock)));
  asio::io_context io;
  int calls = 0;
  int got = 0;
  auto const operation = [&]() -> asio::awaitable<int> {
    if (++calls < 3) throw network_error("down");
    co_return calls;
  };
  auto const done = [&](tenax::report<int> const& r) {
    got = r.result.value();
    CHECK(r.waited == 2ms);
    CHECK(r.elapsed >= 2ms);
  };
  tenax::asio::async_try_retry(io, any, operation, done);
  io.run();
  CHECK(got == 3);
}

TEST_CASE("any_retrying: in Asio, a deadline alone does not end an attempt, and a time limit does") {
  auto const policy = tenax::retrying{}.wait(tenax::wait::none).stop(tenax::stop::deadline(50ms));
  bool const limited = GENERATE(true, false);
  auto const any = limited ? tenax::any_retrying(policy.attempt_timeout(1h)) : tenax::any_retrying(policy);
  bool begun = false;
  bool cut = false;
  // On a machine that is busy, the deadline may pass before the attempt.
  for (int i = 0; i < 100 && !begun; ++i) {
    asio::io_context io;
    // An attempt that only its limit ends, or one that ends by itself after the deadline.
    auto const operation = [&]() -> asio::awaitable<void> {
      begun = true;
      asio::steady_timer timer(io, limited ? 24h : 60ms);
      co_await timer.async_wait(asio::use_awaitable);
    };
    auto const done = [&](tenax::report<void> const& r) { cut = !r.succeeded(); };
    tenax::asio::async_try_retry(io, any, operation, done);
    io.run();
  }
  CHECK(begun);
  CHECK(cut == limited);
}
#endif
