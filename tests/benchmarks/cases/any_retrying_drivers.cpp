// SPDX-License-Identifier: MIT
// any_retrying_drivers.cpp: attempts in the drivers that go step by step, with a policy and with its erased forms.
//
//   any_retrying_drivers <policy|any|any_of> <driver> <failures before the success> <calls>
//
// The driver is attempts, loop (a retry_loop by hand), callback, coroutine or asio. Prints the processor's nanoseconds
// per attempt (the best of sixteen runs).
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string_view>
#include <thread>
#include <utility>

#include <alloca.h>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

#include <tenax/any_retrying.hpp>
#include <tenax/asio.hpp>
#include <tenax/async/callback.hpp>
#include <tenax/coroutine.hpp>
#include <tenax/tenax.hpp>

#include "../../scheduler.hpp"

namespace {

[[gnu::noinline]] int ask(int& calls, int failures) {
  asm volatile("" : "+r"(failures));
  return ++calls <= failures ? 503 : 200;
}

struct timer {
  static tenax::time_point now() noexcept { return {}; }
  template <class F>
  void operator()(tenax::duration, F const&) const {
    std::abort();
  }
};

asio::io_context io;
tests::scheduler tasks;

template <class P>
[[gnu::noinline]] int in_attempts(P const& policy, int failures) {
  int calls = 0;
  int last = 0;
  for (auto& attempt : policy.attempts()) attempt([&] { return last = ask(calls, failures); });
  return last;
}

template <class P>
[[gnu::noinline]] int in_loop(P const& policy, int failures) {
  int calls = 0;
  auto const& parts = policy.policy();
  tenax::retry_loop<std::remove_cvref_t<decltype(parts)> const&> loop{parts, tenax::time_point{}};
  auto next = loop.start_attempt(tenax::time_point{});
  for (;;) {
    auto const result = tenax::capture([&] { return ask(calls, failures); });
    next = loop.finish_attempt(result, tenax::time_point{});
    while (next.waits()) next = loop.start_attempt(tenax::time_point{});
    if (!next.stops()) continue;
    loop.conclude(result);
    return result.value();
  }
}

template <class P>
[[gnu::noinline]] int in_callback(P const& policy, int failures) {
  int calls = 0;
  int last = 0;
  auto call = tenax::callback_retry<int>(
      policy, timer(), [&](auto reply) { reply(ask(calls, failures)); },
      [&](tenax::report<int> const& r) { last = r.result.value(); });
  return last;
}

template <class P>
[[gnu::noinline]] int in_coroutine(P const& policy, int failures) {
  int calls = 0;
  auto const operation = [&]() -> tests::task<int> { co_return ask(calls, failures); };
  auto t = tenax::coroutine::retry<tests::task>(policy, std::ref(tasks), operation);
  t.start();
  return t.get();
}

template <class P>
[[gnu::noinline]] int in_asio(P const& policy, int failures) {
  int calls = 0;
  int last = 0;
  auto const operation = [&]() -> asio::awaitable<int> { co_return ask(calls, failures); };
  asio::co_spawn(
      io, [&]() -> asio::awaitable<void> { last = co_await tenax::asio::async_retry(policy, operation); },
      asio::detached);
  io.restart();
  io.run();
  return last;
}

template <class P>
[[gnu::noinline]] long measured_calls(P const& policy, std::string_view driver, int failures, int count) {
  long sum = 0;
  if (driver == "attempts") {
    for (int i = 0; i < count; ++i) sum += in_attempts(policy, failures);
  } else if (driver == "loop") {
    for (int i = 0; i < count; ++i) sum += in_loop(policy, failures);
  } else if (driver == "callback") {
    for (int i = 0; i < count; ++i) sum += in_callback(policy, failures);
  } else if (driver == "coroutine") {
    for (int i = 0; i < count; ++i) sum += in_coroutine(policy, failures);
  } else if (driver == "asio") {
    for (int i = 0; i < count; ++i) sum += in_asio(policy, failures);
  }
  return sum;
}

template <class P>
[[gnu::noinline]] double time_of(P const& policy, std::string_view driver, int failures, int count, std::size_t shift) {
  // Some places on the stack make a call twice as slow as others, in all forms alike.
  auto* const room = static_cast<char*>(alloca(shift + 1));
  asm volatile("" : : "r"(room) : "memory");
  auto const begin = std::clock();
  auto const sum = measured_calls(policy, driver, failures, count);
  auto const took = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  if (sum != 200L * count) std::abort();
  return took;
}

template <class P>
void measure(P const& policy, std::string_view driver, int failures, int count) {
  double best = 1e9;
  for (std::size_t i = 0; i < 16; ++i) best = std::min(best, time_of(policy, driver, failures, count, i * 16));
  std::printf("%.1f\n", best * 1e9 / count / (failures + 1));
}

}  // namespace

int main(int, char** argv) {
  std::thread([] {}).join();  // from now on, counters of owners are atomic
  std::string_view const form = argv[1];
  std::string_view const driver = argv[2];
  int const failures = std::atoi(argv[3]);
  int const count = std::atoi(argv[4]);
  auto const policy = tenax::retrying{}
                          .when(tenax::when::result([](int status) { return status == 503; }))
                          .wait(tenax::wait::none)
                          .stop(tenax::stop::after_attempts(9));
  if (form == "policy") {
    measure(policy, driver, failures, count);
  } else if (form == "any") {
    measure(tenax::any_retrying(policy), driver, failures, count);
  } else {
    measure(tenax::any_retrying_of<int>(policy), driver, failures, count);
  }
}
