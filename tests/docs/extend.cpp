// SPDX-License-Identifier: MIT
// extend.cpp: the snippets of docs/how-to/extend.md.
#include <atomic>

#include "docs.hpp"

namespace {

// [extend]
/// A wait: twice as long at night.
struct slow_at_night : tenax::wait::operators {
  static constexpr bool uses_time = false;
  tenax::duration day;
  bool const* night;

  slow_at_night(tenax::duration d, bool const* n) : day(d), night(n) {}
  tenax::duration operator()(tenax::attempt_info const&) const { return *night ? 2 * day : day; }
};

/// A gate: refuses retries while the service is in maintenance.
class maintenance {
 public:
  struct ticket {};
  std::atomic<bool> active{false};

  tenax::admission admit(ticket&, tenax::attempt_info const& a, tenax::time_point) {
    return a.is_retry() && active ? tenax::admission::refuse("maintenance")
                                  : tenax::admission::go();
  }
  void record(ticket&, tenax::feedback const&, tenax::time_point) {}
  /// It refuses, and makes no attempt wait: for `worst_case`.
  static constexpr tenax::duration longest_wait() { return 0s; }
};

/// A dialect: this service writes the seconds to wait into the body of its answer.
tenax::hint seconds_in_body(tenax::attempt<response> const& a) {
  if (!a.result.has_value() || a.result.value().status != 429) return {};
  return {.wait = std::chrono::seconds(std::stoi(a.result.value().body)), .throttled = true};
}

/// An environment: a clock of your own, here one that a test moves.
struct manual_clock {
  tenax::time_point* time;

  tenax::time_point now() const { return *time; }
  void sleep(tenax::duration d) const { *time += d; }
};
static_assert(tenax::environment<manual_clock>);
static_assert(tenax::wait_strategy<slow_at_night, tenax::attempt_info>);
// [/extend]

}  // namespace

TEST_CASE("extend: a part of each kind in one policy") {
  bool night = true;
  maintenance gate;
  tenax::time_point time{};
  script<response> answers;
  answers.returns({503, ""}).returns({429, "7"}).returns({200, "a song"});
  // [use]
  auto const busy = [](tenax::attempt<response> const& a) {
    return a.result.value().status >= 429;
  };
  auto const policy = tenax::retrying{}
                          .when(busy)
                          .wait(slow_at_night(500ms, &night))
                          .through(std::ref(gate))
                          .read_hints_with(seconds_in_body)
                          .environment(manual_clock{&time});
  CHECK(policy(answers).status == 200);       // 503, then 429, then 200
  CHECK(time.time_since_epoch() == 1s + 7s);  // the own wait at night, and the server's
  // [/use]
  CHECK(tenax::worst_case(policy.wait(tenax::wait::constant(1s)).max_server_wait(0s).policy())
            .total_wait == 2s);
  gate.active = true;
  script<response> down;
  down.returns({503, ""});
  CHECK(policy.try_call(std::ref(down)).reason == tenax::stop_reason::refused_by_gate);
}
