// SPDX-License-Identifier: MIT
// async.cpp: the snippets of docs/reference/async.md, and of docs/how-to/retry-in-coroutines.md, hedge-a-slow-read.md
// and cancel.md.
#include <tenax/asio.hpp>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/detached.hpp>
#include <asio/experimental/as_tuple.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_future.hpp>
#include <tenax/coroutine.hpp>
#include <tenax/gate/adaptive_rate_limiter.hpp>
#include <tenax/gate/rate_limiter.hpp>
#include <tenax/gate/windowed_retry_budget.hpp>

#include <optional>
#include <thread>

#include "../scheduler.hpp"
#include "docs.hpp"

using tenax::stop_reason;

namespace {

/// Runs a coroutine to its end.
template <class F>
void run(F f) {
  asio::io_context io;
  std::exception_ptr failure;
  asio::co_spawn(io, std::move(f), [&](std::exception_ptr e) { failure = e; });
  io.run();
  if (failure) std::rethrow_exception(failure);
}

int calls = 0;

/// Succeeds the third time.
asio::awaitable<int> fetch() {
  if (++calls < 3) throw network_error("connection reset");
  co_return calls;
}

asio::awaitable<void> never_answers() {
  asio::steady_timer timer(co_await asio::this_coro::executor, 1h);
  co_await timer.async_wait(asio::use_awaitable);
}

}  // namespace

TEST_CASE("async: an awaitable") {
  calls = 0;
  // [awaitable]
  constexpr auto polite =
      tenax::retrying{}.wait(tenax::wait::exponential({.base = 1ms, .max = 5ms}).full());

  auto const session = [&]() -> asio::awaitable<void> {
    int const page = co_await tenax::asio::async_retry(polite, [] { return fetch(); });
    CHECK(page == 3);
  };
  // [/awaitable]
  run(session);
}

TEST_CASE("async: the report") {
  calls = -100;
  constexpr auto polite = tenax::retrying{}.wait(tenax::wait::none);
  // [report]
  auto const session = [&]() -> asio::awaitable<void> {
    auto const report = co_await tenax::asio::async_try_retry(polite, [] { return fetch(); });
    CHECK(report.reason == stop_reason::attempts);
    CHECK(report.attempts == 3);
  };
  // [/report]
  run(session);
}

TEST_CASE("async: an initiating function") {
  asio::io_context io;
  asio::ip::tcp::acceptor closed(io, {asio::ip::address_v4::loopback(), 0});
  auto const address = closed.local_endpoint();
  closed.close();
  bool refused = false;
  // [initiating]
  asio::ip::tcp::socket socket(io);
  auto const policy = tenax::retrying{}
                          .when(tenax::when::error(asio::error::connection_refused))
                          .wait(tenax::wait::constant(1ms));

  auto const connect = [&](auto token) {
    socket.close();  // a socket that failed to connect cannot be used again
    return socket.async_connect(address, std::move(token));
  };
  tenax::asio::async_retry(io, policy, connect,
                           [&](asio::error_code error) {  // as async_connect would call it
                             refused = error == asio::error::connection_refused;
                           });
  io.run();
  // [/initiating]
  CHECK(refused);
}

TEST_CASE("async: completion tokens") {
  calls = 0;
  constexpr auto polite = tenax::retrying{}.wait(tenax::wait::none);
  // [tokens]
  asio::io_context io;
  auto page = tenax::asio::async_retry(io, polite, fetch, asio::use_future);
  io.run();
  CHECK(page.get() == 3);
  // [/tokens]
}

TEST_CASE("async: handlers") {
  calls = 0;
  constexpr auto polite = tenax::retrying{}.wait(tenax::wait::none);
  int got = 0;
  std::uint32_t attempts = 0;
  asio::io_context io;
  // [handlers]
  tenax::asio::async_retry(io, polite, fetch, [&](std::exception_ptr error, int page) {
    if (!error) got = page;
  });
  tenax::asio::async_try_retry(io, polite, fetch,
                               [&](tenax::report<int> report) { attempts = report.attempts; });
  // [/handlers]
  io.run();
  CHECK(got >= 3);
  CHECK(attempts >= 1);
}

