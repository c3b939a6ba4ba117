// SPDX-License-Identifier: MIT
// waiting.cpp: threads that wait at a bulkhead, beside std::counting_semaphore and a condition variable.
//   waiting throughput US   attempts of US microseconds by 32 threads for 8 places: semaphore, call_through, policy
//   waiting wake            nanoseconds from a free place to the thread that runs: condition variable, bulkhead
//   waiting asks WAITING    asks a thousand times from a queue of WAITING callers, in `measured_asks`, for callgrind
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include <tenax/gate/bulkhead.hpp>
#include <tenax/gate/call.hpp>
#include <tenax/tenax.hpp>

namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

constexpr tenax::bulkhead_options eight{.at_once = 8, .queue = 64, .max_wait = 1h};

struct semaphore {
  std::counting_semaphore<> places{8};
  template <class F>
  void call(F const& f) {
    places.acquire();
    f();
    places.release();
  }
};
struct gate_alone {
  tenax::bulkhead places{eight};
  template <class F>
  void call(F const& f) {
    tenax::call_through(places, f);
  }
};
struct policy {
  tenax::bulkhead places{eight};
  template <class F>
  void call(F const& f) {
    tenax::retrying{}.through(std::ref(places))(f);
  }
};

/// Attempts in a second.
template <class Gate>
double throughput(std::chrono::microseconds length) {
  Gate gate;
  std::atomic<long> done{0};
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  auto const start = clock::now();
  for (int i = 0; i < 32; ++i) {
    threads.emplace_back([&] {
      while (!stop) {
        gate.call([&] { tenax::real_time::sleep(length); });
        ++done;
      }
    });
  }
  std::this_thread::sleep_for(1500ms);
  stop = true;
  for (auto& t : threads) t.join();
  return static_cast<double>(done) / std::chrono::duration<double>(clock::now() - start).count();
}

/// A place for one thread, with a condition variable by hand.
struct by_hand {
  std::mutex mutex;
  std::condition_variable changed;
  bool free = false;
};

template <class Hold, class Release, class Acquire>
long long median_wake(Hold const& hold, Release const& release, Acquire const& acquire) {
  std::vector<long long> samples;
  std::atomic<clock::rep> released{0};
  std::atomic<int> turn{0};
  std::thread waits([&] {
    for (int i = 0; i < 2000; ++i) {
      while (turn != 2 * i + 1) std::this_thread::yield();
      acquire();
      samples.push_back(clock::now().time_since_epoch().count() - released);
      turn = 2 * i + 2;
    }
  });
  for (int i = 0; i < 2000; ++i) {
    hold();
    turn = 2 * i + 1;
    std::this_thread::sleep_for(200us);  // the other thread sleeps by now
    released = clock::now().time_since_epoch().count();
    release();
    while (turn != 2 * i + 2) std::this_thread::yield();
  }
  waits.join();
  std::nth_element(samples.begin(), samples.begin() + 1000, samples.end());
  return samples[1000];
}

void wake() {
  by_hand one;
  auto const hand = median_wake([] {},
                                [&] {
                                  std::lock_guard const lock(one.mutex);
                                  one.free = true;
                                  one.changed.notify_one();
                                },
                                [&] {
                                  std::unique_lock lock(one.mutex);
                                  one.changed.wait(lock, [&] { return one.free; });
                                  one.free = false;
                                });
  tenax::bulkhead gate({.at_once = 1, .queue = 4, .max_wait = 1h});
  tenax::bulkhead::ticket held;
  tenax::retrying<> const base;
  auto const through = base.through(std::ref(gate));
  auto const woken = median_wake([&] { static_cast<void>(gate.admit(held, {}, tenax::real_time::now())); },
                                 [&] { held = {}; }, [&] { through([] {}); });
  std::printf("%lld %lld\n", hand, woken);
}

__attribute__((noinline)) void measured_asks(tenax::bulkhead& gate, tenax::bulkhead::ticket& t, tenax::waker w) {
  for (int i = 0; i < 1000; ++i) static_cast<void>(gate.admit(t, {}, tenax::time_point(), w));
}

void asks(std::size_t waiting) {
  tenax::bulkhead gate({.at_once = 1, .queue = 65536, .max_wait = 1h});
  tenax::waker const w{[](void*) noexcept {}, nullptr};
  std::vector<tenax::bulkhead::ticket> tickets(waiting + 1);
  for (auto& t : tickets) static_cast<void>(gate.admit(t, {}, tenax::time_point(), w));
  measured_asks(gate, tickets.back(), w);
}

}  // namespace

int main(int count, char** arguments) {
  std::string const what = count > 1 ? arguments[1] : "";
  if (what == "throughput" && count > 2) {
    std::chrono::microseconds const length(std::atoi(arguments[2]));
    std::printf("%.0f %.0f %.0f\n", throughput<semaphore>(length), throughput<gate_alone>(length),
                throughput<policy>(length));
  } else if (what == "wake") {
    wake();
  } else if (what == "asks" && count > 2) {
    asks(static_cast<std::size_t>(std::atoi(arguments[2])));
  } else {
    std::fputs("waiting throughput US | wake | asks WAITING\n", stderr);
    return 1;
  }
}
