// SPDX-License-Identifier: MIT
// call.cpp: the same four calls with the library (-DLIBRARY) and hand-written: up to five attempts, no
// waits. `call NAME FAILURES COUNT`
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "operation.hpp"

#ifdef LIBRARY
#include <tenax/tenax.hpp>

extern "C" [[gnu::noinline]] int measured_value(int& failures) {
  static constexpr auto policy = tenax::retrying{}
                                     .when(tenax::when::result([](int v) { return v < 0; }))
                                     .wait(tenax::wait::none)
                                     .stop(tenax::stop::after_attempts(5));
  return policy(fails_by_value, failures);
}

extern "C" [[gnu::noinline]] int measured_exception(int& failures) {
  static constexpr auto policy = tenax::retrying{}
                                     .when(tenax::when::exception<network_error>)
                                     .wait(tenax::wait::none)
                                     .stop(tenax::stop::after_attempts(5));
  return policy(fails_by_exception, failures);
}

#else

extern "C" [[gnu::noinline]] int measured_value(int& failures) {
  for (int n = 1;; ++n) {
    int const v = fails_by_value(failures);
    if (v >= 0 || n == 5) return v;
  }
}

extern "C" [[gnu::noinline]] int measured_exception(int& failures) {
  for (int n = 1;; ++n) {
    try {
      return fails_by_exception(failures);
    } catch (network_error const&) {
      if (n == 5) throw;
    }
  }
}

#endif

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  auto* const measured = std::strcmp(argv[1], "value") == 0 ? measured_value : measured_exception;
  int const failures = std::atoi(argv[2]);
  int const count = std::atoi(argv[3]);
  int sum = 0;
  auto const start = std::chrono::steady_clock::now();
  for (int i = 0; i < count; ++i) {
    int left = failures;
    sum += measured(left);
  }
  std::chrono::duration<double, std::nano> const elapsed = std::chrono::steady_clock::now() - start;
  std::printf("%.1f\n", elapsed.count() / count);
  return sum == 7 * count ? 0 : 1;
}
