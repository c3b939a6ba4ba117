// SPDX-License-Identifier: MIT
// first_try.cpp: calls as people write them, with the library (-DLIBRARY) and hand-written.
// `first_try NAME FAILURES COUNT`
// makes COUNT calls of one kind, each of an operation that fails FAILURES times and then succeeds.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <stop_token>
#include <thread>

#include "operation.hpp"

#ifdef LIBRARY
#include <tenax/cancel.hpp>
#include <tenax/tenax.hpp>
namespace when = tenax::when;
namespace wait_for = tenax::wait;
namespace stop = tenax::stop;
#endif

using namespace std::chrono_literals;

#define MEASURED extern "C" [[gnu::noinline]]

namespace {

using clock_type = std::chrono::steady_clock;
using span = std::chrono::nanoseconds;

/// The source of the token, which nothing triggers.
std::stop_source source;
int failures_seen = 0;

}  // namespace

#ifdef LIBRARY

namespace {

constexpr auto by_value = tenax::retrying{}
                              .when(when::result([](int v) { return v < 0; }))
                              .wait(wait_for::exponential({.base = 100ms, .max = 5s}))
                              .stop(stop::after_attempts(5));
constexpr auto by_exception = tenax::retrying{}
                                  .when(when::exception<network_error>)
                                  .wait(wait_for::exponential({.base = 100ms, .max = 5s}))
                                  .stop(stop::after_attempts(5));
auto const with_token = by_exception.cancel_with(source.get_token());
auto const value_with_token = by_value.cancel_with(source.get_token());
constexpr auto without_waits = by_value.wait(wait_for::none);
constexpr auto throws_without_waits = by_exception.wait(wait_for::none);

}  // namespace

MEASURED int measured_value_local(int& failures) {
  constexpr auto policy = tenax::retrying{}
                              .when(when::result([](int v) { return v < 0; }))
                              .wait(wait_for::exponential({.base = 100ms, .max = 5s}))
                              .stop(stop::after_attempts(5));
  return policy(fails_by_value, failures);
}

MEASURED int measured_value_const(int& failures) {
  auto const policy = tenax::retrying{}
                          .when(when::result([](int v) { return v < 0; }))
                          .wait(wait_for::exponential({.base = 100ms, .max = 5s}))
                          .stop(stop::after_attempts(5));
  return policy(fails_by_value, failures);
}

MEASURED int measured_value_static(int& failures) {
  static constexpr auto policy = tenax::retrying{}
                                     .when(when::result([](int v) { return v < 0; }))
                                     .wait(wait_for::exponential({.base = 100ms, .max = 5s}))
                                     .stop(stop::after_attempts(5));
  return policy(fails_by_value, failures);
}

MEASURED int measured_value_lambda(int& failures) {
  static constexpr auto policy = tenax::retrying{}
                                     .when(when::result([](int v) { return v < 0; }))
                                     .wait(wait_for::exponential({.base = 100ms, .max = 5s}))
                                     .stop(stop::after_attempts(5));
  return policy([&] { return fails_by_value(failures); });
}

MEASURED int measured_value_wrap(int& failures) {
  static constexpr auto call = by_value.wrap(fails_by_value);
  return call(failures);
}

MEASURED int measured_value_attempts(int& failures) {
  int v = 0;
  for (auto& attempt : by_value.attempts()) attempt([&] { return v = fails_by_value(failures); });
  return v;
}

MEASURED int measured_value_token(int& failures) { return value_with_token(fails_by_value, failures); }

MEASURED int measured_exception_local(int& failures) {
  constexpr auto policy = tenax::retrying{}
                              .when(when::exception<network_error>)
                              .wait(wait_for::exponential({.base = 100ms, .max = 5s}))
                              .stop(stop::after_attempts(5));
  return policy(fails_by_exception, failures);
}

MEASURED int measured_exception(int& failures) { return by_exception(fails_by_exception, failures); }

MEASURED int measured_exception_lambda(int& failures) {
  return by_exception([&] { return fails_by_exception(failures); });
}

MEASURED int measured_exception_wrap(int& failures) {
  static constexpr auto call = by_exception.wrap(fails_by_exception);
  return call(failures);
}

MEASURED int measured_exception_attempts(int& failures) {
  int v = 0;
  for (auto& attempt : by_exception.attempts()) attempt([&] { v = fails_by_exception(failures); });
  return v;
}

MEASURED int measured_exception_token(int& failures) { return with_token(fails_by_exception, failures); }

