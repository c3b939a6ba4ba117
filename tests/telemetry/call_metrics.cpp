// SPDX-License-Identifier: MIT
// call_metrics.cpp: histograms of retries and delays, over many calls in one or many threads.
#include <tenax/telemetry/call_metrics.hpp>

#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <tenax/tenax.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "catch.hpp"

using namespace std::chrono_literals;
using tenax::stop_reason;

namespace {

auto failing(int failures) {
  return [failures, n = 0]() mutable {
    if (++n <= failures) throw std::runtime_error("down");
    return n;
  };
}

std::vector<std::uint64_t> counts_of(tenax::histogram_view const& h) { return {h.counts, h.counts + h.buckets}; }

}  // namespace

TEST_CASE("Metrics count attempts, retries and waits when calls end") {
  tenax::testing::virtual_time clock;
  tenax::call_metrics metrics("catalogue");
  CHECK(metrics.name() == std::string("catalogue"));
  auto const policy = tenax::retrying{}
                          .wait(tenax::wait::constant(2s))
                          .stop(tenax::stop::after_attempts(8))
                          .observe(std::ref(metrics))
                          .environment(std::ref(clock));
  for (int const failures : {0, 0, 1, 1, 1, 2, 7, 9}) static_cast<void>(policy.try_call(failing(failures)));
  static_cast<void>(policy.stop(tenax::stop::deadline_at(clock.now())).try_call(failing(0)));
  auto const read = metrics.read();
  CHECK(read.ended(stop_reason::succeeded) == 7);
  CHECK(read.ended(stop_reason::attempts) == 1);
  CHECK(read.ended(stop_reason::expired_on_entry) == 1);
  CHECK(read.attempts == 1 + 1 + 2 + 2 + 2 + 3 + 8 + 8);
  CHECK(read.retries == 1 + 1 + 1 + 2 + 7 + 7);
  // Calls without a retry are not in the histograms.
  CHECK(counts_of(read.retry_histogram()) == std::vector<std::uint64_t>{3, 1, 0, 0, 0, 2});
  CHECK(read.retry_histogram().count == 6);
  CHECK(read.retry_histogram().sum == 19);
  CHECK(read.delay == 38s);
  CHECK(read.delay_histogram().count == 6);
  CHECK(read.delay_histogram().sum == 38.0);
  CHECK(read.delay_counts[tenax::detail::bucket_of(tenax::detail::latency_bounds, 2)] == 3);
  CHECK(read.delay_counts[tenax::detail::bucket_of(tenax::detail::latency_bounds, 4)] == 1);
  CHECK(read.delay_counts[tenax::detail::bucket_of(tenax::detail::latency_bounds, 14)] == 2);
}

TEST_CASE("Metrics do not read the clock") {
  tenax::call_metrics metrics;
  STATIC_REQUIRE_FALSE(decltype(tenax::retrying{}.observe(std::ref(metrics)))::uses_time);
}

TEST_CASE("The sum of waits saturates") {
  tenax::call_metrics metrics;
  for (int i = 0; i < 3; ++i) {
    metrics.on_give_up({.number = 2, .waited = (tenax::duration::max)()}, stop_reason::attempts);
  }
  CHECK(metrics.read().delay == (tenax::duration::max)());
  CHECK(metrics.read().delay_histogram().count == 3);
}

TEST_CASE("Metrics that eight threads share lose no call") {
  constexpr int threads = 8, calls = 500;
  tenax::call_metrics metrics;
  auto const policy = tenax::retrying{}.wait(tenax::wait::none).observe(std::ref(metrics));
  {
    std::vector<std::thread> workers;
    for (int t = 0; t < threads; ++t) {
      workers.emplace_back([&policy] {
        for (int i = 0; i < calls; ++i) static_cast<void>(policy.try_call(failing(i % 5)));
      });
    }
    for (auto& w : workers) w.join();
  }
  auto const read = metrics.read();
  CHECK(read.attempts == threads * calls / 5 * 12);
  CHECK(read.retries == threads * calls / 5 * 7);
  CHECK(read.ended(stop_reason::succeeded) == threads * calls / 5 * 3);
  CHECK(read.ended(stop_reason::attempts) == threads * calls / 5 * 2);
}
