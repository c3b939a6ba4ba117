// SPDX-License-Identifier: MIT
// 15_threads_share_a_limit.cpp: eight threads call a service whose real limit is lower than the documented one. When
// one thread is refused, the next request of every thread must obey the new rate, even of threads that are asleep. Two
// ways to share the limit:
//
//   naive     a rate behind a lock: every thread computes when it may send, sleeps until then, and sends
//   tenax     an adaptive_rate_limiter: a thread that wakes up asks the limiter again
//
// A request is stale if it was sent after a refusal, by a schedule that is older than the refusal.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include <tenax/gate/adaptive_rate_limiter.hpp>
#include <tenax/tenax.hpp>

#include <unistd.h>

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

constexpr int threads = 8;
constexpr auto advertised = 130.0;  // requests per second
constexpr auto allowed = 100.0;
constexpr auto duration = 3s;

struct too_many_requests : std::runtime_error {
  too_many_requests() : runtime_error("429 Too Many Requests") {}
};

/// Requires at least 10 ms between two requests, and needs 5 ms to answer.
class service {
 public:
  /// `decided`: when the caller decided to send now.
  void call(steady::time_point decided) {
    bool refused = false;
    {
      std::lock_guard const lock(mutex_);
      auto const now = steady::now();
      if (decided < last_refusal_) ++stale;
      refused = now - last_ < std::chrono::duration<double>(1 / allowed);
      if (!refused) last_ = now;
      ++(refused ? refusals : answers);
    }
    std::this_thread::sleep_for(5ms);
    if (!refused) return;
    std::lock_guard const lock(mutex_);
    last_refusal_ = steady::now();
    throw too_many_requests();
  }

  int answers = 0, refusals = 0, stale = 0;

 private:
  std::mutex mutex_;
  steady::time_point last_{}, last_refusal_{};
};

/// Lets `threads` threads do `work` for a while, and prints the result.
void measure(char const* name, service& api, std::function<void()> const& work) {
  if (::isatty(STDOUT_FILENO) == 1) std::printf("%-6s ...\r", name), std::fflush(stdout);
  auto const end = steady::now() + duration;
  std::vector<std::thread> all;
  for (int i = 0; i < threads; ++i) {
    all.emplace_back([&] {
      while (steady::now() < end) work();
    });
  }
  for (auto& t : all) t.join();
  std::printf("%-6s %4.0f %% of the limit used, %4d refusals, %4d stale requests\n", name,
              100 * api.answers / (allowed * std::chrono::duration<double>(duration).count()), api.refusals, api.stale);
}

// --- naive ----------------------------------------------------------------------------------------------------------

class shared_interval {
 public:
  explicit shared_interval(double rate) : interval_(1 / rate) {}

  /// Returns when the caller may send.
  steady::time_point next() {
    std::lock_guard const lock(mutex_);
    next_ = std::max(next_ + std::chrono::duration_cast<steady::duration>(interval_), steady::now());
    return next_;
  }
  void refused() {
    std::lock_guard const lock(mutex_);
    interval_ = std::min(interval_ * 2, std::chrono::duration<double>(1));
  }
  void accepted() {
    std::lock_guard const lock(mutex_);
    interval_ = std::max(interval_ * 0.9, std::chrono::duration<double>(1 / advertised));
  }

 private:
  std::mutex mutex_;
  std::chrono::duration<double> interval_;
  steady::time_point next_{};
};

// --------------------------------------------------------------------------------------------------------------------

int main() {
  std::printf("%d threads; the service says %.0f requests per second, and allows %.0f\n", threads, advertised, allowed);

  service first;
  shared_interval pace(advertised);
  measure("naive", first, [&] {
    auto const decided = steady::now();
    std::this_thread::sleep_until(pace.next());
    try {
      first.call(decided);
      pace.accepted();
    } catch (too_many_requests const&) {
      pace.refused();
    }
  });

  service second;
  // [limiter]
  tenax::adaptive_rate_limiter limiter({.start = {.permits = 130, .per = 1s}});
  auto const polite = tenax::retrying{}
                          .when(tenax::when::exception<too_many_requests>)
                          .wait(tenax::wait::none)
                          .stop(tenax::stop::after_attempts(10))
                          .through(std::ref(limiter));
  // [/limiter]
  measure("tenax", second, [&] {
    (void)polite.try_call([&] {
      try {
        second.call(steady::now());
      } catch (too_many_requests const& e) {
        throw tenax::retry_after(0s, e);  // the service throttles this client
      }
    });
  });
  return second.stale == 0 ? 0 : 1;
}
