// SPDX-License-Identifier: MIT
// Machines that find a limit together, on a real redis-server that dies and forgets what it knew.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <tenax/redis/hiredis.hpp>
#include <tenax/shared/adaptive_rate_limiter.hpp>

#include "catch.hpp"
#include "redis_server.hpp"

using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

namespace {

/// Another side that allows 200 requests a second, and 20 at once.
class other_side {
 public:
  bool accepts() {
    std::lock_guard const lock(mutex_);
    auto const now = clock_type::now();
    left_ = std::min(20.0, left_ + 200 * std::chrono::duration<double>(now - last_).count());
    last_ = now;
    bool const good = left_ >= 1;
    if (good) left_ -= 1;
    ++(good ? accepted : refused);
    return good;
  }
  std::atomic<int> accepted{0}, refused{0};

 private:
  std::mutex mutex_;
  double left_ = 20;
  clock_type::time_point last_ = clock_type::now();
};

}  // namespace

TEST_CASE("Machines find a limit together on a real server, and keep it when the server forgets it", "[redis]") {
  tests::redis_server server;
  auto const allow = [&] {
    server.run("ACL", "SETUSER", "limits", "on", ">secret", "resetkeys", "~tenax:1:*", "resetchannels", "&tenax:1:*",
               "-@all", "+eval", "+evalsha", "+time", "+hget", "+hset", "+hdel", "+hlen", "+hgetall", "+pexpire",
               "+publish", "+subscribe");
  };
  allow();
  other_side api;
  std::vector<std::unique_ptr<tenax::redis::hiredis_store>> stores;
  std::vector<std::unique_ptr<tenax::shared::adaptive_rate_limiter>> machines;
  for (int i = 0; i < 3; ++i) {
    stores.push_back(std::make_unique<tenax::redis::hiredis_store>(
        tenax::redis::hiredis_options{.port = server.port, .user = "limits", .password = "secret"}));
    machines.push_back(std::make_unique<tenax::shared::adaptive_rate_limiter>(
        *stores.back(), "api", tenax::shared::adaptive_options{.start = tenax::per_second(40)}));
  }
  std::vector<std::jthread> threads;
  for (auto& m : machines) {
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&api, &m = *m](std::stop_token const& stop) {
        while (!stop.stop_requested()) {
          auto p = m.acquire(100ms);
          if (!p) continue;
          std::this_thread::sleep_for(2ms);
          api.accepts() ? p.report_success() : p.record({.how = tenax::feedback::kind::throttled});
        }
      });
    }
  }
  std::this_thread::sleep_for(2s);
  // On a busy machine, threads may stand still for a while. Machines that do not find the limit never do.
  double found = 0;
  bool good = false;
  for (int i = 0; i < 40 && !good; ++i) {
    int accepted = -api.accepted;
    int refused = -api.refused;
    auto const begun = clock_type::now();
    std::this_thread::sleep_for(1s);
    accepted += api.accepted;
    refused += api.refused;
    CHECK(accepted <= 25 + 200 * std::chrono::duration<double>(clock_type::now() - begun).count());
    found = machines[2]->state().per_second;
    good = accepted >= 120 && refused <= 40 && found >= 60 && found <= 500;
  }
  CHECK(good);
  for (int i = 0; i < 1000 && !machines[0]->state().store_up; ++i) std::this_thread::sleep_for(10ms);
  CHECK(machines[0]->state().machines == 3);
  CHECK(machines[0]->state().trouble == "");
  CHECK(server.number("PTTL", "tenax:1:{api}") > 3'000'000);

  server.kill();
  std::this_thread::sleep_for(400ms);
  int const at_first = api.accepted;
  for (int i = 0; i < 100 && api.accepted - at_first < 20; ++i) std::this_thread::sleep_for(50ms);
  CHECK(api.accepted - at_first >= 20);
  server.start();
  server.run("PING");  // finds that its connection was lost
  allow();
  for (int i = 0; i < 1000 && !(machines[0]->state().store_up && machines[2]->state().store_up); ++i) {
    std::this_thread::sleep_for(10ms);
  }
  CHECK(machines[0]->state().store_up);
  CHECK(machines[0]->state().trouble == "");
  CHECK(machines[0]->state().doing != tenax::shared::adaptive_state::phase::start);
  // Machines that come back one after the other may be refused at first; then the rate is soon where it was.
  auto const at_least = 0.5 * std::min(found, 200.0);
  for (int i = 0; i < 400 && machines[0]->state().per_second < at_least; ++i) std::this_thread::sleep_for(50ms);
  CHECK(machines[0]->state().per_second >= at_least);
}
