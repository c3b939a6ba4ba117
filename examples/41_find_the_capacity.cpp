// SPDX-License-Identifier: MIT
// 41_find_the_capacity.cpp: 32 threads call a service that serves 4 requests at once, which the threads do not know.
// Through a bulkhead with 32 places, every request waits at the service behind the others. A concurrency_limiter finds
// how many places the service can use: it serves as much, and answers much sooner.
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include <tenax/gate/bulkhead.hpp>
#include <tenax/gate/concurrency_limiter.hpp>
#include <tenax/tenax.hpp>

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

constexpr int threads = 32;
constexpr int capacity = 4;
constexpr auto duration = 2s;

/// Serves 4 requests at once, and needs 5 ms for each. The others wait, in order of arrival.
class service {
 public:
  void call() {
    auto const began = steady::now();
    {
      std::unique_lock lock(mutex_);
      auto const number = arrived_++;
      changed_.wait(lock, [&] { return number < served_ + capacity; });
    }
    std::this_thread::sleep_for(5ms);
    std::lock_guard const lock(mutex_);
    ++served_;
    changed_.notify_all();
    took.push_back(steady::now() - began);
  }

  std::vector<steady::duration> took{};

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int arrived_ = 0, served_ = 0;
};

struct result {
  double per_second;
  double median_ms;
};

/// Lets the threads do `work` for a while. The second half counts.
result measure(service& api, std::function<void()> const& work) {
  auto const end = steady::now() + duration;
  std::vector<std::thread> all;
  for (int i = 0; i < threads; ++i) {
    all.emplace_back([&] {
      while (steady::now() < end) work();
    });
  }
  for (auto& t : all) t.join();
  auto const count = api.took.size();
  std::vector<steady::duration> later(api.took.begin() + static_cast<std::ptrdiff_t>(count / 2), api.took.end());
  std::nth_element(later.begin(), later.begin() + static_cast<std::ptrdiff_t>(later.size() / 2), later.end());
  return {static_cast<double>(count) / std::chrono::duration<double>(duration).count(),
          std::chrono::duration<double, std::milli>(later[later.size() / 2]).count()};
}

int main() {
  std::printf("%d threads; the service serves %d requests at once, in 5 ms each\n", threads, capacity);

  service first;
  tenax::bulkhead places({.at_once = threads});
  auto const fixed =
      measure(first, [&, call = tenax::retrying{}.through(std::ref(places))] { call([&] { first.call(); }); });
  std::printf("bulkhead             %2d places: %3.0f requests per second, answered in %2.0f ms\n", threads,
              fixed.per_second, fixed.median_ms);

  service second;
  // [limiter]
  tenax::concurrency_limiter limiter({.queue = threads, .max_wait = 10s});  // one for each service
  auto const polite = tenax::retrying{}.through(std::ref(limiter));
  // [/limiter]
  auto const found = measure(second, [&] { polite([&] { second.call(); }); });
  std::printf("concurrency_limiter  %2.0f places: %3.0f requests per second, answered in %2.0f ms\n",
              limiter.state().found, found.per_second, found.median_ms);
  return found.median_ms < fixed.median_ms / 2 && found.per_second > 0.75 * fixed.per_second ? 0 : 1;
}
