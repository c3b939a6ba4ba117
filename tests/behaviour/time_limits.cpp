// SPDX-License-Identifier: MIT
// time_limits.cpp: calls with time limits: early stop, shortened last wait, overshoot, and calls that start too late.
#include <tenax/tenax.hpp>

#include <functional>
#include <stdexcept>
#include <vector>

#include <tenax/testing/virtual_time.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using tenax::stop_reason;
using tenax::testing::virtual_time;
using durations = std::vector<tenax::duration>;

namespace {

/// An operation that takes time and fails.
struct slow_failure {
  virtual_time& clock;
  tenax::duration takes;
  int calls = 0;
  void operator()() {
    ++calls;
    clock.advance(takes);
    throw std::runtime_error("down");
  }
};

}  // namespace

TEST_CASE("A wait that would end at the deadline or later is not started") {
  virtual_time clock;
  auto const policy = tenax::retrying{}.wait(tenax::wait::constant(2s)).environment(std::ref(clock));
  slow_failure f{clock, 1s};
  // Attempts end at 1, 4, 7 s; the wait after the third would end at 9 s.
  auto const report = policy.stop(tenax::stop::deadline(9s)).try_call(f);
  CHECK(report.reason == stop_reason::deadline);
  CHECK(f.calls == 3);
  CHECK(report.elapsed == 7s);
  CHECK(clock.slept() == 4s);

  slow_failure g{clock, 1s};
  static_cast<void>(policy.stop(tenax::stop::deadline(9s + 1ns)).try_call(g));
  CHECK(g.calls == 4);
}

TEST_CASE("A call whose first attempt uses up the deadline gives up immediately") {
  virtual_time clock;
  slow_failure f{clock, 5s};
  auto const report = tenax::retrying{}
                          .wait(tenax::wait::none)
                          .stop(tenax::stop::deadline(5s))
                          .environment(std::ref(clock))
                          .try_call(f);
  CHECK(f.calls == 1);
  CHECK(report.reason == stop_reason::deadline);
}

TEST_CASE("The deadline includes the time of the attempts") {
  virtual_time clock;
  slow_failure f{clock, 3s};
  static_cast<void>(tenax::retrying{}
                        .wait(tenax::wait::none)
                        .stop(tenax::stop::deadline(10s))
                        .environment(std::ref(clock))
                        .try_call(f));
  CHECK(f.calls == 4);
  CHECK(clock.sleeps().empty());
}

TEST_CASE("The last wait can be shortened, so that one more attempt starts at the deadline") {
  virtual_time clock;
  slow_failure f{clock, 1s};
  auto const policy = tenax::retrying{}
                          .wait(tenax::wait::constant(4s))
                          .stop(tenax::stop::deadline(9s).clip_last_wait())
                          .environment(std::ref(clock));
  // Attempts end at 1 and 6 s; the next wait is 3 s instead of 4 s.
  auto const report = policy.try_call(f);
  CHECK(clock.sleeps() == durations{4s, 3s});
  CHECK(f.calls == 3);
  CHECK(report.reason == stop_reason::deadline);
  CHECK(report.elapsed == 10s);
}

TEST_CASE("A clipped wait works in a combination with other conditions") {
  virtual_time clock;
  slow_failure f{clock, 1s};
  auto const policy = tenax::retrying{}
                          .wait(tenax::wait::constant(4s))
                          .stop(tenax::stop::after_attempts(9) || tenax::stop::deadline(9s).clip_last_wait())
                          .environment(std::ref(clock));
  static_cast<void>(policy.try_call(f));
  CHECK(clock.sleeps() == durations{4s, 3s});
  CHECK(f.calls == 3);

  slow_failure g{clock, 1s};
  static_cast<void>(
      policy.stop(tenax::stop::after_attempts(2) || tenax::stop::deadline(9s).clip_last_wait()).try_call(g));
  CHECK(g.calls == 2);
}

TEST_CASE("A limit on elapsed time may be exceeded by one wait and one attempt") {
  virtual_time clock;
  slow_failure f{clock, 1s};
  auto const policy = tenax::retrying{}
                          .wait(tenax::wait::constant(4s))
                          .stop(tenax::stop::after_elapsed(9s))
                          .environment(std::ref(clock));
  auto const report = policy.try_call(f);
  CHECK(f.calls == 3);
  CHECK(report.elapsed == 11s);
  CHECK(report.reason == stop_reason::deadline);
}

TEST_CASE("Several calls can share a deadline at a point in time") {
  virtual_time clock;
  clock.advance(100s);
  auto const policy = tenax::retrying{}
                          .wait(tenax::wait::constant(2s))
                          .stop(tenax::stop::deadline_at(clock.now() + 10s))
                          .environment(std::ref(clock));
  slow_failure f{clock, 1s};
  CHECK(policy.try_call(f).reason == stop_reason::deadline);
  CHECK(f.calls == 4);  // attempts start at 0, 3, 6 and 9 s
  CHECK(clock.now() == tenax::time_point(110s));

  slow_failure g{clock, 1s};
  auto const late = policy.try_call(g);
  CHECK(late.reason == stop_reason::expired_on_entry);
  CHECK(g.calls == 0);
  CHECK(late.attempts == 0);
  CHECK_THROWS_AS(policy(g), tenax::expired);
}

TEST_CASE("A call that starts just before its deadline makes an attempt") {
  virtual_time clock;
  auto const policy = tenax::retrying{}.stop(tenax::stop::deadline_at(clock.now() + 1ns)).environment(std::ref(clock));
  slow_failure f{clock, 1s};
  CHECK(policy.try_call(f).reason == stop_reason::deadline);
  CHECK(f.calls == 1);
}

