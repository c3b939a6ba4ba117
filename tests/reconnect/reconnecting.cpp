// SPDX-License-Identifier: MIT
// reconnecting.cpp: one connection that threads share.
#include <tenax/reconnect/reconnecting.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include <tenax/errors.hpp>
#include <tenax/wait/constant.hpp>

#include "catch.hpp"

using namespace std::chrono_literals;
using tenax::reconnect_schedule;
using tenax::reconnecting;

namespace {

using connection = std::shared_ptr<int>;

/// A server that refuses the first connections, and notices two attempts at the same time.
class server {
 public:
  explicit server(int refusals) : refusals_(refusals) {}

  connection connect() {
    if (busy_.exchange(true)) ++overlaps;
    std::this_thread::sleep_for(1ms);
    auto const n = ++attempts;
    busy_ = false;
    if (n <= refusals_) return {};
    return std::make_shared<int>(n);
  }

  std::atomic<int> attempts{0};
  std::atomic<int> overlaps{0};

 private:
  int refusals_;
  std::atomic<bool> busy_{false};
};

auto const soon = reconnect_schedule(tenax::wait::constant(1ms));

}  // namespace

TEST_CASE("The first connection is made at once, and everybody gets the same one") {
  server s(0);
  reconnecting shared([&] { return s.connect(); });
  auto const first = shared.get(0s);
  REQUIRE(first);
  CHECK(shared.get() == first);
  CHECK(s.attempts == 1);
}

TEST_CASE("One thread connects for all that wait") {
  server s(3);
  reconnecting shared([&] { return s.connect(); }, soon);
  std::vector<connection> got(8);
  {
    std::vector<std::thread> threads;
    for (auto& g : got) threads.emplace_back([&] { g = shared.get(); });
    for (auto& t : threads) t.join();
  }
  CHECK(s.attempts == 4);
  CHECK(s.overlaps == 0);
  for (auto const& g : got) CHECK(g == got.front());
  CHECK(shared.failures() == 3);
}

TEST_CASE("A lost connection is replaced once, after a wait, however many threads report it") {
  server s(0);
  reconnecting shared([&] { return s.connect(); }, reconnect_schedule(tenax::wait::constant(20ms)));
  auto const first = shared.get();
  auto const before = std::chrono::steady_clock::now();
  std::vector<connection> got(4);
  {
    std::vector<std::thread> threads;
    for (auto& g : got) {
      threads.emplace_back([&] {
        shared.lost(first);
        g = shared.get();
      });
    }
    for (auto& t : threads) t.join();
  }
  for (auto const& g : got) CHECK(g != first);
  CHECK(std::chrono::steady_clock::now() - before >= 20ms);
  CHECK(s.attempts == 2);
  CHECK(shared.failures() == 1);
  auto const second = shared.get();
  shared.lost(first);  // an old connection
  shared.lost(nullptr);
  CHECK(shared.get(0s) == second);
}

TEST_CASE("A caller waits no longer than its patience") {
  server s(1'000'000);
  reconnecting shared([&] { return s.connect(); }, reconnect_schedule(tenax::wait::constant(10min)));
  CHECK_FALSE(shared.get(5ms));
  CHECK_FALSE(shared.get(0s));
  CHECK_FALSE(shared.get(-1s));
  CHECK(s.attempts == 1);
  CHECK(shared.last_error() == nullptr);
}

TEST_CASE("Exceptions are kept, and those that say that trying again is of no use are passed on") {
  int attempts = 0;
  reconnecting shared(
      [&]() -> connection {
        if (++attempts == 1) throw std::runtime_error("connection refused");
        throw tenax::permanent(std::runtime_error("wrong password"));
      },
      soon);
  CHECK_THROWS_WITH(shared.get(), "wrong password");
  CHECK(attempts == 2);
  CHECK_THROWS_WITH(std::rethrow_exception(shared.last_error()), "wrong password");
}

TEST_CASE("The wait that a server asks for is obeyed") {
  int attempts = 0;
  reconnecting shared(
      [&]() -> connection {
        if (++attempts == 1) throw tenax::retry_after(15ms, std::runtime_error("starting"));
        return std::make_shared<int>(1);
      },
      reconnect_schedule(tenax::wait::constant(0ms)));
  auto const before = std::chrono::steady_clock::now();
  CHECK(shared.get());
  CHECK(std::chrono::steady_clock::now() - before >= 15ms);
}

TEST_CASE("Closing wakes every caller that waits") {
  server s(1'000'000);
  reconnecting shared([&] { return s.connect(); }, reconnect_schedule(tenax::wait::constant(10min)));
  std::vector<std::thread> threads;
  std::atomic<int> without{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      if (!shared.get()) ++without;
    });
  }
  while (s.attempts == 0) std::this_thread::sleep_for(1ms);
  shared.close();
  for (auto& t : threads) t.join();
  CHECK(without == 4);
  CHECK_FALSE(shared.get());
}

TEST_CASE("A connection is destroyed without the lock, so that its destructor may use the object") {
  int closed = 0;
  reconnecting<std::function<connection()>>* object = nullptr;
  auto const made = [&] {
    return connection(new int(1), [&](int* p) {
      delete p;
      static_cast<void>(object->failures());
      ++closed;
    });
  };
  {
    reconnecting<std::function<connection()>> shared(made);
    object = &shared;
    REQUIRE(shared.get(0s));
    shared.close();
    CHECK(closed == 1);
  }
  // Closed while it connects.
  reconnecting<std::function<connection()>> late([&] {
    std::thread([&] { object->close(); }).join();
    return made();
  });
  object = &late;
  CHECK_FALSE(late.get(0s));
  CHECK(closed == 2);
}