TEST_CASE("async: as_tuple") {
  using asio::experimental::as_tuple;
  calls = 0;
  constexpr auto polite = tenax::retrying{}.wait(tenax::wait::none);
  // [as_tuple]
  auto const session = [&]() -> asio::awaitable<void> {
    auto const here = co_await asio::this_coro::executor;
    auto const [error, page] =
        co_await tenax::asio::async_retry(here, polite, fetch, as_tuple(asio::use_awaitable));
    CHECK(!error);
    CHECK(page == 3);
  };
  // [/as_tuple]
  run(session);
}

TEST_CASE("async: attempt_timeout") {
  // [attempt_timeout]
  auto const hasty = tenax::retrying{}.wait(tenax::wait::none).attempt_timeout(5ms);

  auto const session = [&]() -> asio::awaitable<void> {
    auto const report =
        co_await tenax::asio::async_try_retry(hasty, [] { return never_answers(); });
    CHECK(report.attempts == 3);
    CHECK(report.result.exception_as<tenax::attempt_timed_out>() != nullptr);
  };
  // [/attempt_timeout]
  run(session);
}

TEST_CASE("async: attempt_timeout and a deadline") {
  // [attempt_timeout_deadline]
  auto const in_time = tenax::retrying{}.stop(tenax::stop::deadline(20ms)).attempt_timeout(20ms);
  // [/attempt_timeout_deadline]
  run([&]() -> asio::awaitable<void> {
    auto const report =
        co_await tenax::asio::async_try_retry(in_time, [] { return never_answers(); });
    CHECK(report.reason == stop_reason::deadline);
    CHECK(report.result.exception_as<tenax::attempt_timed_out>() != nullptr);
  });
}

TEST_CASE("async: attempt_timeout and a predicate") {
  // [attempt_timeout_when]
  auto const picky = tenax::retrying{}
                         .when(tenax::when::exception<network_error> ||
                               tenax::when::exception<tenax::attempt_timed_out>)
                         .wait(tenax::wait::none)
                         .attempt_timeout(5ms);
  // [/attempt_timeout_when]
  auto const pickier = picky.when(tenax::when::exception<network_error>);
  run([&]() -> asio::awaitable<void> {
    auto const again = co_await tenax::asio::async_try_retry(picky, [] { return never_answers(); });
    CHECK(again.attempts == 3);
    auto const once =
        co_await tenax::asio::async_try_retry(pickier, [] { return never_answers(); });
    CHECK(once.attempts == 1);
  });
}

TEST_CASE("async: cancellation by a slot") {
  constexpr auto polite = tenax::retrying{}.wait(tenax::wait::constant(1h));
  std::optional<stop_reason> reason;
  // [slot]
  asio::io_context io;
  asio::cancellation_signal signal;
  tenax::asio::async_try_retry(
      io, polite, [] { return never_answers(); },
      asio::bind_cancellation_slot(signal.slot(),
                                   [&](tenax::report<void> report) { reason = report.reason; }));
  asio::post(io, [&] { signal.emit(asio::cancellation_type::terminal); });
  io.run();
  CHECK(reason == stop_reason::cancelled);
  // [/slot]
}

// libc++ before version 20 has std::stop_token only with -fexperimental-library.
#if defined(__cpp_lib_jthread)
TEST_CASE("async: cancellation by a token") {
  std::optional<stop_reason> reason;
  // [token]
  asio::io_context io;
  std::stop_source source;
  auto const policy = tenax::retrying{}.cancel_with(source.get_token());
  tenax::asio::async_try_retry(
      io, policy, [] { return never_answers(); },
      [&](tenax::report<void> report) { reason = report.reason; });
  std::jthread elsewhere([&] { source.request_stop(); });  // from any thread
  io.run();
  CHECK(reason == stop_reason::cancelled);
  // [/token]
}
#endif

TEST_CASE("async: gates") {
  calls = 0;
  // [gates]
  tenax::adaptive_rate_limiter limiter;  // may be shared with threads that block
  auto const polite = tenax::retrying{}.wait(tenax::wait::none).through(std::ref(limiter));

  asio::io_context io;
  for (int i = 0; i < 3; ++i) {
    asio::co_spawn(io, tenax::asio::async_retry(polite, [] { return fetch(); }), asio::detached);
  }
  io.run();
  // [/gates]
  CHECK(calls == 5);
}

