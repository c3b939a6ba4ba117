// SPDX-License-Identifier: MIT
// concurrency.cpp: a concurrency limiter finds how many requests at once an HTTP server can use: a few workers on real
// connections, behind which all other requests wait.
#include <httplib.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <thread>
#include <vector>

#include <tenax/gate/bulkhead.hpp>
#include <tenax/gate/call.hpp>
#include <tenax/gate/concurrency_limiter.hpp>

#include "catch.hpp"

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

namespace {

constexpr int workers = 4;
constexpr int callers = 16;

/// Answers after 3 to 5 ms, as many requests at once as it has workers.
class slow_server {
 public:
  slow_server() {
    server_.new_task_queue = [] { return new httplib::ThreadPool(workers); };
    server_.Get("/", [this](httplib::Request const&, httplib::Response& r) {
      std::this_thread::sleep_for(3ms + 500us * (number_++ % 5));
      r.set_content("done", "text/plain");
    });
    port = server_.bind_to_any_port("127.0.0.1");
    listener_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  slow_server(slow_server const&) = delete;
  slow_server& operator=(slow_server const&) = delete;
  ~slow_server() {
    server_.stop();
    listener_.join();
  }

  int port = 0;

 private:
  httplib::Server server_;
  std::thread listener_;
  std::atomic<unsigned> number_{0};
};

struct result {
  double per_second = 0;
  std::chrono::duration<double, std::milli> p99{};
};

/// All callers send requests through the gate, one after the other, until `count` were answered. Each has its own
/// connection. The times are those of the requests, without the waits at the gate.
template <class Gate>
result send(slow_server const& server, Gate& gate, int count) {
  std::vector<std::vector<steady::duration>> took(callers);
  std::atomic<int> left{count}, failed{0};
  std::vector<std::thread> threads;
  auto const begin = steady::now();
  for (auto& own : took) {
    threads.emplace_back([&server, &gate, &own, &left, &failed] {
      while (left.fetch_sub(1) > 0) {
        tenax::call_through(gate, [&] {
          auto const sent = steady::now();
          httplib::Client client("127.0.0.1", server.port);
          auto const r = client.Get("/");
          own.push_back(steady::now() - sent);
          if (!r || r->status != 200) ++failed;
        });
      }
    });
  }
  for (auto& t : threads) t.join();
  auto const seconds = std::chrono::duration<double>(steady::now() - begin).count();
  REQUIRE(failed == 0);
  std::vector<steady::duration> all;
  for (auto const& own : took) all.insert(all.end(), own.begin(), own.end());
  auto const p99 = all.begin() + static_cast<std::ptrdiff_t>(all.size() * 99 / 100);
  std::nth_element(all.begin(), p99, all.end());
  return {static_cast<double>(all.size()) / seconds, *p99};
}

result send_with_places(slow_server const& server, std::int64_t places) {
  tenax::bulkhead fixed({.at_once = places, .queue = callers, .max_wait = 1min});
  return send(server, fixed, 300);
}

}  // namespace

TEST_CASE("A concurrency limiter finds what a server with few workers can do, and keeps its answers fast") {
  slow_server const server;
  for (std::int64_t const start : {1, callers}) {
    tenax::concurrency_limiter limiter({.start = start, .queue = callers, .max_wait = 1min});
    // Another program may take the processors for a while, so both are measured until a pair shows what it should. A
    // limiter that does not find the limit never does.
    bool good = false;
    for (auto const end = steady::now() + 50s; !good && steady::now() < end;) {
      auto const own = send(server, limiter, 400);
      auto const places = limiter.state().found;
      CAPTURE(start, places, own.per_second, own.p99.count());
      if (places < workers - 1 || places > 2 * workers) continue;
      auto const at_capacity = send_with_places(server, workers);
      auto const above = send_with_places(server, workers + 1);
      auto const best = std::max(at_capacity.per_second, above.per_second);
      good = own.per_second >= 0.9 * best && own.p99 <= 2 * at_capacity.p99;
    }
    CAPTURE(start, limiter.state().found);
    CHECK(good);
  }
}