TEST_CASE("A call that starts after its deadline makes no attempt, even if the last wait may be clipped") {
  virtual_time clock;
  clock.advance(5s);
  auto const policy = tenax::retrying{}.environment(std::ref(clock));
  slow_failure f{clock, 1s};
  CHECK(policy.stop(tenax::stop::deadline_at(clock.now()).clip_last_wait()).try_call(f).reason ==
        stop_reason::expired_on_entry);
  CHECK(policy.stop(tenax::stop::deadline_at(clock.now() - 3s)).try_call(f).reason == stop_reason::expired_on_entry);
  CHECK(f.calls == 0);
}

TEST_CASE("A clipped deadline at a point in time starts the last attempt exactly then") {
  virtual_time clock;
  clock.advance(50s);
  auto const end = clock.now() + 9s;
  std::vector<tenax::time_point> starts;
  auto const policy = tenax::retrying{}
                          .wait(tenax::wait::constant(4s))
                          .stop(tenax::stop::deadline_at(end).clip_last_wait())
                          .environment(std::ref(clock));
  static_cast<void>(policy.try_call([&] {
    starts.push_back(clock.now());
    clock.advance(1s);
    throw std::runtime_error("down");
  }));
  REQUIRE(starts.size() == 3);
  CHECK(starts.back() == end);
}

TEST_CASE("The operation sees how much time is left") {
  virtual_time clock;
  durations left;
  auto const f = [&](tenax::attempt_info const& info) {
    left.push_back(info.time_left);
    clock.advance(1s);
    throw std::runtime_error("down");
  };
  auto const policy = tenax::retrying{}.wait(tenax::wait::constant(2s)).environment(std::ref(clock));

  static_cast<void>(policy.stop(tenax::stop::deadline(9s)).try_call(f));
  CHECK(left == durations{9s, 6s, 3s});
  left.clear();
  static_cast<void>(policy.stop(tenax::stop::deadline_at(clock.now() + 9s)).try_call(f));
  CHECK(left == durations{9s, 6s, 3s});
  left.clear();
  static_cast<void>(policy.stop(tenax::stop::deadline(5s).clip_last_wait()).try_call(f));
  CHECK(left == durations{5s, 2s, 1ms});  // not 0, which would mean "no limit" to many clients
  left.clear();
  static_cast<void>(
      policy.stop(tenax::stop::after_attempts(2) || tenax::stop::deadline(20s) || tenax::stop::deadline(9s))
          .try_call(f));
  CHECK(left == durations{9s, 6s});
  left.clear();
  static_cast<void>(policy.stop(tenax::stop::after_attempts(1)).try_call(f));
  CHECK(left == durations{tenax::duration::max()});
  left.clear();
  // With `&&` the deadline alone does not end the call.
  static_cast<void>(policy.stop(tenax::stop::after_attempts(2) && tenax::stop::deadline(1s)).try_call(f));
  CHECK(left == durations{tenax::duration::max(), tenax::duration::max()});
}

TEST_CASE("A sleep that lasts longer than requested cannot push an attempt past the deadline") {
  /// Sleeps twice as long as requested.
  struct oversleeping {
    virtual_time& clock;
    [[nodiscard]] tenax::time_point now() const { return clock.now(); }
    void sleep(tenax::duration d) const { clock.sleep(d + d); }
  };
  virtual_time clock;
  slow_failure f{clock, 1s};
  auto const report = tenax::retrying{}
                          .wait(tenax::wait::constant(3s))
                          .stop(tenax::stop::deadline(5s))
                          .environment(oversleeping{clock})
                          .try_call(f);
  CHECK(f.calls == 1);
  CHECK(report.reason == stop_reason::deadline);
  CHECK(report.result.exception_as<std::runtime_error>() != nullptr);
}

TEST_CASE("A huge deadline and a huge wait do not wrap") {
  virtual_time clock;
  clock.advance(1h);
  slow_failure f{clock, 1s};
  auto const policy =
      tenax::retrying{}.wait(tenax::wait::constant(tenax::duration::max())).environment(std::ref(clock));
  CHECK(policy.stop(tenax::stop::deadline(tenax::duration::max())).try_call(f).reason == stop_reason::deadline);
  CHECK(f.calls == 1);
  CHECK(policy.stop(tenax::stop::deadline_at(tenax::time_point::max())).try_call(f).reason == stop_reason::deadline);
  CHECK(f.calls == 2);
  CHECK(policy.stop(tenax::stop::deadline_at(tenax::time_point::min())).try_call(f).reason ==
        stop_reason::expired_on_entry);
}

TEST_CASE("Of two stop conditions, the first one that holds gives the reason") {
  virtual_time clock;
  auto const policy = tenax::retrying{}.wait(tenax::wait::constant(2s)).environment(std::ref(clock));
  auto const reason = [&](auto const& condition) {
    slow_failure f{clock, 1s};
    return policy.stop(condition).try_call(f).reason;
  };
  CHECK(reason(tenax::stop::after_attempts(3) || tenax::stop::deadline(3s)) == stop_reason::deadline);
  CHECK(reason(tenax::stop::after_attempts(1) || tenax::stop::deadline(3s)) == stop_reason::attempts);
  CHECK(reason(tenax::stop::deadline(3s) || tenax::stop::after_attempts(1)) == stop_reason::deadline);
}
