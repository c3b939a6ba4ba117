// SPDX-License-Identifier: MIT
// pool.cpp: sixteen threads, fifteen keys of 20 per second, and one key of 1 per second whose work came first. Prints
// the items that are done in some seconds: pool <gate|scheduler|hand> <milliseconds>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <tenax/cancel.hpp>
#include <tenax/gate/keyed.hpp>
#include <tenax/gate/keyed_scheduler.hpp>
#include <tenax/gate/rate_limiter.hpp>
#include <tenax/tenax.hpp>

using namespace std::chrono_literals;
using limiters = tenax::keyed<int, tenax::rate_limiter<1>>;

namespace {

constexpr int threads = 16;
double rate_of(int key) { return key == 0 ? 1 : 20; }

/// Calls `add(key)` for all work: 400 items of the slow key, then 100 of each other one in turn.
template <class Add>
void add_all(Add const& add) {
  for (int i = 0; i < 400; ++i) add(0);
  for (int i = 0; i < 100; ++i) {
    for (int key = 1; key < threads; ++key) add(key);
  }
}

void item() { std::this_thread::sleep_for(2ms); }

template <class Loop>
int run(std::chrono::milliseconds time, Loop const& loop) {
  std::atomic<int> done{0};
  std::vector<std::jthread> pool;
  for (int i = 0; i < threads; ++i) {
    pool.emplace_back([&](std::stop_token token) { loop(token, done); });
  }
  std::this_thread::sleep_for(time);
  int const n = done;
  for (auto& t : pool) t.request_stop();
  return n;
}

/// Every thread takes the next item and waits at its gate.
int at_the_gate(std::chrono::milliseconds time) {
  limiters all([](int key) { return tenax::rate_limiter(tenax::rate{.permits = key == 0 ? 1u : 20u}); });
  std::mutex mutex;
  std::deque<int> queue;
  add_all([&](int key) { queue.push_back(key); });
  return run(time, [&](std::stop_token const& token, std::atomic<int>& done) {
    while (!token.stop_requested()) {
      int key = 0;
      {
        std::lock_guard const lock(mutex);
        if (queue.empty()) return;
        key = queue.front();
        queue.pop_front();
      }
      auto const policy = tenax::retrying{}.through(all[key]).cancel_with(token);
      if (policy.try_call(item)) ++done;
    }
  });
}

int scheduled(std::chrono::milliseconds time) {
  limiters all([](int key) { return tenax::rate_limiter(tenax::rate{.permits = key == 0 ? 1u : 20u}); });
  tenax::keyed_scheduler<void (*)(), int, tenax::rate_limiter<1>> line(all);
  add_all([&](int key) { static_cast<void>(line.push(key, item)); });
  return run(time, [&](std::stop_token const& token, std::atomic<int>& done) {
    while (auto job = line.pop(token)) {
      job->run();
      ++done;
    }
  });
}

/// A queue for each key, and the keys by the moment of their next item, under one mutex.
int by_hand(std::chrono::milliseconds time) {
  using clock = std::chrono::steady_clock;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<int> left(threads, 0);
  std::multimap<clock::time_point, int> due;
  add_all([&](int key) { ++left[static_cast<std::size_t>(key)]; });
  for (int key = 0; key < threads; ++key) due.emplace(clock::now(), key);
  return run(time, [&](std::stop_token const& token, std::atomic<int>& done) {
    std::unique_lock lock(mutex);
    while (!token.stop_requested() && !due.empty()) {
      auto const [when, key] = *due.begin();
      if (when > clock::now()) {
        changed.wait_until(lock, when);
        continue;
      }
      due.erase(due.begin());
      if (--left[static_cast<std::size_t>(key)] > 0) {
        // Counted from now, as a limit without a burst does: what a thread is late for is not caught up with.
        auto const interval = std::chrono::duration<double>(1 / rate_of(key));
        due.emplace(clock::now() + std::chrono::duration_cast<clock::duration>(interval), key);
      }
      lock.unlock();
      item();
      ++done;
      lock.lock();
    }
  });
}

}  // namespace

int main(int argc, char** argv) {
  auto const time = std::chrono::milliseconds(argc > 2 ? std::atoi(argv[2]) : 4000);
  char const* const how = argc > 1 ? argv[1] : "scheduler";
  int const n = std::strcmp(how, "gate") == 0   ? at_the_gate(time)
                : std::strcmp(how, "hand") == 0 ? by_hand(time)
                                                : scheduled(time);
  std::printf("%d\n", n);
}
