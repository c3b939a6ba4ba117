// SPDX-License-Identifier: MIT
// 40_machines_share_a_limit.cpp: four processes call a service that allows 200 requests per second. First each of them
// has a rate_limiter of its own; then they share one, on a redis-server. The program starts a redis-server of its own,
// or uses yours: --redis HOST:PORT. A stale request is one that was sent during a pause that the service had asked for,
// after the pause had reached the store.
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <hiredis/hiredis.h>
#include <tenax/gate/rate_limiter.hpp>
#include <tenax/redis/hiredis.hpp>
#include <tenax/shared/rate_limiter.hpp>
#include <tenax/tenax.hpp>

#include "child_server.hpp"

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

constexpr int processes = 4;
constexpr int threads = 3;
constexpr auto limit = tenax::per_second(200).with_burst(20);

/// The service, in memory that the processes share: a token bucket, and one pause that it asks for.
struct service {
  struct counts {
    std::atomic<int> accepted, refused, stale;
  };

  /// Whether the request is accepted.
  bool take(counts& mine) {
    auto const now = steady::now().time_since_epoch().count();
    if (now < paused_until.load() && now > paused_from.load()) ++mine.stale;
    // The arrival time of the generic cell rate algorithm, with a tolerance of one permit for delays.
    constexpr std::int64_t interval = 1'000'000'000 / 200;
    for (auto at = arrival.load();;) {
      auto const next = (at > now ? at : now) + interval;
      if (next - now > 21 * interval) return ++mine.refused, false;
      if (arrival.compare_exchange_weak(at, next)) return ++mine.accepted, true;
    }
  }

  std::atomic<std::int64_t> arrival, paused_from, paused_until;
  counts each[processes];
};

struct too_many_requests : std::runtime_error {
  too_many_requests() : runtime_error("429 Too Many Requests") {}
};

/// Calls the service from several threads for a while.
template <class Policy>
void work(service& api, int me, Policy const& polite) {
  auto const end = steady::now() + 2s;
  std::vector<std::jthread> all;
  for (int i = 0; i < threads; ++i) {
    all.emplace_back([&] {
      while (steady::now() < end) {
        (void)polite.try_call([&] {
          if (!api.take(api.each[me])) throw too_many_requests();
        });
      }
    });
  }
}

auto const patient = tenax::retrying{}
                         .when(tenax::when::exception<too_many_requests>)
                         .wait(tenax::wait::exponential({.base = 10ms, .max = 1s}).full());

void alone(service& api, int me, std::string const&, int) {
  tenax::rate_limiter limiter(limit);
  work(api, me, patient.through(std::ref(limiter)));
}

void shared(service& api, int me, std::string const& host, int port) {
  // [shared]
  tenax::redis::hiredis_store store({.host = host, .port = port});
  tenax::shared::rate_limiter limiter(store, "catalogue", limit);  // the same limit in every process
  auto const polite = patient.through(std::ref(limiter));
  // [/shared]
  std::jthread service_asks_for_a_pause([&] {
    if (me != 0) return;
    std::this_thread::sleep_for(1s);
    limiter.pause(200ms);
    auto const asked = steady::now();
    std::this_thread::sleep_for(50ms);  // to the store, and from there to all: milliseconds, if nobody stands still
    api.paused_from = steady::now().time_since_epoch().count();
    api.paused_until = (asked + 199ms).time_since_epoch().count();
  });
  work(api, me, polite);
}

void measure(char const* name, void (*run)(service&, int, std::string const&, int), std::string const& host, int port) {
  if (::isatty(STDOUT_FILENO) == 1) std::printf("%s ...\r", name), std::fflush(stdout);
  auto* const api =
      new (::mmap(nullptr, sizeof(service), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) service{};
  for (int i = 0; i < processes; ++i) {
    if (::fork() == 0) {
      run(*api, i, host, port);
      std::_Exit(0);
    }
  }
  for (int i = 0; i < processes; ++i) ::waitpid(-1, nullptr, 0);
  int accepted = 0, refused = 0, stale = 0;
  for (int i = 0; i < processes; ++i) {
    auto const& c = api->each[i];
    std::printf("%-6s process %d: %4d accepted, %4d refused, %d stale\n", name, i + 1, c.accepted.load(),
                c.refused.load(), c.stale.load());
    accepted += c.accepted, refused += c.refused, stale += c.stale;
  }
  std::printf("%-6s in all:    %4d accepted, %4d refused, %d stale\n", name, accepted, refused, stale);
}

bool answers(std::string const& host, int port) {
  std::unique_ptr<redisContext, void (*)(redisContext*)> const c(redisConnect(host.c_str(), port), redisFree);
  return c && c->err == 0;
}

int main(int argc, char** argv) {
  std::string host = "127.0.0.1";
  int port = 0;
  if (argc == 3 && std::string_view(argv[1]) == "--redis") {
    std::string_view const where = argv[2];
    auto const colon = where.rfind(':');
    host = where.substr(0, colon);
    port = colon == where.npos ? 6379 : std::atoi(argv[2] + colon + 1);
  } else if (argc != 1) {
    std::fprintf(stderr, "usage: %s [--redis HOST:PORT]\n", argv[0]);
    return 2;
  }
  std::optional<child_server> server;
  if (port == 0) {
    if (!is_installed("redis-server")) {
      std::puts("skipped: this machine has no redis-server");
      return 0;
    }
    port = free_port();
    server.emplace(
        std::vector<std::string>{"redis-server", "--port", std::to_string(port), "--bind", host, "--save", ""});
    for (int i = 0; i < 1000 && !answers(host, port); ++i) std::this_thread::sleep_for(10ms);
  }
  std::printf("%d processes, and a service that allows 200 requests per second, 20 at once\n", processes);
  measure("alone", alone, host, port);
  measure("shared", shared, host, port);
}
