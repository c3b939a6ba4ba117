// SPDX-License-Identifier: MIT
// 07_cancel.cpp: shows how to stop a call that waits between attempts, from another thread.
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <version>

#include <tenax/cancel.hpp>
#include <tenax/tenax.hpp>

#if defined(__cpp_lib_jthread)
#include <stop_token>
#include <thread>

using namespace std::chrono_literals;

void connect() { throw std::runtime_error("connection refused"); }

int main() {
  auto const started = std::chrono::steady_clock::now();

  // This policy would wait for an hour.
  auto const stubborn = tenax::retrying{}.wait(tenax::wait::constant(1h)).stop(tenax::stop::never);
  std::jthread worker([&](std::stop_token token) {
    auto const report = stubborn.cancel_with(token).try_call(connect);
    std::printf("%s after %u attempt\n", to_string(report.reason), report.attempts);
  });

  std::this_thread::sleep_for(100ms);  // the call starts to wait
  worker.request_stop();               // ends the wait immediately
  worker.join();

  auto const took = std::chrono::steady_clock::now() - started;
  std::printf("%s\n", took < 10s ? "at once" : "late");

  // The token is already triggered, so no attempt is made.
  std::stop_source source;
  source.request_stop();
  try {
    stubborn.cancel_with(source.get_token())(connect);
  } catch (tenax::cancelled const& e) {
    std::printf("%s\n", e.what());
  }
}
#else
int main() { std::puts("skipped: this standard library has no std::jthread"); }
#endif
