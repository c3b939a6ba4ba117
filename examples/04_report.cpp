// SPDX-License-Identifier: MIT
// 04_report.cpp: shows how to get the result of a call without exceptions: try_call() returns a report.
#include <chrono>
#include <cstdio>
#include <functional>
#include <stdexcept>

#include <tenax/fmt.hpp>
#include <tenax/tenax.hpp>
#include <tenax/testing/script.hpp>
#include <tenax/testing/virtual_time.hpp>

using namespace std::chrono_literals;
using tenax::testing::script;

int main() {
  // Virtual time: the program does not really wait.
  tenax::testing::virtual_time clock;
  auto const policy = tenax::retrying{}.wait(tenax::wait::constant(2s)).environment(std::ref(clock));

  // This call ends with a value.
  script<int> flaky;
  flaky.throws(std::runtime_error("connection reset")).returns(42);
  auto const report = policy.try_call(std::ref(flaky));
  if (report.succeeded()) fmt::print("the value: {}\n", report.value());
  fmt::print("attempts: {}, elapsed: {}, waited: {}\n", report.attempts, tenax::human(report.elapsed),
             tenax::human(report.waited));

  // The same in one line, followed by the other ways in which a call can end.
  fmt::print("{}\n", report);

  script<int> down;
  down.throws(std::runtime_error("connection refused")).repeats_last();
  fmt::print("{}\n", policy.try_call(std::ref(down)));

  script<int> wrong;
  wrong.throws(tenax::permanent(std::runtime_error("no such user")));
  fmt::print("{}\n", policy.try_call(std::ref(wrong)));

  script<int> closed;
  closed.throws(tenax::retry_after(1h, std::runtime_error("closed for maintenance")));
  auto const later = policy.try_call(std::ref(closed));
  fmt::print("{}\n", later);
  if (later.server_wait) fmt::print("so: queue it again in {}\n", tenax::human(*later.server_wait));
}