TEST_CASE("async: any coroutine library") {
  using tests::task;
  tests::scheduler loop;
  // [coroutine]
  constexpr auto polite = tenax::retrying{}.wait(tenax::wait::constant(1s));

  auto const sleep = [&loop](tenax::duration d) { return loop(d); };  // something to co_await
  auto const main_task = [&]() -> task<int> {
    co_return co_await tenax::coroutine::retry<task>(polite, sleep, [n = 0]() mutable -> task<int> {
      if (++n < 3) throw network_error("connection reset");
      co_return n;
    });
  };
  // [/coroutine]
  CHECK(loop.run(main_task()) == 3);
  CHECK(loop.now().time_since_epoch() == 2s);
}

TEST_CASE("async: hedging") {
  int attempts = 0;
  auto const read = [&attempts](std::string const&) -> asio::awaitable<int> {
    if (++attempts == 1) co_await never_answers();
    co_return attempts;
  };
  std::string const url = "/";
  // [hedging]
  tenax::windowed_retry_budget budget;  // hedges are a fifth of all calls at most
  tenax::hedging reads(budget, {.after = 5ms, .percentile = 0.95});

  auto const session = [&]() -> asio::awaitable<void> {
    int const page = co_await tenax::asio::async_hedged(reads, [&] { return read(url); });
    CHECK(page == 2);  // the second attempt's: the first one was cancelled
  };
  // [/hedging]
  run(session);
  CHECK(reads.hedged() == 1);

  int got = 0;
  asio::io_context io;
  // [hedged_with_a_token]
  asio::co_spawn(io, tenax::asio::async_hedged(reads, [&] { return read(url); }),
                 [&](std::exception_ptr error, int page) {
                   if (!error) got = page;
                 });
  // [/hedged_with_a_token]
  io.run();
  CHECK(got == 3);  // the budget allows no second hedge yet, and the call needs none
}

TEST_CASE("async: a hedged attempt of a retry") {
  constexpr auto polite = tenax::retrying{}.wait(tenax::wait::none);
  tenax::windowed_retry_budget budget;
  tenax::hedging reads(budget, {.after = 5ms});
  calls = 0;
  auto const session = [&]() -> asio::awaitable<void> {
    // [hedged_retry]
    auto const hedged = [&] { return tenax::asio::async_hedged(reads, [] { return fetch(); }); };
    int const page = co_await tenax::asio::async_retry(polite, hedged);
    // [/hedged_retry]
    CHECK(page == 3);
  };
  run(session);
}

TEST_CASE("async: hedges through a gate") {
  tenax::windowed_retry_budget budget;
  std::string const url = "/";
  auto const read = [](std::string) -> asio::awaitable<int> { co_return 2; };
  // [hedged_through]
  tenax::rate_limiter limiter(tenax::rate{.permits = 60});
  auto reads = tenax::hedging(budget, {.after = 5ms}).through(std::ref(limiter));
  // [/hedged_through]
  run([&]() -> asio::awaitable<void> {
    int const page = co_await tenax::asio::async_hedged(reads, [&] { return read(url); });
    CHECK(page == 2);
  });

  // [hedged_abandon]
  tenax::hedging lookups(budget, {.after = 5ms, .abandon_losers = true});
  auto const session = [&]() -> asio::awaitable<void> {
    // Owns its url: an abandoned attempt may outlive this coroutine.
    auto const look_up = [read, url] { return read(url); };
    co_await tenax::asio::async_hedged(lookups, look_up);
  };
  // [/hedged_abandon]
  run(session);
}

TEST_CASE("async: latencies") {
  // [latencies]
  tenax::latencies seen;
  for (int i = 1; i <= 100; ++i) seen.record(i * 1ms);
  CHECK(*seen.percentile(0.95) >= 95ms);
  CHECK(*seen.percentile(0.95) <= 107ms);
  // [/latencies]
}
