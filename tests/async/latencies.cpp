// SPDX-License-Identifier: MIT
// latencies.cpp: percentiles of call durations.
#include <tenax/async/latencies.hpp>

#include <thread>
#include <vector>

#include "catch.hpp"

using namespace std::chrono_literals;
using tenax::latencies;

TEST_CASE("Percentiles are not known before twenty calls") {
  latencies seen;
  for (int i = 0; i < 19; ++i) seen.record(1ms);
  CHECK_FALSE(seen.percentile(0.5));
  seen.record(1ms);
  CHECK(seen.percentile(0.5));
}

TEST_CASE("A percentile is at most an eighth too high, whatever the latency") {
  for (tenax::duration const d :
       {tenax::duration(1us), tenax::duration(7us), tenax::duration(8us), tenax::duration(15us), tenax::duration(1ms),
        tenax::duration(37ms), tenax::duration(1s), tenax::duration(1h), tenax::duration(24h)}) {
    latencies seen;
    for (int i = 0; i < 100; ++i) seen.record(d);
    auto const median = *seen.percentile(0.5);
    CAPTURE(d.count());
    CHECK(median >= d);
    // Below eight microseconds, off by a microsecond.
    CHECK(median <= d + std::max<tenax::duration>(d / 8, 1us) + 1us);
  }
}

TEST_CASE("Percentiles divide the recorded calls") {
  latencies seen;
  for (int i = 1; i <= 1000; ++i) seen.record(i * 1ms);
  CHECK(*seen.percentile(0.5) >= 500ms);
  CHECK(*seen.percentile(0.5) <= 570ms);
  CHECK(*seen.percentile(0.95) >= 950ms);
  CHECK(*seen.percentile(0.95) <= 1080ms);
  CHECK(*seen.percentile(1) >= 1000ms);
  CHECK(*seen.percentile(0) <= 2ms);
}

TEST_CASE("Latencies out of range are counted as the shortest or the longest") {
  latencies seen;
  for (int i = 0; i < 20; ++i) seen.record(tenax::duration::min());
  CHECK(*seen.percentile(1) <= 2us);
  for (int i = 0; i < 100; ++i) seen.record(tenax::duration::max());
  CHECK(*seen.percentile(1) > 24h);
}

TEST_CASE("The weight of old latencies decreases") {
  latencies seen;
  for (int i = 0; i < 4096; ++i) seen.record(1s);
  CHECK(seen.count() == 2048);
  for (int i = 0; i < 4 * 4096; ++i) seen.record(1ms);
  CHECK(*seen.percentile(0.9) <= 1200us);
}

TEST_CASE("Eight threads may record and read percentiles at the same time") {
  latencies seen;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 130'000; ++n) {
        seen.record(5ms);
        if (n % 1000 == 999) static_cast<void>(seen.percentile(0.9));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(*seen.percentile(0.5) >= 5ms);
  CHECK(*seen.percentile(0.5) <= 5700us);
}

TEST_CASE("Calls with only a lower bound count as slow calls") {
  latencies seen;
  for (int i = 0; i < 90; ++i) seen.record(10ms);
  for (int i = 0; i < 9; ++i) seen.record_at_least(12ms);
  seen.record(1s);
  CHECK(seen.count() == 100);
  CHECK(*seen.percentile(0.9) <= 12ms);
  CHECK(*seen.percentile(0.91) >= 1s);
  CHECK(*seen.percentile(1) >= 1s);

  latencies unknown;
  for (int i = 0; i < 100; ++i) unknown.record_at_least(i < 50 ? 10ms : 100ms);
  CHECK(*unknown.percentile(0.1) >= 100ms);
}

TEST_CASE("The weight of calls with only a lower bound decreases like that of others") {
  latencies seen;
  for (int i = 0; i < 4096; ++i) seen.record_at_least(1s);
  CHECK(seen.count() == 2048);
  for (int i = 0; i < 4 * 4096; ++i) seen.record(1ms);
  CHECK(*seen.percentile(0.9) <= 1200us);
}
