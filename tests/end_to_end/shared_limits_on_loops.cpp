// SPDX-License-Identifier: MIT
// Limits that machines share, on event loops: one thread for the calls and for the server's answers.
#include <event2/event.h>
#include <hiredis/adapters/libevent.h>
#include <hiredis/adapters/libuv.h>
#include <uv.h>
#include <asio.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <thread>

#include <tenax/asio.hpp>
#include <tenax/redis/hiredis_asio.hpp>
#include <tenax/redis/hiredis_async.hpp>
#include <tenax/shared/pause.hpp>
#include <tenax/shared/rate_limiter.hpp>
#include <tenax/tenax.hpp>

#include "catch.hpp"
#include "redis_server.hpp"

using namespace std::chrono_literals;
using tenax::per_second;
using tenax::redis::hiredis_async_store;
using tenax::shared::rate_limiter;
using clock_type = std::chrono::steady_clock;

namespace {

/// What a limit of 200 per second with a burst of 10 admits in this time at most.
double most_in(clock_type::duration d) { return 11 + 200 * std::chrono::duration<double>(d).count(); }

}  // namespace

TEST_CASE("Coroutines of Asio wait for permits on one thread", "[redis]") {
  tests::redis_server server;
  asio::io_context io;
  hiredis_async_store store([&] {
    return tenax::redis::attach<asio::posix::stream_descriptor>(redisAsyncConnect("127.0.0.1", server.port),
                                                                io.get_executor());
  });
  rate_limiter limiter(store, "asio", per_second(200).with_burst(10));
  tenax::shared::pause held(store, "asio pause");
  constexpr auto polite = tenax::retrying{}.stop(tenax::stop::after_attempts(3));
  int went = 0;
  bool ends = false;
  auto const work = [&]() -> asio::awaitable<void> {
    while (!ends) {
      co_await tenax::asio::async_retry(polite.through(std::ref(held)).through(std::ref(limiter)),
                                        [&]() -> asio::awaitable<int> {
                                          ++went;
                                          co_return 1;
                                        });
    }
  };
  auto const run_until = [&](auto const& holds) {
    for (auto const end = clock_type::now() + 20s; !holds() && clock_type::now() < end;) io.run_for(5ms);
    CHECK(holds());
  };
  for (int i = 0; i < 50; ++i) asio::co_spawn(io, work(), asio::detached);
  // A busy machine may need several seconds for one in which it is in time; the first one has the burst.
  bool good = false;
  for (int second = 0; second < 15 && !good; ++second) {
    auto const before = went;
    auto const began = clock_type::now();
    io.run_for(1s);
    CHECK(went - before <= most_in(clock_type::now() - began));
    good = went - before >= (second == 0 ? 195 : 185);
  }
  CHECK(good);
  run_until([&] { return limiter.state().store_up; });
  auto const pause = clock_type::now();
  held.begin(300ms);
  io.poll();  // those that were admitted before
  auto const before = went;
  while (clock_type::now() < pause + 280ms && went == before) io.run_for(2ms);
  CHECK((went == before || clock_type::now() >= pause + 300ms));
  run_until([&] { return went > before + 40; });

  server.kill();
  run_until([&] { return !limiter.state().store_up; });
  server.start();
  auto const again = went;
  run_until([&] { return limiter.state().store_up && went > again + 100; });
  ends = true;
  io.run_for(500ms);
}

TEST_CASE("A loop of libuv or libevent drives a store", "[redis]") {
  bool const uv = GENERATE(true, false);
  tests::redis_server server;
  ::uv_loop_t loop;
  ::uv_loop_init(&loop);
  auto* const base = event_base_new();
  {
    hiredis_async_store store([&] {
      auto* const c = redisAsyncConnect("127.0.0.1", server.port);
      uv ? redisLibuvAttach(c, &loop) : redisLibeventAttach(c, base);
      return c;
    });
    auto const turn = [&] { uv ? ::uv_run(&loop, UV_RUN_NOWAIT) : event_base_loop(base, EVLOOP_NONBLOCK); };
    rate_limiter limiter(store, "loop", per_second(200).with_burst(10));
    // A busy machine may need several times for one in which it is in time; the first one has the burst.
    bool good = false;
    for (int time = 0; time < 30 && !good; ++time) {
      int went = 0;
      auto const questions = limiter.state().questions;
      auto const began = clock_type::now();
      while (clock_type::now() < began + 500ms) {
        went += limiter.try_acquire() ? 1 : 0;
        turn();
        std::this_thread::sleep_for(500us);  // systems let threads wait that never do
      }
      CHECK(went <= most_in(clock_type::now() - began));

      good = went >= (time == 0 ? 95 : 85) && limiter.state().questions - questions < 25 && limiter.state().store_up;
    }
    CHECK(good);
  }
  for (int i = 0; i < 10; ++i) ::uv_run(&loop, UV_RUN_NOWAIT);
  ::uv_loop_close(&loop);
  event_base_free(base);
}

TEST_CASE("A store on a loop leaves a replica, and opens a lost connection for messages again", "[redis]") {
  tests::redis_server first;
  tests::redis_server replica({"--replicaof", "127.0.0.1 " + std::to_string(first.port)});
  asio::io_context io;
  int port = replica.port;
  hiredis_async_store store([&] {
    return tenax::redis::attach<asio::posix::stream_descriptor>(redisAsyncConnect("127.0.0.1", port),
                                                                io.get_executor());
  });
  std::string trouble;
  tenax::shared::options const o{.on_event = [&](tenax::shared::event const& e) { trouble += e.why; }};
  rate_limiter limiter(store, "replica", o, per_second(500).with_burst(20));
  auto const run = [&](auto const& holds) {
    for (auto const end = clock_type::now() + 20s; !holds() && clock_type::now() < end;) {
      static_cast<void>(limiter.try_acquire());
      io.run_for(2ms);
      io.restart();
    }
    CHECK(holds());
  };
  run([&] { return trouble.find("READONLY") != std::string::npos; });
  port = first.port;  // as a name that follows the master does
  run([&] { return limiter.state().store_up; });

  auto const connection = [&] { return first.text("CLIENT", "LIST", "TYPE", "pubsub").substr(0, 8); };  // id=...
  run([&] { return !connection().empty(); });
  auto const killed = connection();
  first.run("CLIENT", "KILL", "TYPE", "pubsub");
  run([&] { return !connection().empty() && connection() != killed; });
}

TEST_CASE("A store on a loop needs a function and a timeout", "[redis]") {
  CHECK_THROWS_WITH(hiredis_async_store(hiredis_async_store::connector()),
                    Catch::Contains("connect must be a function"));
  CHECK_THROWS_WITH(hiredis_async_store([] { return nullptr; }, 0s),
                    Catch::Contains("answer_timeout must be more than zero"));
  hiredis_async_store nothing([] { return nullptr; });
  rate_limiter limiter(nothing, "nothing", per_second(100));
  CHECK_FALSE(limiter.try_acquire());
  CHECK(limiter.state().trouble.find("cannot be reached") != std::string::npos);
}
