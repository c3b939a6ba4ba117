// SPDX-License-Identifier: MIT
// counters.cpp: totals over many calls, in one or many threads.
#include <tenax/observe/counters.hpp>

#include <functional>
#include <stdexcept>
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

}  // namespace

TEST_CASE("Counters add up what happens in all calls") {
  tenax::testing::virtual_time clock;
  tenax::counters totals;
  CHECK(totals.read() == tenax::counters::snapshot{});
  auto const policy =
      tenax::retrying{}.wait(tenax::wait::constant(2s)).observe(std::ref(totals)).environment(std::ref(clock));
  policy(failing(0));
  policy(failing(2));
  static_cast<void>(policy.try_call(failing(9)));
  static_cast<void>(policy.try_call([] { throw tenax::permanent(1); }));
  CHECK(totals.read() == tenax::counters::snapshot{
                             .attempts = 1 + 3 + 3 + 1, .retries = 4, .succeeded = 2, .gave_up = 2, .waiting = 8s});
  CHECK(totals.ended(stop_reason::succeeded) == 2);
  CHECK(totals.ended(stop_reason::attempts) == 1);
  CHECK(totals.ended(stop_reason::not_retryable) == 1);
  CHECK(totals.ended(stop_reason::deadline) == 0);
}

TEST_CASE("Each stop reason has its own count") {
  tenax::counters totals;
  tenax::attempt_info const info{};
  for (int r = 0; r <= static_cast<int>(stop_reason::expired_on_entry); ++r) {
    for (int i = 0; i <= r; ++i) totals.on_give_up(info, static_cast<stop_reason>(r));
  }
  for (int r = 0; r <= static_cast<int>(stop_reason::expired_on_entry); ++r) {
    CHECK(totals.ended(static_cast<stop_reason>(r)) == static_cast<unsigned>(r + 1));
  }
}

TEST_CASE("Counting does not read the clock") {
  tenax::counters totals;
  auto const policy = tenax::retrying{}.observe(std::ref(totals));
  STATIC_REQUIRE_FALSE(decltype(policy)::uses_time);
}

TEST_CASE("Counters that eight threads share lose no event") {
  constexpr int threads = 8, calls = 500;
  tenax::counters totals;
  auto const policy = tenax::retrying{}.wait(tenax::wait::none).observe(std::ref(totals));
  {
    std::vector<std::thread> workers;
    for (int t = 0; t < threads; ++t) {
      workers.emplace_back([&policy] {
        for (int i = 0; i < calls; ++i) static_cast<void>(policy.try_call(failing(i % 5)));
      });
    }
    for (auto& w : workers) w.join();
  }
  // Of five calls, those with 0, 1 and 2 failures succeed: 1 + 2 + 3 + 3 + 3 attempts, 0 + 1 + 2 + 2 + 2 retries.
  auto const read = totals.read();
  CHECK(read.attempts == threads * calls / 5 * 12);
  CHECK(read.retries == threads * calls / 5 * 7);
  CHECK(read.succeeded == threads * calls / 5 * 3);
  CHECK(read.gave_up == threads * calls / 5 * 2);
  CHECK(read.waiting == 0s);
  CHECK(totals.ended(stop_reason::attempts) == read.gave_up);
}

TEST_CASE("Sums of waits saturate, at gates and between attempts") {
  tenax::counters totals;
  tenax::attempt_info month{};
  month.upcoming_wait = 30 * 24h;
  for (int i = 0; i < 4000; ++i) totals.before_sleep(month);
  CHECK(totals.read().waiting == tenax::duration::max());
  CHECK(totals.read().retries == 4000);
  tenax::gate_wait endless{};
  endless.upcoming_wait = tenax::duration::max();
  for (int i = 0; i < 3; ++i) totals.before_gate_wait(endless);
  CHECK(totals.read().gate_waiting == tenax::duration::max());
  endless.upcoming_wait = -1s;
  totals.before_gate_wait(endless);
  CHECK(totals.read().gate_waiting == tenax::duration::max());
}

TEST_CASE("One reading has the totals and the calls that ended for each reason") {
  tenax::counters totals("catalogue");
  CHECK(totals.name() == std::string("catalogue"));
  CHECK(tenax::counters().name() == std::string());
  tenax::attempt_info const info{};
  for (unsigned r = 0; r < tenax::stop_reason_count; ++r) {
    for (unsigned i = 0; i <= r; ++i) {
      auto const reason = static_cast<stop_reason>(r);
      reason == stop_reason::succeeded ? totals.on_success(info) : totals.on_give_up(info, reason);
    }
  }
  auto const read = totals.read();
  for (unsigned r = 0; r < tenax::stop_reason_count; ++r) CHECK(read.ended(static_cast<stop_reason>(r)) == r + 1);
  CHECK(read.succeeded == 1);
  CHECK(read.gave_up == 44);
  CHECK(read == totals.read());
  totals.on_give_up(info, stop_reason::deadline);
  CHECK(read != totals.read());
}
