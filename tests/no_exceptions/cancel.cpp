// SPDX-License-Identifier: MIT
// cancel.cpp: calls that end before their first attempt, in a build without exceptions: their outcome is empty.
#include <tenax/tenax.hpp>

#include <functional>
#include <vector>
#include <version>

#include <tenax/testing/virtual_time.hpp>
#if defined(__cpp_lib_jthread)
#include <tenax/cancel.hpp>
#endif

#include "check.hpp"

using namespace std::chrono_literals;
using tenax::stop_reason;

namespace {

struct token {
  bool const* pressed;
  bool stop_requested() const { return *pressed; }
};

struct closed_gate {
  struct ticket {};
  tenax::admission admit(ticket&, tenax::attempt_info const&, tenax::time_point) {
    return tenax::admission::refuse("closed", 5s);
  }
  void record(ticket&, tenax::feedback const&, tenax::time_point) {}
};

template <class Report>
void check_unstarted(Report const& report, stop_reason reason) {
  CHECK(report.reason == reason);
  CHECK(report.attempts == 0);
  CHECK(!report.has_value());
  CHECK(!report.succeeded());
  CHECK(report.exception() == nullptr);
}

}  // namespace

int main() {
  int calls = 0;
  auto const f = [&] { return ++calls; };
  tenax::testing::virtual_time clock;
  bool pressed = true;
  std::vector<stop_reason> told;
  auto const base = tenax::retrying{}
                        .wait(tenax::wait::constant(1min))
                        .environment(std::ref(clock))
                        .on_give_up([&](tenax::attempt_info const&, stop_reason reason) { told.push_back(reason); });

  check_unstarted(base.cancel_with(token{&pressed}).try_call(f), stop_reason::cancelled);
  check_unstarted(base.stop(tenax::stop::deadline_at(clock.now())).try_call(f), stop_reason::expired_on_entry);
  closed_gate gate;
  check_unstarted(base.through(std::ref(gate)).try_call(f), stop_reason::refused_by_gate);
  check_unstarted(base.cancel_with(token{&pressed}).try_call([] {}), stop_reason::cancelled);
  CHECK(calls == 0);
  CHECK(told == std::vector{stop_reason::cancelled, stop_reason::expired_on_entry, stop_reason::refused_by_gate,
                            stop_reason::cancelled});

  // Cancelled during a wait: the call has the last value.
  pressed = false;
  clock.after(3s, [&] { pressed = true; });
  auto const late = base.when(tenax::when::always).cancel_with(token{&pressed}).try_call(f);
  CHECK(late.reason == stop_reason::cancelled);
  CHECK(late.has_value());
  CHECK(late.value() == 1);
  CHECK(late.waited == 3s);

#if defined(__cpp_lib_jthread)
  std::stop_source source;
  auto const policy = tenax::retrying{}.cancel_with(source.get_token());
  CHECK(policy(f) == 2);
  source.request_stop();
  check_unstarted(policy.try_call(f), stop_reason::cancelled);
#endif
  return failed_checks;
}
