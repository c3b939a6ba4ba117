// SPDX-License-Identifier: MIT
// observe.cpp: log, counters and observers in a build without exceptions.
#include <tenax/tenax.hpp>

#include <functional>
#include <string>
#include <system_error>
#include <vector>

#include <tenax/observe/counters.hpp>
#include <tenax/testing/script.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "check.hpp"

using namespace std::chrono_literals;

int main() {
  tenax::testing::virtual_time clock;
  tenax::counters totals;
  std::vector<std::string> lines;
  int before = 0, after = 0, good = 0, bad = 0;
  auto const policy = tenax::retrying{}
                          .wait(tenax::wait::constant(1500ms))
                          .environment(std::ref(clock))
                          .observe(std::ref(totals))
                          .before_sleep(tenax::log_to([&](std::string_view line) { lines.emplace_back(line); }))
                          .before_attempt([&](tenax::attempt_info const&) { ++before; })
                          .after_attempt([&](auto const&) { ++after; })
                          .on_success([&](auto const& a) { good += a.result.has_value(); })
                          .on_give_up([&](auto const& a) { bad += a.result.has_value(); });

  using result = expected<int, std::string>;
  tenax::testing::script<result> flaky;
  flaky.returns(result::failure("connection reset")).returns(result(5));
  CHECK(policy(std::ref(flaky)).value() == 5);
  CHECK(flaky.calls() == 2);
  CHECK(lines == std::vector<std::string>{"tenax: attempt 1 failed: connection reset; attempt 2 in 1.5s"});

  CHECK(policy([] { return std::make_error_code(std::errc::timed_out); }) == std::errc::timed_out);
  CHECK(lines.size() == 3);
  CHECK(before == 5);
  CHECK(after == 5);
  CHECK(good == 1);
  CHECK(bad == 1);
  CHECK(totals.read() ==
        tenax::counters::snapshot{.attempts = 5, .retries = 3, .succeeded = 1, .gave_up = 1, .waiting = 4500ms});
  return failed_checks;
}
