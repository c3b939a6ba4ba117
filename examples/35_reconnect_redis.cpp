// SPDX-License-Identifier: MIT
// 35_reconnect_redis.cpp: four threads share one connection to Redis, whose server is killed and restarted meanwhile.
// The threads wait from the first failure on, and one of them connects for all.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <tenax/reconnect.hpp>
#include <tenax/tenax.hpp>

#include <hiredis/hiredis.h>

#include "child_server.hpp"

using namespace std::chrono_literals;

namespace {

using connection = std::shared_ptr<redisContext>;

// [connect_to]
/// A connection, or nothing if the server does not answer within a second.
connection connect_to(int port) {
  connection c(redisConnectWithTimeout("127.0.0.1", port, {1, 0}), [](redisContext* p) { redisFree(p); });
  if (!c || c->err != 0) return {};
  redisSetTimeout(c.get(), {1, 0});
  return c;
}
// [/connect_to]

struct redis_error : std::runtime_error {
  using runtime_error::runtime_error;
};

}  // namespace

int main() {
  if (!is_installed("redis-server")) {
    std::puts("skipped: this machine has no redis-server");
    return 0;
  }
  int const port = free_port();
  child_server server({"redis-server", "--port", std::to_string(port), "--bind", "127.0.0.1", "--save", "",
                       "--appendonly", "no", "--dir", "/tmp"});

  // A client of a real server keeps the default waits, which begin with up to 5 s. Here they are short.
  std::atomic<int> attempts{0};
  // [connect]
  tenax::reconnecting redis(
      [&] {
        ++attempts;
        return connect_to(port);
      },
      tenax::reconnect_schedule(tenax::wait::exponential({.base = 50ms, .max = 500ms}).full(), {.healthy_after = 1s}));
  // [/connect]

  // hiredis' connections are for one thread at a time.
  std::mutex use;
  // [use]
  auto const increment = [&](tenax::attempt_info const& info) {
    auto const c = redis.get(info.time_left);
    if (!c) throw redis_error("no connection");
    std::lock_guard const lock(use);
    std::unique_ptr<void, void (*)(void*)> const reply(redisCommand(c.get(), "INCR visits"), freeReplyObject);
    if (!reply) {
      redis.lost(c);
      throw redis_error("the connection was lost");
    }
    return static_cast<redisReply const*>(reply.get())->integer;
  };
  auto const policy = tenax::retrying{}
                          .named("visits")
                          .when(tenax::when::exception<redis_error>)
                          .wait(tenax::wait::none)  // `get` waits
                          .stop(tenax::stop::deadline(20s));
  // [/use]

  std::atomic<int> counted{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 250; ++n) {
        static_cast<void>(policy(increment));
        ++counted;
        std::this_thread::sleep_for(1ms);
      }
    });
  }
  while (counted < 300) std::this_thread::sleep_for(1ms);
  server.kill();
  std::this_thread::sleep_for(200ms);
  server.start();
  for (auto& t : threads) t.join();

  std::printf("%d visits counted by 4 threads; %d attempts to connect\n", counted.load(), attempts.load());
  bool const good = counted == 1000 && attempts >= 2 && attempts < 40;
  return good ? 0 : 1;
}