MEASURED int measured_default(int& failures) { return tenax::retrying{}(fails_by_exception, failures); }

MEASURED int measured_jitter(int& failures) {
  static constexpr auto policy = by_exception.wait(wait_for::exponential({.base = 100ms, .max = 5s}).full());
  return policy(fails_by_exception, failures);
}

MEASURED int measured_logged(int& failures) {
  auto const policy = by_exception.before_sleep(tenax::log_to(stderr)).on_give_up(tenax::log_to(stderr));
  return policy(fails_by_exception, failures);
}

MEASURED int measured_observed(int& failures) {
  static constexpr auto policy =
      by_exception.before_sleep([](tenax::attempt_info const& a) { failures_seen += a.elapsed > 1s; })
          .on_give_up([](tenax::attempt_info const& a) { failures_seen += a.elapsed > 1s; });
  return policy(fails_by_exception, failures);
}

MEASURED int measured_deadline_jitter_local(int& failures) {
  constexpr auto policy = tenax::retrying{}
                              .when(when::exception<network_error>)
                              .wait(wait_for::exponential({.base = 100ms, .max = 5s}).full())
                              .stop(stop::after_attempts(5) || stop::deadline(30s));
  return policy(fails_by_exception, failures);
}

MEASURED int measured_deadline_jitter(int& failures) {
  static constexpr auto policy = tenax::retrying{}
                                     .when(when::exception<network_error>)
                                     .wait(wait_for::exponential({.base = 100ms, .max = 5s}).full())
                                     .stop(stop::after_attempts(5) || stop::deadline(30s));
  return policy(fails_by_exception, failures);
}

MEASURED int measured_deadline(int& failures) {
  static constexpr auto policy = by_exception.stop(stop::deadline(30s));
  return policy(fails_by_exception, failures);
}

MEASURED tenax::report<int> measured_value_report(int& failures) { return by_value.try_call(fails_by_value, failures); }

MEASURED tenax::report<int> measured_exception_report(int& failures) {
  return by_exception.try_call(fails_by_exception, failures);
}

MEASURED tenax::report<int> measured_deadline_report(int& failures) {
  static constexpr auto policy = by_exception.stop(stop::after_attempts(5) || stop::deadline(30s));
  return policy.try_call(fails_by_exception, failures);
}

MEASURED int measured_value_no_wait(int& failures) { return without_waits(fails_by_value, failures); }
MEASURED int measured_exception_no_wait(int& failures) { return throws_without_waits(fails_by_exception, failures); }
MEASURED tenax::report<int> measured_value_report_no_wait(int& failures) {
  return without_waits.try_call(fails_by_value, failures);
}
MEASURED tenax::report<int> measured_exception_report_no_wait(int& failures) {
  return throws_without_waits.try_call(fails_by_exception, failures);
}

#else

namespace {

struct cancelled {};
std::stop_token const token = source.get_token();

/// What a report by hand holds.
struct report {
  std::optional<int> value;
  std::exception_ptr error;
  int attempts;
  span elapsed;
};

std::uint64_t random_state = 1;
[[gnu::noinline]] span jittered(span d) {
  random_state = random_state * 6364136223846793005U + 1442695040888963407U;
  return span(static_cast<std::int64_t>(static_cast<std::uint64_t>(d.count()) * (random_state >> 32) >> 32));
}

span next(span wait) { return wait < 2500ms ? wait * 2 : span(5s); }

[[gnu::always_inline]] inline int value(int& failures) {
  span wait = 100ms;
  for (int n = 1;; ++n) {
    int const v = fails_by_value(failures);
    if (v >= 0 || n == 5) return v;
    std::this_thread::sleep_for(wait);
    wait = next(wait);
  }
}

[[gnu::always_inline]] inline int exception(int& failures) {
  span wait = 100ms;
  for (int n = 1;; ++n) {
    try {
      return fails_by_exception(failures);
    } catch (network_error const&) {
      if (n == 5) throw;
    }
    std::this_thread::sleep_for(wait);
    wait = next(wait);
  }
}

}  // namespace

