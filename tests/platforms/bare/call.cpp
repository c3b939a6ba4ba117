// SPDX-License-Identifier: MIT
// call.cpp: a call that is retried on a board without an operating system, exceptions, RTTI or heap.
#include <tenax/retry_loop.hpp>
#include <tenax/retrying.hpp>
#include <tenax/stop/after_attempts.hpp>
#include <tenax/stop/deadline.hpp>
#include <tenax/wait/exponential.hpp>
#include <tenax/wait/fibonacci.hpp>
#include <tenax/wait/linear.hpp>
#include <tenax/when/result.hpp>

using namespace std::chrono_literals;

int read_sensor() noexcept;

// [loop]
/// Reads again while the answer is negative: five times, after up to 10 ms, 20 ms, 40 ms and 80 ms.
int read_with_retries() {
  static constexpr auto policy = tenax::retrying{}
                                     .when(tenax::when::result([](int v) { return v < 0; }))
                                     .wait(tenax::wait::exponential({.base = 10ms, .max = 1s}).full())
                                     .stop(tenax::stop::after_attempts(5));
  tenax::retry_loop<decltype(policy.policy()) const&> loop(policy.policy());
  auto next = loop.start_attempt();
  for (;;) {
    int const value = read_sensor();
    next = loop.finish_attempt(tenax::outcome<int>(value));
    if (!next.waits()) return value;
    tenax_platform::sleep(next.delay);
    next = loop.start_attempt();
  }
}
// [/loop]

// The other formulas and conditions compile as well.
tenax::duration formulas(tenax::attempt_info const& info) {
  constexpr auto linear = tenax::wait::linear({.first = 10ms, .step = 5ms, .max = 1s}).equal();
  constexpr auto fibonacci = tenax::wait::fibonacci({.unit = 10ms, .max = 1s});
  constexpr auto deadline = tenax::stop::deadline(5s);
  return deadline(info) ? tenax::duration::zero() : tenax::saturating_add(linear(info), fibonacci(info));
}
