// SPDX-License-Identifier: MIT
// results.cpp: retrying by the result of an operation, in a build without exceptions.
#include <tenax/tenax.hpp>

#include <functional>
#include <string>
#include <system_error>
#include <vector>

#include <tenax/testing/virtual_time.hpp>

#include "check.hpp"

using namespace std::chrono_literals;
using tenax::stop_reason;
using tenax::testing::virtual_time;
using durations = std::vector<tenax::duration>;

namespace {

void by_value() {
  virtual_time clock;
  auto const policy = tenax::retrying{}
                          .when(tenax::when::result([](int i) { return i < 3; }) || tenax::when::result_is(7))
                          .wait(tenax::wait::exponential({.base = 1s}))
                          .stop(tenax::stop::after_attempts(4) || tenax::stop::deadline(1min))
                          .environment(std::ref(clock));
  int n = 0;
  CHECK(policy([&] { return ++n; }) == 3);
  CHECK(clock.sleeps() == durations{1s, 2s});
  CHECK(policy([] { return 7; }) == 7);
  CHECK(clock.sleeps() == durations{1s, 2s, 1s, 2s, 4s});
  CHECK(policy([](tenax::attempt_info const& info) { return static_cast<int>(info.number); }) == 3);
}

void by_error_code() {
  virtual_time clock;
  auto const policy = tenax::retrying{}.environment(std::ref(clock));
  int n = 0;
  CHECK(!policy([&] { return ++n < 3 ? std::make_error_code(std::errc::timed_out) : std::error_code(); }));
  CHECK(n == 3);
  n = 0;
  auto const chosen = policy.when(tenax::when::error(std::errc::timed_out));
  CHECK(chosen([&] { return ++n, std::make_error_code(std::errc::io_error); }) == std::errc::io_error);
  CHECK(n == 1);
}

void by_expected() {
  using error = tenax::with_hint<std::string>;
  using result = expected<int, error>;
  virtual_time clock;
  auto const policy = tenax::retrying{}.wait(tenax::wait::none).environment(std::ref(clock));
  int n = 0;
  CHECK(policy([&] { return ++n < 3 ? result::failure(error("down")) : result(5); }).value() == 5);
  CHECK(n == 3);
  n = 0;
  CHECK(policy([&] { return ++n, result::failure(tenax::permanent(std::string("gone"))); }).error() == "gone");
  CHECK(n == 1);
  n = 0;
  CHECK(policy([&] {
          return ++n < 2 ? result::failure(tenax::retry_after(9s, std::string("slow"))) : result(5);
        }).value() == 5);
  CHECK(clock.sleeps() == durations{9s});
  auto const too_long = policy.try_call([] { return result::failure(tenax::retry_after(1h, std::string("slow"))); });
  CHECK(too_long.reason == stop_reason::server_wait_too_long);
  CHECK(too_long.server_wait == tenax::optional_duration(1h));
}

void results_of_every_category() {
  static int number = 5;
  constexpr tenax::retrying policy{};
  policy([] {});
  CHECK(&policy([]() -> int& { return number; }) == &number);
  CHECK(policy.wrap([](int i) { return i + 1; })(1) == 2);
  int turns = 0;
  for (auto& attempt : policy.wait(tenax::wait::none).when(tenax::when::result_is(false)).attempts()) {
    attempt([&] { return ++turns == 2; });
  }
  CHECK(turns == 2);
}

void reports() {
  virtual_time clock;
  auto const policy =
      tenax::retrying{}.when(tenax::when::result_is(1)).wait(tenax::wait::constant(1s)).environment(std::ref(clock));
  auto const good = policy.try_call([] { return 2; });
  CHECK(good.succeeded());
  CHECK(good.value() == 2);
  CHECK(good.attempts == 1);
  auto const bad = policy.try_call([] { return 1; });
  CHECK(bad.reason == stop_reason::attempts);
  CHECK(bad.has_value());
  CHECK(bad.attempts == 3);
  CHECK(bad.waited == 2s);
  CHECK(bad.elapsed == 2s);
  CHECK(bad.exception() == nullptr);
}

}  // namespace

int main() {
  by_value();
  by_error_code();
  by_expected();
  results_of_every_category();
  reports();
  return failed_checks;
}