MEASURED int measured_value_local(int& failures) { return value(failures); }
MEASURED int measured_value_const(int& failures) { return value(failures); }
MEASURED int measured_value_static(int& failures) { return value(failures); }
MEASURED int measured_value_lambda(int& failures) { return value(failures); }
MEASURED int measured_value_wrap(int& failures) { return value(failures); }
MEASURED int measured_value_attempts(int& failures) { return value(failures); }
MEASURED int measured_value_token(int& failures) {
  if (token.stop_requested()) throw cancelled();
  span wait = 100ms;
  for (int n = 1;; ++n) {
    int const v = fails_by_value(failures);
    if (v >= 0 || n == 5 || token.stop_requested()) return v;
    std::this_thread::sleep_for(wait);
    if (token.stop_requested()) return v;
    wait = next(wait);
  }
}

MEASURED int measured_exception_local(int& failures) { return exception(failures); }
MEASURED int measured_exception(int& failures) { return exception(failures); }
MEASURED int measured_exception_lambda(int& failures) { return exception(failures); }
MEASURED int measured_exception_wrap(int& failures) { return exception(failures); }
MEASURED int measured_exception_attempts(int& failures) { return exception(failures); }
MEASURED int measured_exception_token(int& failures) {
  if (token.stop_requested()) throw cancelled();
  span wait = 100ms;
  for (int n = 1;; ++n) {
    try {
      return fails_by_exception(failures);
    } catch (network_error const&) {
      if (n == 5 || token.stop_requested()) throw;
      std::this_thread::sleep_for(wait);
      if (token.stop_requested()) throw;
    }
    wait = next(wait);
  }
}

MEASURED int measured_default(int& failures) {
  span wait = 100ms;
  for (int n = 1;; ++n) {
    try {
      return fails_by_exception(failures);
    } catch (std::runtime_error const&) {
      if (n == 3) throw;
    }
    std::this_thread::sleep_for(jittered(wait));
    wait = next(wait);
  }
}

MEASURED int measured_jitter(int& failures) {
  span wait = 100ms;
  for (int n = 1;; ++n) {
    try {
      return fails_by_exception(failures);
    } catch (network_error const&) {
      if (n == 5) throw;
    }
    std::this_thread::sleep_for(jittered(wait));
    wait = next(wait);
  }
}

MEASURED int measured_logged(int& failures) {
  span wait = 100ms;
  for (int n = 1;; ++n) {
    try {
      return fails_by_exception(failures);
    } catch (network_error const& e) {
      if (n == 5) {
        std::fprintf(stderr, "attempt %d failed: %s; giving up\n", n, e.what());
        throw;
      }
      std::fprintf(stderr, "attempt %d failed: %s; the next one in %lld ns\n", n, e.what(),
                   static_cast<long long>(wait.count()));
    }
    std::this_thread::sleep_for(wait);
    wait = next(wait);
  }
}

MEASURED int measured_observed(int& failures) {
  auto const start = clock_type::now();
  span wait = 100ms;
  for (int n = 1;; ++n) {
    try {
      return fails_by_exception(failures);
    } catch (network_error const&) {
      failures_seen += clock_type::now() - start > 1s;
      if (n == 5) throw;
    }
    std::this_thread::sleep_for(wait);
    wait = next(wait);
  }
}

namespace {
[[gnu::always_inline]] inline int deadline_jitter(int& failures) {
  auto const start = clock_type::now();
  span wait = 100ms;
  for (int n = 1;; ++n) {
    span d;
    try {
      return fails_by_exception(failures);
    } catch (network_error const&) {
      d = jittered(wait);
      if (n == 5 || clock_type::now() - start + d >= 30s) throw;
    }
    std::this_thread::sleep_for(d);
    wait = next(wait);
  }
}
}  // namespace

MEASURED int measured_deadline_jitter_local(int& failures) { return deadline_jitter(failures); }
MEASURED int measured_deadline_jitter(int& failures) { return deadline_jitter(failures); }

MEASURED int measured_deadline(int& failures) {
  auto const start = clock_type::now();
  span wait = 100ms;
  for (;;) {
    try {
      return fails_by_exception(failures);
    } catch (network_error const&) {
      if (clock_type::now() - start + wait >= 30s) throw;
    }
    std::this_thread::sleep_for(wait);
    wait = next(wait);
  }
}

