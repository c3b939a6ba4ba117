// SPDX-License-Identifier: MIT
// telemetry.cpp: what watching costs: nanoseconds for each attempt of calls with and without an observer. Fails above
// 20 ns an attempt, or if anything is allocated.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <new>
#include <system_error>

#include <tenax/http/attempt_headers.hpp>
#include <tenax/observe/counters.hpp>
#include <tenax/telemetry/call_metrics.hpp>
#include <tenax/tenax.hpp>

namespace {

std::uint64_t allocations = 0;
volatile int sink = 0;

/// Fails `failures` times in a call.
struct operation {
  int failures;
  int left = 0;

  [[gnu::noinline]] std::error_code operator()() {
    sink = left;
    if (left == 0) {
      left = failures;
      return {};
    }
    --left;
    return std::make_error_code(std::errc::timed_out);
  }
};

/// Writes a header before each attempt.
struct header_writer {
  static constexpr bool uses_time = false;
  void before_attempt(tenax::attempt_info const& a) const {
    sink = static_cast<int>(tenax::http::grpc_previous_rpc_attempts(a).value().size());
  }
};

/// The best of many runs, in nanoseconds an attempt. Each is so short that some are not interrupted by other programs.
template <class Policy>
double measure(Policy const& policy, int failures) {
  constexpr int calls = 5'000;
  double best = 1e9;
  for (int run = 0; run < 360; ++run) {
    operation f{failures, failures};
    auto const begin = std::chrono::steady_clock::now();
    for (int i = 0; i < calls; ++i) sink = policy(std::ref(f)) ? 1 : 0;
    std::chrono::duration<double, std::nano> const took = std::chrono::steady_clock::now() - begin;
    auto const attempt = took.count() / calls / (failures + 1);
    best = attempt < best ? attempt : best;
  }
  return best;
}

}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (auto* const p = std::malloc(size)) return p;
  throw std::bad_alloc();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }

int main() {
  constexpr double most = 20;
  bool good = true;
  static tenax::counters counters;
  static tenax::call_metrics metrics;
  auto const base = tenax::retrying{}.wait(tenax::wait::none).stop(tenax::stop::after_attempts(5));
  auto const counted = base.observe(std::ref(counters));
  auto const measured = base.observe(std::ref(metrics));
  auto const both = base.named("catalogue").observe(std::ref(counters)).observe(std::ref(metrics));
  auto const headers = base.observe(header_writer{});
  auto const before = allocations;
  std::printf("%-10s %9s %9s %9s %9s %9s\n", "failures", "none", "counters", "metrics", "both", "header");
  for (int const failures : {0, 1, 3}) {
    double const none = measure(base, failures);
    double const with[] = {measure(counted, failures), measure(measured, failures), measure(both, failures),
                           measure(headers, failures)};
    std::printf("%-10d %9.1f %9.1f %9.1f %9.1f %9.1f\n", failures, none, with[0], with[1], with[2], with[3]);
    // The two together are two observers.
    for (int i = 0; i < 4; ++i) good = good && with[i] - none <= (i == 2 ? 2 * most : most);
  }
  std::printf("allocations: %llu\n", static_cast<unsigned long long>(allocations - before));
  return good && allocations == before ? 0 : 1;
}
