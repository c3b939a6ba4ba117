// SPDX-License-Identifier: MIT
// gates.cpp: the cost of passing a gate without contention, and the throughput of threads that share a limiter.
//
//     gates NAME COUNT           nanoseconds for one of COUNT passes
//     gates NAME COUNT THREADS   millions of passes in a second, COUNT for each of the threads
//
//     limiter, acquire           rate_limiter: try_acquire(), acquire()
//     bucket                     a token bucket under a std::mutex, as one would write it by hand
//     atomic                     steady_clock::now(), and an addition to a shared number: the least for a limiter
//     clock                      steady_clock::now(), which each of these calls once
//     lock                       locks and unlocks a std::mutex
//     others                     admit and record of a gate, with a given time
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include <tenax/gate/adaptive_rate_limiter.hpp>
#include <tenax/gate/adaptive_throttle.hpp>
#include <tenax/gate/bulkhead.hpp>
#include <tenax/gate/circuit_breaker.hpp>
#include <tenax/gate/concurrency_limiter.hpp>
#include <tenax/gate/in_flight_retry_budget.hpp>
#include <tenax/gate/keyed.hpp>
#include <tenax/gate/rate_limiter.hpp>
#include <tenax/gate/retry_budget.hpp>
#include <tenax/gate/retry_quota.hpp>
#include <tenax/gate/windowed_retry_budget.hpp>

namespace {

class token_bucket {
 public:
  token_bucket(double rate, double burst) : rate_(rate), burst_(burst), tokens_(burst) {}

  bool try_acquire() {
    std::lock_guard const lock(mutex_);
    auto const now = std::chrono::steady_clock::now();
    tokens_ = std::min(burst_, tokens_ + std::chrono::duration<double>(now - last_).count() * rate_);
    last_ = now;
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }

 private:
  double const rate_;
  double const burst_;
  std::mutex mutex_;
  double tokens_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

// A rate that is never reached: all passes are admitted.
tenax::rate_limiter limiter(tenax::per_second(1'000'000'000).with_burst(1'000'000));
token_bucket bucket(1e9, 1e6);
std::mutex mutex;
std::atomic<std::int64_t> shared_number{0};

tenax::rate_limiter admitting_limiter(tenax::per_second(1'000'000'000).with_burst(1'000'000));
tenax::adaptive_rate_limiter adaptive({.start = tenax::per_second(1'000'000), .limit = tenax::per_second(1'000'000)});
tenax::circuit_breaker<> breaker({.failure_ratio = 0.5});
tenax::retry_budget budget;
tenax::windowed_retry_budget windowed;
tenax::bulkhead places;
tenax::concurrency_limiter concurrency;
tenax::in_flight_retry_budget in_flight;
tenax::retry_quota quota;
tenax::adaptive_throttle throttle;
tenax::keyed<int, tenax::retry_budget> by_key([] { return tenax::retry_budget(); });

tenax::time_point now{};

/// One attempt that succeeds, some time after the last attempt.
template <class Gate>
int pass(Gate&& gate) {
  now += std::chrono::microseconds(5);
  typename std::remove_reference_t<Gate>::ticket t;
  bool const in = gate.admit(t, {}, now).how == tenax::admission::kind::go;
  gate.record(t, {}, now);
  return in;
}

}  // namespace

extern "C" {
[[gnu::noinline]] int measured_limiter() { return limiter.try_acquire(); }
[[gnu::noinline]] int measured_acquire() { return limiter.acquire() == tenax::acquired::yes; }
[[gnu::noinline]] int measured_bucket() { return bucket.try_acquire(); }
[[gnu::noinline]] int measured_atomic() {
  return shared_number.fetch_add(std::chrono::steady_clock::now().time_since_epoch().count() | 1) != -1;
}
[[gnu::noinline]] int measured_clock() {
  return std::chrono::steady_clock::now() != std::chrono::steady_clock::time_point();
}
[[gnu::noinline]] int measured_lock() {
  std::lock_guard const lock(mutex);
  return 1;
}
[[gnu::noinline]] int measured_rate_limiter() { return pass(admitting_limiter); }
[[gnu::noinline]] int measured_adaptive_rate_limiter() { return pass(adaptive); }
[[gnu::noinline]] int measured_circuit_breaker() { return pass(breaker); }
[[gnu::noinline]] int measured_retry_budget() { return pass(budget); }
[[gnu::noinline]] int measured_windowed_retry_budget() { return pass(windowed); }
[[gnu::noinline]] int measured_bulkhead() { return pass(places); }
[[gnu::noinline]] int measured_concurrency_limiter() { return pass(concurrency); }
[[gnu::noinline]] int measured_in_flight_retry_budget() { return pass(in_flight); }
[[gnu::noinline]] int measured_retry_quota() { return pass(quota); }
[[gnu::noinline]] int measured_adaptive_throttle() { return pass(throttle); }
[[gnu::noinline]] int measured_keyed() { return pass(by_key[7]); }
}

namespace {

struct {
  char const* name;
  int (*pass)();
} const all[] = {{"limiter", measured_limiter},
                 {"acquire", measured_acquire},
                 {"bucket", measured_bucket},
                 {"atomic", measured_atomic},
                 {"clock", measured_clock},
                 {"lock", measured_lock},
                 {"rate_limiter", measured_rate_limiter},
                 {"adaptive_rate_limiter", measured_adaptive_rate_limiter},
                 {"circuit_breaker", measured_circuit_breaker},
                 {"retry_budget", measured_retry_budget},
                 {"windowed_retry_budget", measured_windowed_retry_budget},
                 {"bulkhead", measured_bulkhead},
                 {"concurrency_limiter", measured_concurrency_limiter},
                 {"in_flight_retry_budget", measured_in_flight_retry_budget},
                 {"retry_quota", measured_retry_quota},
                 {"adaptive_throttle", measured_adaptive_throttle},
                 {"keyed", measured_keyed}};

/// Whether all passes were admitted.
bool passes(int (*pass)(), long count) {
  long passed = 0;
  for (long i = 0; i < count; ++i) passed += pass();
  return passed == count;
}

}  // namespace

int main(int argc, char** argv) {
  for (auto const& c : all) {
    if (argc < 3 || std::strcmp(c.name, argv[1]) != 0) continue;
    long const count = std::atol(argv[2]);
    long const threads = argc > 3 ? std::atol(argv[3]) : 1;
    if (c.pass() != 1) return 1;  // work that happens only once
    auto const start = std::chrono::steady_clock::now();
    bool good = true;
    if (argc > 3) {
      std::vector<std::thread> running;
      for (long i = 0; i < threads; ++i) running.emplace_back(passes, c.pass, count);
      for (auto& t : running) t.join();
    } else {
      good = passes(c.pass, count);
    }
    auto const ns = std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count();
    std::printf("%.1f\n", argc > 3 ? 1e3 * static_cast<double>(threads * count) / ns : ns / static_cast<double>(count));
    return good ? 0 : 1;
  }
  return 2;
}