namespace {
template <bool Waits>
[[gnu::always_inline]] inline report value_report(int& failures) {
  auto const start = clock_type::now();
  span wait = 100ms;
  for (int n = 1;; ++n) {
    int const v = fails_by_value(failures);
    if (v >= 0 || n == 5) return {v, {}, n, clock_type::now() - start};
    if constexpr (Waits) {
      std::this_thread::sleep_for(wait);
      wait = next(wait);
    }
  }
}

template <bool Waits>
[[gnu::always_inline]] inline report exception_report(int& failures) {
  auto const start = clock_type::now();
  span wait = 100ms;
  for (int n = 1;; ++n) {
    try {
      int const v = fails_by_exception(failures);
      return {v, {}, n, clock_type::now() - start};
    } catch (network_error const&) {
      if (n == 5) return {{}, std::current_exception(), n, clock_type::now() - start};
    }
    if constexpr (Waits) {
      std::this_thread::sleep_for(wait);
      wait = next(wait);
    }
  }
}
}  // namespace

MEASURED report measured_value_report(int& failures) { return value_report<true>(failures); }
MEASURED report measured_exception_report(int& failures) { return exception_report<true>(failures); }
MEASURED report measured_deadline_report(int& failures) {
  auto const start = clock_type::now();
  span wait = 100ms;
  for (int n = 1;; ++n) {
    try {
      int const v = fails_by_exception(failures);
      return {v, {}, n, clock_type::now() - start};
    } catch (network_error const&) {
      auto const elapsed = clock_type::now() - start;
      if (n == 5 || elapsed + wait >= 30s) return {{}, std::current_exception(), n, elapsed};
    }
    std::this_thread::sleep_for(wait);
    wait = next(wait);
  }
}
MEASURED report measured_value_report_no_wait(int& failures) { return value_report<false>(failures); }
MEASURED report measured_exception_report_no_wait(int& failures) { return exception_report<false>(failures); }

MEASURED int measured_value_no_wait(int& failures) {
  for (int n = 1;; ++n) {
    int const v = fails_by_value(failures);
    if (v >= 0 || n == 5) return v;
  }
}

MEASURED int measured_exception_no_wait(int& failures) {
  for (int n = 1;; ++n) {
    try {
      return fails_by_exception(failures);
    } catch (network_error const&) {
      if (n == 5) throw;
    }
  }
}

#endif

namespace {

#ifdef LIBRARY
using report = tenax::report<int>;
int value_of(report&& r) { return r.value(); }
#else
int value_of(report&& r) { return r.value.value(); }
#endif

struct {
  char const* name;
  int (*plain)(int&);
  report (*reports)(int&);
} const cases[] = {
    {",value_local,", measured_value_local, nullptr},
    {",value_const,", measured_value_const, nullptr},
    {",value_static,", measured_value_static, nullptr},
    {",value_lambda,", measured_value_lambda, nullptr},
    {",value_wrap,", measured_value_wrap, nullptr},
    {",value_attempts,", measured_value_attempts, nullptr},
    {",value_token,", measured_value_token, nullptr},
    {",exception_local,", measured_exception_local, nullptr},
    {",exception,", measured_exception, nullptr},
    {",exception_lambda,", measured_exception_lambda, nullptr},
    {",exception_wrap,", measured_exception_wrap, nullptr},
    {",exception_attempts,", measured_exception_attempts, nullptr},
    {",exception_token,", measured_exception_token, nullptr},
    {",default,", measured_default, nullptr},
    {",jitter,", measured_jitter, nullptr},
    {",logged,", measured_logged, nullptr},
    {",observed,", measured_observed, nullptr},
    {",deadline,", measured_deadline, nullptr},
    {",deadline_jitter,", measured_deadline_jitter, nullptr},
    {",deadline_jitter_local,", measured_deadline_jitter_local, nullptr},
    {",value_report,", nullptr, measured_value_report},
    {",exception_report,", nullptr, measured_exception_report},
    {",deadline_report,", nullptr, measured_deadline_report},
    {",value_no_wait,", measured_value_no_wait, nullptr},
    {",exception_no_wait,", measured_exception_no_wait, nullptr},
    {",value_report_no_wait,", nullptr, measured_value_report_no_wait},
    {",exception_report_no_wait,", nullptr, measured_exception_report_no_wait},
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  int const failures = std::atoi(argv[2]);
  int const count = std::atoi(argv[3]);
  // Many cases in one run, as ",one,two,": to start valgrind takes longer than to count.
  bool all_done = true;
  for (auto const& c : cases) {
    if (std::strstr(argv[1], c.name) == nullptr) continue;
    int sum = 0;
    for (int i = 0; i < count; ++i) {
      int left = failures;
      sum += c.plain != nullptr ? c.plain(left) : value_of(c.reports(left));
    }
    all_done = all_done && sum == 7 * count;
  }
  return all_done ? 0 : 1;
}
