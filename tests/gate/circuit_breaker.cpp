// SPDX-License-Identifier: MIT
// circuit_breaker.cpp: when the circuit opens, for how long, which attempts probe, and that old results do not count.
#include <tenax/gate/circuit_breaker.hpp>

#include <array>
#include <atomic>
#include <functional>
#include <optional>

#include <tenax/gate/call.hpp>
#include <tenax/tenax.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "gates.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using tenax::circuit_breaker;
using tests::ask;
using tests::asked;
using tests::attempted;
using tests::kind;
using tests::tell;
using tests::verdict;
using state = tenax::circuit_state;
using ticket = circuit_breaker<>::ticket;

namespace {

/// Opens for exactly 5 s, 10 s, 20 s, 30 s, 30 s ...
constexpr tenax::circuit_breaker_options exact{.failures = 3, .max_open = 30s, .open_jitter = 0};

std::string refused_options(tenax::circuit_breaker_options const& o) {
  return tests::rejection([&] {
    circuit_breaker<> const breaker(o);
    return 0;
  });
}

/// Makes one attempt that ends when it starts, and whose answer asks for a wait. Returns whether it was admitted.
bool attempted_and_told(circuit_breaker<>& breaker, kind how, tenax::duration wait, tenax::duration now = {}) {
  ticket t;
  if (asked(breaker, t, now) != verdict::go) return false;
  breaker.record(t, {.how = how, .server_wait = wait}, tenax::time_point(now));
  return true;
}

/// The time left until the circuit lets a probe through.
tenax::optional_duration left(circuit_breaker<>& breaker, tenax::duration now) {
  ticket t;
  return ask(breaker, t, now).retry_after;
}

struct change {
  state from;
  state to;
  tenax::duration now;
  friend bool operator==(change const&, change const&) = default;
};

}  // namespace

TEST_CASE("circuit_breaker: opens after a number of failures in a row") {
  circuit_breaker breaker(exact);
  CHECK(attempted(breaker, kind::failure));
  CHECK(attempted(breaker, kind::failure));
  CHECK(attempted(breaker, kind::success));
  CHECK(attempted(breaker, kind::failure));
  CHECK(attempted(breaker, kind::throttled));
  CHECK(breaker.state() == state::closed);
  CHECK(attempted(breaker, kind::failure, 1s));
  CHECK(breaker.state() == state::open);

  ticket t;
  auto const answer = ask(breaker, t, 2s);
  CHECK(answer.refused());
  CHECK(answer.reason == std::string("circuit open"));
  CHECK(answer.retry_after == tenax::optional_duration(4s));
}

TEST_CASE("circuit_breaker: opens after 5 failures by default") {
  circuit_breaker breaker;
  for (int i = 0; i < 5; ++i) CHECK(attempted(breaker, kind::failure));
  CHECK_FALSE(attempted(breaker, kind::failure));
}

TEST_CASE("circuit_breaker: cancelled and abandoned attempts do not count, throttled ones only with count_throttled") {
  circuit_breaker breaker(exact);
  for (int i = 0; i < 9; ++i) {
    CHECK(attempted(breaker, kind::cancelled));
    ticket t;
    CHECK(asked(breaker, t) == verdict::go);
  }
  CHECK(breaker.state() == state::closed);
  CHECK(attempted(breaker, kind::failure));
  CHECK(attempted(breaker, kind::failure));
  CHECK(attempted(breaker, kind::cancelled));  // neither a failure nor the end of the failures in a row
  CHECK(attempted(breaker, kind::failure));
  CHECK(breaker.state() == state::open);

  circuit_breaker tolerant({.failures = 1, .count_throttled = false});
  for (int i = 0; i < 9; ++i) CHECK(attempted(tolerant, kind::throttled));
  CHECK(tolerant.state() == state::closed);
  circuit_breaker strict({.failures = 1});
  CHECK(attempted(strict, kind::throttled));
  CHECK(strict.state() == state::open);
}

TEST_CASE("circuit_breaker: opens at a ratio of failures among enough calls") {
  circuit_breaker breaker({.failure_ratio = 0.5, .window = 10s, .minimum_calls = 4});
  SECTION("enough calls, enough failures") {
    CHECK(attempted(breaker, kind::failure));
    CHECK(attempted(breaker, kind::failure));
    CHECK(attempted(breaker, kind::success));
    CHECK(breaker.state() == state::closed);
    CHECK(attempted(breaker, kind::failure));
    CHECK(breaker.state() == state::open);
  }
  SECTION("exactly the ratio") {
    CHECK(attempted(breaker, kind::success));
    CHECK(attempted(breaker, kind::success));
    CHECK(attempted(breaker, kind::failure));
    CHECK(breaker.state() == state::closed);
    CHECK(attempted(breaker, kind::failure));
    CHECK(breaker.state() == state::open);
  }
  SECTION("below the ratio") {
    for (int i = 0; i < 50; ++i) {
      CHECK(attempted(breaker, kind::success));
      CHECK(attempted(breaker, kind::success));
      CHECK(attempted(breaker, kind::failure));
    }
    CHECK(breaker.state() == state::closed);
  }
  SECTION("failures in a row alone are not enough without the calls") {
    for (int i = 0; i < 3; ++i) CHECK(attempted(breaker, kind::failure));
    CHECK(breaker.state() == state::closed);
  }
  SECTION("attempts older than the window do not count") {
    for (int i = 0; i < 3; ++i) CHECK(attempted(breaker, kind::failure, 0s));
    CHECK(attempted(breaker, kind::failure, 10s));
    CHECK(breaker.state() == state::closed);
    for (int i = 0; i < 2; ++i) CHECK(attempted(breaker, kind::failure, 10s));
    CHECK(breaker.state() == state::closed);
    CHECK(attempted(breaker, kind::failure, 10s));
    CHECK(breaker.state() == state::open);
  }
  SECTION("a circuit that closes begins with an empty window") {
    for (int i = 0; i < 4; ++i) CHECK(attempted(breaker, kind::failure));
    breaker.close(tenax::time_point(0s));
    for (int i = 0; i < 3; ++i) CHECK(attempted(breaker, kind::failure));
    CHECK(breaker.state() == state::closed);
  }
  SECTION("attempts within the window count") {
    for (int i = 0; i < 3; ++i) CHECK(attempted(breaker, kind::failure, 0s));
    CHECK(attempted(breaker, kind::failure, 9999ms));
    CHECK(breaker.state() == state::open);
  }
}

namespace {

/// Opens when half of at least 4 attempts in 10 s took a second or longer; failures hardly matter.
constexpr tenax::circuit_breaker_options half_slow{
    .failures = 1000, .slow_after = 1s, .window = 10s, .minimum_calls = 4, .open_for = 5s, .open_jitter = 0};

/// Makes one attempt that takes `d`. Returns whether it was admitted.
bool took(circuit_breaker<>& breaker, tenax::duration d, tenax::duration now = {}, kind how = kind::success,
          tenax::duration limit = (tenax::duration::max)()) {
  ticket t;
  if (asked(breaker, t, now) != verdict::go) return false;
  breaker.started(t, tenax::time_point(now));
  breaker.record(t, {.how = how, .attempt_limit = limit}, tenax::time_point(now + d));
  return true;
}

}  // namespace

TEST_CASE("circuit_breaker: opens at a share of slow attempts, even if they succeed") {
  SECTION("half of the attempts") {
    circuit_breaker breaker(half_slow);
    CHECK(took(breaker, 1s));
    CHECK(took(breaker, 999ms, 1s));
    CHECK(took(breaker, 10ms, 2s));
    CHECK(breaker.state() == state::closed);
    CHECK(took(breaker, 2s, 2s));
    CHECK(breaker.state() == state::open);
  }
  SECTION("never without slow_after") {
    circuit_breaker breaker({.failure_ratio = 0.5, .minimum_calls = 4});
    for (int i = 0; i < 50; ++i) CHECK(took(breaker, 1h, std::chrono::hours(i)));
    CHECK(breaker.state() == state::closed);
  }
  SECTION("not below the share, and not below minimum_calls") {
    circuit_breaker breaker(half_slow);
    for (int i = 0; i < 3; ++i) CHECK(took(breaker, 1s));
    for (int i = 0; i < 3; ++i) CHECK(took(breaker, 1ms, 20s));
    CHECK(took(breaker, 1s, 20s));
    CHECK(took(breaker, 1s, 20s));
    CHECK(breaker.state() == state::closed);  // the first three have left the window
    CHECK(took(breaker, 1s, 20s));
    CHECK(breaker.state() == state::open);
  }
  SECTION("slow_ratio sets the share") {
    auto all = half_slow;
    all.slow_ratio = 1;
    circuit_breaker breaker(all);
    CHECK(took(breaker, 1ms));
    for (int i = 0; i < 9; ++i) CHECK(took(breaker, 1s, 1s));
    CHECK(breaker.state() == state::closed);
    for (int i = 0; i < 4; ++i) CHECK(took(breaker, 1s, 11s));
    CHECK(breaker.state() == state::open);
  }
  SECTION("failures that are slow count for both limits") {
    auto two = half_slow;
    two.failures = 2;
    circuit_breaker breaker(two);
    CHECK(took(breaker, 1s, 0s, kind::failure));
    CHECK(took(breaker, 1s, 0s, kind::failure));
    CHECK(breaker.state() == state::open);
  }
  SECTION("an attempt without a result counts only if it was slow") {
    circuit_breaker breaker(half_slow);
    for (int i = 0; i < 10; ++i) CHECK(took(breaker, 999ms, 0s, kind::cancelled));
    for (int i = 0; i < 3; ++i) CHECK(took(breaker, 1s, 0s, kind::cancelled));
    CHECK(breaker.state() == state::closed);
    CHECK(took(breaker, 1s, 0s, kind::unknown));
    CHECK(breaker.state() == state::open);
  }
}

TEST_CASE("circuit_breaker: attempts that are still running after slow_after are slow") {
  circuit_breaker breaker(half_slow);
  std::array<ticket, 4> hanging;
  for (auto& t : hanging) {
    CHECK(asked(breaker, t) == verdict::go);
    breaker.started(t, tenax::time_point());
  }
  ticket next;
  SECTION("at most an eighth of slow_after late, and never early") {
    CHECK(asked(breaker, next, 999ms) == verdict::go);
    CHECK(asked(breaker, next, 1125ms) == verdict::refuse);
    CHECK(breaker.state() == state::open);
    // Their late results say nothing more.
    for (auto& t : hanging) tell(breaker, t, kind::success, 1200ms);
    CHECK(breaker.state() == state::open);
  }
  SECTION("each is counted once") {
    auto most = half_slow;
    most.slow_ratio = 0.8;
    circuit_breaker patient(most);
    std::array<ticket, 3> slow;
    for (auto& t : slow) {
      CHECK(asked(patient, t) == verdict::go);
      patient.started(t, tenax::time_point());
    }
    CHECK(took(patient, 1ms, 2s));
    CHECK(took(patient, 1ms, 2s));
    for (auto& t : slow) tell(patient, t, kind::success, 3s);
    for (int i = 0; i < 4; ++i) CHECK(took(patient, 1s, 3s));
    CHECK(patient.state() == state::closed);  // 7 of 9
    CHECK(took(patient, 1s, 3s));
    CHECK(patient.state() == state::open);  // 8 of 10
  }
  SECTION("an attempt that ended, or was abandoned, is not running") {
    for (int i = 0; i < 3; ++i) tell(breaker, hanging[static_cast<std::size_t>(i)], kind::success, 10ms);
    hanging[3] = {};
    CHECK(asked(breaker, next, 5s) == verdict::go);
  }
  SECTION("the time at a later gate does not count") {
    // All four wait at another gate again, and start later.
    for (auto& t : hanging) CHECK(asked(breaker, t, 900ms) == verdict::go);
    CHECK(asked(breaker, next, 3s) == verdict::go);
    for (auto& t : hanging) {
      CHECK(asked(breaker, t, 3s) == verdict::go);
      breaker.started(t, tenax::time_point(3s));
      tell(breaker, t, kind::success, 3500ms);
    }
    CHECK(breaker.state() == state::closed);
  }
}

TEST_CASE("circuit_breaker: an attempt that used up its attempt timeout is slow") {
  SECTION("by hand") {
    circuit_breaker breaker(half_slow);
    for (int i = 0; i < 3; ++i) CHECK(took(breaker, 200ms, 0s, kind::failure, 200ms));
    // Ended earlier than the timeout, or not by a failure.
    CHECK(took(breaker, 150ms, 0s, kind::failure, 200ms));
    CHECK(took(breaker, 200ms, 0s, kind::success, 200ms));
    CHECK(took(breaker, 10ms, 0s));
    CHECK(took(breaker, 10ms, 0s));
    CHECK(breaker.state() == state::closed);
    CHECK(took(breaker, 199500us, 0s, kind::failure, 200ms));  // a client whose timer was early
    CHECK(breaker.state() == state::open);
  }
  SECTION("in a policy") {
    tenax::testing::virtual_time clock;
    circuit_breaker breaker(half_slow);
    auto const base =
        tenax::retrying{}.stop(tenax::stop::after_attempts(1)).environment(std::ref(clock)).through(std::ref(breaker));
    auto const attempt = [&](tenax::attempt_info const&) {
      clock.advance(200ms);
      throw std::runtime_error("no answer in time");
    };
    for (int i = 0; i < 4; ++i) CHECK_THROWS(base(attempt));
    CHECK(breaker.state() == state::closed);
    for (int i = 0; i < 4; ++i) CHECK_THROWS(base.attempt_timeout(200ms)(attempt));
    CHECK(breaker.state() == state::open);
  }
}

TEST_CASE("circuit_breaker: a slow probe has failed") {
  circuit_breaker breaker(half_slow);
  breaker.open(tenax::time_point());
  SECTION("when it ends, even with a success") {
    CHECK(took(breaker, 999ms, 5s));
    CHECK(breaker.state() == state::closed);
    breaker.open(tenax::time_point(10s));
    CHECK(took(breaker, 1s, 15s));
    CHECK(breaker.state() == state::open);
    CHECK(left(breaker, 16s) == tenax::optional_duration(10s));
  }
  SECTION("while it runs") {
    ticket probe, next;
    CHECK(asked(breaker, probe, 5s) == verdict::go);
    breaker.started(probe, tenax::time_point(5s));
    CHECK(ask(breaker, next, 5500ms).reason == std::string("circuit half-open, and probes are under way"));
    CHECK(ask(breaker, next, 6125ms).reason == std::string("circuit open"));
    CHECK(left(breaker, 6125ms) == tenax::optional_duration(10s));
    tell(breaker, probe, kind::success, 7s);
    CHECK(breaker.state() == state::open);
  }
  SECTION("not while it waits at another gate") {
    ticket probe, next;
    CHECK(asked(breaker, probe, 5s) == verdict::go);
    CHECK(asked(breaker, probe, 8s) == verdict::go);
    breaker.started(probe, tenax::time_point(8s));
    tell(breaker, probe, kind::success, 8500ms);
    CHECK(breaker.state() == state::closed);
  }
  SECTION("would_admit does not look at slow attempts") {
    ticket probe;
    CHECK(asked(breaker, probe, 5s) == verdict::go);
    breaker.started(probe, tenax::time_point(5s));
    CHECK(breaker.would_admit({}, tenax::time_point(8s), tenax::time_point(8s)).admitted());
    CHECK(breaker.state() == state::half_open);
  }
}

TEST_CASE("circuit_breaker: in a policy, a wait at a later gate is not part of a slow attempt") {
  tenax::testing::virtual_time clock;
  circuit_breaker breaker(half_slow);
  tests::test_gate queue(std::vector<tenax::admission>(20, tenax::admission::wait(2s)));
  auto const policy =
      tenax::retrying{}.environment(std::ref(clock)).through(std::ref(breaker)).through(std::ref(queue));
  policy([] {});
  for (int i = 0; i < 10; ++i) policy([&] { clock.advance(10ms); });
  CHECK(breaker.state() == state::closed);
  for (int i = 0; i < 11; ++i) {
    if (breaker.state() == state::closed) policy([&] { clock.advance(1s); });
  }
  CHECK(breaker.state() == state::open);
  // Without a policy.
  circuit_breaker alone(half_slow);
  for (int i = 0; i < 4; ++i) tenax::call_through(alone, [&] { clock.advance(1s); }, clock);
  CHECK(alone.state() == state::open);
}

TEST_CASE("circuit_breaker: with both limits, either opens it") {
  tenax::circuit_breaker_options const both{.failures = 3, .failure_ratio = 0.5, .minimum_calls = 6};
  circuit_breaker row(both);
  for (int i = 0; i < 3; ++i) CHECK(attempted(row, kind::failure));
  CHECK(row.state() == state::open);
  circuit_breaker share(both);
  for (int i = 0; i < 3; ++i) {
    CHECK(attempted(share, kind::success));
    CHECK(attempted(share, kind::failure));
  }
  CHECK(share.state() == state::open);
}

TEST_CASE("circuit_breaker: after its open time one probe passes, and decides") {
  circuit_breaker breaker(exact);
  for (int i = 0; i < 3; ++i) CHECK(attempted(breaker, kind::failure));
  ticket early, probe, second;
  CHECK(asked(breaker, early, 5s - 1ns) == verdict::refuse);
  CHECK(breaker.state() == state::open);
  CHECK(asked(breaker, probe, 5s) == verdict::go);
  CHECK(breaker.state() == state::half_open);
  auto const other = ask(breaker, second, 5s);
  CHECK(other.refused());
  CHECK(other.reason == std::string("circuit half-open, and probes are under way"));
  CHECK(other.retry_after == tenax::optional_duration(5s));  // when its lease ends, at the latest

  SECTION("a success closes it, and the next open time is the first one again") {
    tell(breaker, probe, kind::success, 6s);
    CHECK(breaker.state() == state::closed);
    for (int i = 0; i < 3; ++i) CHECK(attempted(breaker, kind::failure, 6s));
    CHECK(ask(breaker, second, 6s).retry_after == tenax::optional_duration(5s));
  }
  SECTION("failures open it for longer each time, up to a limit") {
    tenax::duration now = 6s;
    for (tenax::duration const time : {10s, 20s, 30s, 30s}) {
      tell(breaker, probe, kind::failure, now);
      CHECK(breaker.state() == state::open);
      CHECK(ask(breaker, second, now).retry_after == tenax::optional_duration(time));
      now += time;
      CHECK(asked(breaker, second, now - 1ns) == verdict::refuse);
      CHECK(asked(breaker, probe, now) == verdict::go);
    }
  }
  SECTION("a cancelled probe frees its place") {
    tell(breaker, probe, kind::cancelled, 6s);
    CHECK(breaker.state() == state::half_open);
    CHECK(asked(breaker, second, 6s) == verdict::go);
  }
  SECTION("an abandoned probe frees its place") {
    probe = {};
    CHECK(breaker.state() == state::half_open);
    CHECK(asked(breaker, second, 6s) == verdict::go);
    CHECK(asked(breaker, early, 6s) == verdict::refuse);
  }
  SECTION("a probe that was moved is still one probe") {
    ticket elsewhere = std::move(probe);
    probe = {};
    CHECK(asked(breaker, second, 6s) == verdict::refuse);
    elsewhere = ticket{};
    CHECK(asked(breaker, second, 6s) == verdict::go);
  }
  SECTION("a probe that asks again is still one probe") {
    CHECK(asked(breaker, probe, 6s) == verdict::go);
    tell(breaker, probe, kind::cancelled, 6s);
    CHECK(asked(breaker, second, 6s) == verdict::go);
  }
}

TEST_CASE("circuit_breaker: several probes at the same time, several successes to close") {
  auto options = exact;
  options.probes = 2;
  options.successes_to_close = 3;
  circuit_breaker breaker(options);
  for (int i = 0; i < 3; ++i) CHECK(attempted(breaker, kind::failure));
  ticket a, b, c;
  CHECK(asked(breaker, a, 5s) == verdict::go);
  CHECK(asked(breaker, b, 5s) == verdict::go);
  CHECK(asked(breaker, c, 5s) == verdict::refuse);
  tell(breaker, a, kind::success, 5s);
  tell(breaker, b, kind::success, 5s);
  CHECK(breaker.state() == state::half_open);
  SECTION("the last success closes it") {
    CHECK(attempted(breaker, kind::success, 5s));
    CHECK(breaker.state() == state::closed);
  }
  SECTION("one failure opens it, and successes count from zero") {
    CHECK(attempted(breaker, kind::failure, 5s));
    CHECK(breaker.state() == state::open);
    CHECK(attempted(breaker, kind::success, 15s));
    CHECK(attempted(breaker, kind::success, 15s));
    CHECK(breaker.state() == state::half_open);
  }
}

TEST_CASE("circuit_breaker: attempts admitted before a change of state do not count after it") {
  circuit_breaker breaker(exact);
  ticket old_success, old_failure, old_probe;
  CHECK(asked(breaker, old_success) == verdict::go);
  CHECK(asked(breaker, old_failure) == verdict::go);
  for (int i = 0; i < 3; ++i) CHECK(attempted(breaker, kind::failure));

  SECTION("an old success does not close it") {
    CHECK(asked(breaker, old_probe, 5s) == verdict::go);
    tell(breaker, old_success, kind::success, 5s);
    CHECK(breaker.state() == state::half_open);
    tell(breaker, old_probe, kind::success, 5s);
    CHECK(breaker.state() == state::closed);
    tell(breaker, old_failure, kind::failure, 5s);
    CHECK(attempted(breaker, kind::failure, 5s));
    CHECK(attempted(breaker, kind::failure, 5s));
    CHECK(breaker.state() == state::closed);
  }
  SECTION("an old failure does not make it open for longer, and frees no probe place") {
    tell(breaker, old_failure, kind::failure, 1s);
    CHECK(asked(breaker, old_probe, 5s) == verdict::go);
    old_success = {};
    ticket another;
    CHECK(asked(breaker, another, 5s) == verdict::refuse);
  }
  SECTION("a probe of an earlier half-open time is not a probe now") {
    CHECK(asked(breaker, old_probe, 5s) == verdict::go);
    breaker.open(tenax::time_point(5s));
    ticket probe, another;
    CHECK(asked(breaker, probe, 60s) == verdict::go);
    old_probe = {};
    CHECK(asked(breaker, another, 60s) == verdict::refuse);
    tell(breaker, probe, kind::success, 60s);
    CHECK(breaker.state() == state::closed);
  }
  SECTION("an admitted attempt that asks again after a change gets the new answer") {
    CHECK(asked(breaker, old_success, 1s) == verdict::refuse);
    CHECK(asked(breaker, old_success, 5s) == verdict::go);  // as the probe
    CHECK(asked(breaker, old_failure, 5s) == verdict::refuse);
  }
}

TEST_CASE("circuit_breaker: opened, isolated and closed by hand") {
  tenax::testing::virtual_time clock;
  circuit_breaker breaker(exact);
  breaker.open(clock.now());
  CHECK(breaker.state() == state::open);
  CHECK_FALSE(attempted(breaker, kind::success, 4s));
  CHECK(attempted(breaker, kind::success, 5s));
  CHECK(breaker.state() == state::closed);

  breaker.isolate(clock.now());
  breaker.open(clock.now());
  ticket t;
  auto const answer = ask(breaker, t, 1h);
  CHECK(answer.refused());
  CHECK(answer.reason == std::string("circuit isolated"));
  CHECK_FALSE(answer.retry_after);
  breaker.close(clock.now());
  CHECK(attempted(breaker, kind::failure, 1h));
  CHECK(attempted(breaker, kind::failure, 1h));
  breaker.close();  // resets the counted failures
  CHECK(attempted(breaker, kind::failure, 1h));
  CHECK(breaker.state() == state::closed);

  breaker.open();  // in real time
  CHECK(breaker.state() == state::open);
  breaker.isolate();
  CHECK(breaker.state() == state::isolated);
  CHECK(to_string(state::closed) == std::string("closed"));
  CHECK(to_string(state::open) == std::string("open"));
  CHECK(to_string(state::half_open) == std::string("half-open"));
  CHECK(to_string(state::isolated) == std::string("isolated"));
}

TEST_CASE("circuit_breaker: a part of the open time is random, from the attempt's source") {
  auto const time_open = [](std::uint64_t drawn, double jitter) {
    tenax::fixed_random random(drawn);
    circuit_breaker breaker({.failures = 1, .open_for = 10s, .open_jitter = jitter});
    ticket t;
    CHECK(asked(breaker, t, 0s, 1, &random) == verdict::go);
    tell(breaker, t, kind::failure);
    return *ask(breaker, t).retry_after;
  };
  CHECK(time_open(tenax::lowest_draw, 0.5) == 5s);
  CHECK(time_open(tenax::middle_draw, 0.5) == 7500ms);
  CHECK(time_open(tenax::highest_draw, 0.5) == 10s - 1ns);
  CHECK(time_open(tenax::lowest_draw, 0) == 10s);
  CHECK(time_open(tenax::middle_draw, 1) == 5s);
}

TEST_CASE("circuit_breaker: the times saturate") {
  circuit_breaker breaker({.failures = 1,
                           .open_for = tenax::duration::max() / 3,
                           .open_factor = 1e300,
                           .max_open = tenax::duration::max(),
                           .open_jitter = 0});
  breaker.open(tenax::time_point(0s));
  breaker.open(tenax::time_point(1s));
  CHECK_FALSE(attempted(breaker, kind::success, tenax::duration::max() - 1ns));
  breaker.close(tenax::time_point(0s));
  CHECK(attempted(breaker, kind::success, tenax::duration::max()));
}

TEST_CASE("circuit_breaker: the default of max_open is not below a given open_for") {
  circuit_breaker breaker({.failures = 1, .open_for = 5min, .open_jitter = 0});
  CHECK(attempted(breaker, kind::failure));
  ticket t;
  CHECK(ask(breaker, t).retry_after == tenax::optional_duration(5min));
  CHECK(attempted(breaker, kind::failure, 5min));
  CHECK(ask(breaker, t, 5min).retry_after == tenax::optional_duration(5min));
}

TEST_CASE("circuit_breaker: stays open for at least the server's wait") {
  for (auto const how : {kind::failure, kind::throttled}) {
    SECTION(how == kind::failure ? "503 with Retry-After" : "429 with Retry-After") {
      circuit_breaker breaker({.failures = 2, .open_for = 5s});
      CHECK(attempted_and_told(breaker, how, 120s));
      CHECK(attempted_and_told(breaker, how, 120s));
      CHECK(left(breaker, 0s) == tenax::optional_duration(120s));
      CHECK_FALSE(attempted(breaker, kind::success, 120s - 1ns));
      CHECK(attempted(breaker, kind::success, 120s));
      CHECK(breaker.state() == state::closed);
      // After it closes, the earlier server wait no longer holds.
      CHECK(attempted(breaker, kind::failure, 121s));
      CHECK(attempted(breaker, kind::failure, 121s));
      CHECK(*left(breaker, 121s) <= 5s);
    }
  }
  SECTION("an earlier failure in the row has the server wait") {
    circuit_breaker breaker({.failures = 2, .open_for = 5s});
    CHECK(attempted_and_told(breaker, kind::failure, 60s, 0s));
    CHECK(attempted(breaker, kind::failure, 10s));
    CHECK(left(breaker, 10s) == tenax::optional_duration(50s));
  }
  SECTION("a shorter wait does not shorten the circuit's own open time") {
    circuit_breaker breaker({.failures = 1, .open_for = 5s, .open_jitter = 0});
    CHECK(attempted_and_told(breaker, kind::failure, 1s));
    CHECK(left(breaker, 0s) == tenax::optional_duration(5s));
  }
  SECTION("jitter does not shorten it") {
    tenax::fixed_random random(tenax::lowest_draw);
    circuit_breaker breaker({.failures = 1, .open_for = 10s, .open_jitter = 1});
    ticket t;
    CHECK(asked(breaker, t, 0s, 1, &random) == verdict::go);
    breaker.record(t, {.how = kind::failure, .server_wait = 10s}, tenax::time_point(0s));
    CHECK(left(breaker, 0s) == tenax::optional_duration(10s));
  }
  SECTION("at most max_open, and at most 5 minutes without max_open") {
    for (tenax::duration const absurd :
         {tenax::duration(24h), tenax::any_duration(9999999999s).value(), tenax::duration::max()}) {
      circuit_breaker bounded({.failures = 1, .max_open = 90s});
      CHECK(attempted_and_told(bounded, kind::failure, absurd));
      CHECK(left(bounded, 0s) == tenax::optional_duration(90s));
      circuit_breaker plain({.failures = 1});
      CHECK(attempted_and_told(plain, kind::throttled, absurd));
      CHECK(left(plain, 0s) == tenax::optional_duration(5min));
    }
  }
  SECTION("a negative wait is ignored") {
    circuit_breaker breaker({.failures = 1, .open_for = 5s, .open_jitter = 0});
    CHECK(attempted_and_told(breaker, kind::failure, -1h));
    CHECK(left(breaker, 0s) == tenax::optional_duration(5s));
  }
  SECTION("not if throttled attempts do not count") {
    circuit_breaker breaker({.failures = 1, .count_throttled = false, .open_for = 5s, .open_jitter = 0});
    CHECK(attempted_and_told(breaker, kind::throttled, 60s));
    CHECK(attempted(breaker, kind::failure, 0s));
    CHECK(left(breaker, 0s) == tenax::optional_duration(5s));
  }
}

TEST_CASE("circuit_breaker: the server wait of an earlier attempt counts while the circuit is not closed") {
  circuit_breaker breaker({.failures = 1, .open_for = 5s, .open_jitter = 0});
  ticket early, probe, another;
  CHECK(asked(breaker, early) == verdict::go);
  CHECK(attempted(breaker, kind::failure));
  auto const hear_at = [&](tenax::duration now) {
    breaker.record(early, {.how = kind::failure, .server_wait = 60s}, tenax::time_point(now));
  };
  SECTION("open") {
    hear_at(2s);
    CHECK(breaker.state() == state::open);
    CHECK(left(breaker, 5s) == tenax::optional_duration(57s));
    CHECK(asked(breaker, probe, 62s) == verdict::go);
  }
  SECTION("half-open, with a probe that has not been sent") {
    CHECK(asked(breaker, probe, 5s) == verdict::go);
    hear_at(6s);
    CHECK(breaker.state() == state::half_open);
    auto const again = ask(breaker, probe, 7s);  // the probe has waited at another gate
    CHECK(again.refused());
    CHECK(again.reason == std::string("circuit half-open, and the next probe has to wait"));
    CHECK(again.retry_after == tenax::optional_duration(59s));
    CHECK(asked(breaker, another, 66s) == verdict::go);
  }
  SECTION("half-open: the probe under way decides") {
    CHECK(asked(breaker, probe, 5s) == verdict::go);
    hear_at(6s);
    tell(breaker, probe, kind::success, 7s);
    CHECK(breaker.state() == state::closed);
    CHECK(asked(breaker, another, 7s) == verdict::go);
  }
  SECTION("closed") {
    CHECK(attempted(breaker, kind::success, 5s));
    hear_at(6s);
    CHECK(breaker.state() == state::closed);
    CHECK(attempted(breaker, kind::failure, 6s));
    CHECK(left(breaker, 6s) == tenax::optional_duration(5s));
  }
}

TEST_CASE("circuit_breaker: a probe that hangs makes room for another one when its lease ends") {
  circuit_breaker breaker({.failures = 1, .open_for = 5s, .open_jitter = 0});
  CHECK(attempted(breaker, kind::failure));
  ticket hangs, second, third;
  CHECK(asked(breaker, hangs, 5s) == verdict::go);
  CHECK(left(breaker, 6s) == tenax::optional_duration(4s));
  CHECK(asked(breaker, second, 10s - 1ns) == verdict::refuse);
  CHECK(asked(breaker, second, 10s) == verdict::go);
  CHECK(asked(breaker, third, 10s) == verdict::refuse);

  SECTION("the new probe decides") {
    tell(breaker, second, kind::success, 11s);
    CHECK(breaker.state() == state::closed);
    tell(breaker, hangs, kind::failure, 12s);  // of an earlier state
    CHECK(breaker.state() == state::closed);
  }
  SECTION("a late success counts: the server answers") {
    tell(breaker, hangs, kind::success, 11s);
    CHECK(breaker.state() == state::closed);
  }
  SECTION("a late failure counts") {
    tell(breaker, hangs, kind::failure, 11s);
    CHECK(breaker.state() == state::open);
    CHECK(left(breaker, 11s) == tenax::optional_duration(10s));
  }
  SECTION("a late answer that does not count frees no place of the new probe") {
    tell(breaker, hangs, kind::cancelled, 11s);
    CHECK(asked(breaker, third, 11s) == verdict::refuse);
  }
  SECTION("an abandoned probe frees no place of the new probe") {
    hangs = {};
    CHECK(asked(breaker, third, 11s) == verdict::refuse);
  }
  SECTION("a probe that lost its place while it waited at another gate asks as a new one") {
    CHECK(asked(breaker, hangs, 11s) == verdict::refuse);
    second = {};
    CHECK(asked(breaker, hangs, 11s) == verdict::go);
  }
  SECTION("when all probes hang, each lease in a row is longer, so that few threads get stuck") {
    CHECK(left(breaker, 10s) == tenax::optional_duration(10s));
    CHECK(asked(breaker, third, 20s) == verdict::go);
    CHECK(left(breaker, 20s) == tenax::optional_duration(20s));
    int stuck = 0;
    std::vector<ticket> tickets;
    for (auto now = 21s; now < 1h; now += 1s) {
      tickets.emplace_back();
      if (asked(breaker, tickets.back(), now) == verdict::go) ++stuck;
    }
    CHECK(stuck <= 61);
    CHECK(stuck >= 50);
  }
}

TEST_CASE("circuit_breaker: probe_lease sets the length of the lease, and a wait at a later gate renews it") {
  circuit_breaker breaker({.failures = 1, .open_for = 5s, .open_jitter = 0, .probe_lease = 2min});
  CHECK(attempted(breaker, kind::failure));
  ticket probe, other;
  CHECK(asked(breaker, probe, 5s) == verdict::go);
  CHECK(asked(breaker, other, 124s) == verdict::refuse);
  CHECK(asked(breaker, probe, 124s) == verdict::go);  // the probe is sent only now
  CHECK(asked(breaker, other, 243s) == verdict::refuse);
  CHECK(asked(breaker, other, 244s) == verdict::go);

  // Several places: while one probe works, hanging probes occupy only their own places.
  circuit_breaker two({.failures = 1, .open_for = 5s, .open_jitter = 0, .probes = 2, .successes_to_close = 50});
  CHECK(attempted(two, kind::failure));
  ticket hangs;
  CHECK(asked(two, hangs, 5s) == verdict::go);
  for (int i = 0; i < 50; ++i) CHECK(attempted(two, kind::success, 5s + i * 1s));
  CHECK(two.state() == state::closed);
}

TEST_CASE("circuit_breaker: throttled probes that do not count do not let a storm through") {
  circuit_breaker breaker({.failures = 1, .count_throttled = false, .open_for = 5s, .open_jitter = 0});
  CHECK(attempted(breaker, kind::failure));
  int passed = 0;
  for (int i = 0; i < 100; ++i) passed += attempted(breaker, kind::throttled, 5s + i * 10ms) ? 1 : 0;
  CHECK(passed == 1);
  CHECK(breaker.state() == state::half_open);
  CHECK(left(breaker, 6s) == tenax::optional_duration(4s));
  CHECK(attempted_and_told(breaker, kind::throttled, 30s, 10s));
  CHECK(left(breaker, 10s) == tenax::optional_duration(30s));
  CHECK(attempted_and_told(breaker, kind::throttled, tenax::duration::max(), 40s));
  CHECK(left(breaker, 40s) == tenax::optional_duration(5min));
  CHECK(attempted(breaker, kind::success, 340s));
  CHECK(breaker.state() == state::closed);
}

TEST_CASE("circuit_breaker: probes that do not count do not become a storm") {
  for (auto const how : {kind::cancelled, kind::unknown}) {
    circuit_breaker breaker({.failures = 1, .open_for = 5s, .open_jitter = 0});
    CHECK(attempted(breaker, kind::failure));
    int passed = 0;
    for (int i = 0; i < 100; ++i) passed += attempted(breaker, how, 5s + i * 10ms) ? 1 : 0;
    CHECK(passed == 2);
    CHECK(breaker.state() == state::half_open);
    CHECK(attempted(breaker, kind::success, 5s + 10ms + 5s));
    CHECK(breaker.state() == state::closed);
  }
}

TEST_CASE("circuit_breaker: an answer that rejects the request counts as a success") {
  circuit_breaker breaker(exact);
  for (int i = 0; i < 9; ++i) CHECK(attempted(breaker, kind::answered));
  CHECK(attempted(breaker, kind::failure));
  CHECK(attempted(breaker, kind::failure));
  CHECK(attempted(breaker, kind::answered));  // ends the failures in a row
  CHECK(attempted(breaker, kind::failure));
  CHECK(attempted(breaker, kind::unknown));  // does not
  CHECK(attempted(breaker, kind::failure));
  CHECK(breaker.state() == state::closed);
  CHECK(attempted(breaker, kind::failure));
  CHECK(breaker.state() == state::open);
  CHECK(attempted(breaker, kind::answered, 5s));
  CHECK(breaker.state() == state::closed);
}

TEST_CASE("circuit_breaker: a clock that is set back does not extend an open time, a lease or a window") {
  SECTION("open") {
    circuit_breaker breaker(exact);
    for (int i = 0; i < 3; ++i) CHECK(attempted(breaker, kind::failure, 10h));
    CHECK(left(breaker, 1h) == tenax::optional_duration(5s));
    CHECK_FALSE(attempted(breaker, kind::success, 1h + 4s));
    CHECK(attempted(breaker, kind::success, 1h + 5s));
    CHECK(breaker.state() == state::closed);
  }
  SECTION("half-open, with a hanging probe") {
    circuit_breaker breaker(exact);
    for (int i = 0; i < 3; ++i) CHECK(attempted(breaker, kind::failure, 10h));
    ticket hangs;
    CHECK(asked(breaker, hangs, 10h + 5s) == verdict::go);
    CHECK(left(breaker, 1s) == tenax::optional_duration(5s));
    CHECK(attempted(breaker, kind::success, 6s));
  }
  SECTION("with a window") {
    circuit_breaker breaker({.failure_ratio = 0.5, .window = 10s, .minimum_calls = 4});
    for (int i = 0; i < 3; ++i) CHECK(attempted(breaker, kind::failure, 10h));
    CHECK(attempted(breaker, kind::success, 0s));
    CHECK(attempted(breaker, kind::failure, 11s));  // the others no longer count
    CHECK(breaker.state() == state::closed);
  }
  SECTION("threads that read the clock slightly earlier are not a clock that was set back") {
    circuit_breaker breaker(exact);
    for (int i = 0; i < 3; ++i) CHECK(attempted(breaker, kind::failure, 10s));
    CHECK(left(breaker, 9500ms) == tenax::optional_duration(5500ms));
  }
}

TEST_CASE("circuit_breaker: keep_until") {
  auto const kept = [](circuit_breaker<>& breaker, tenax::duration now) {
    return breaker.keep_until(tenax::time_point(now)).time_since_epoch();
  };
  circuit_breaker breaker(exact);
  CHECK(kept(breaker, 7s) <= 7s);
  CHECK(attempted(breaker, kind::success, 7s));
  CHECK(kept(breaker, 7s) <= 7s);
  CHECK(attempted(breaker, kind::failure, 7s));
  CHECK(kept(breaker, 8s) == 37s);  // max_open
  CHECK(attempted(breaker, kind::failure, 8s));
  CHECK(attempted(breaker, kind::failure, 9s));
  CHECK(kept(breaker, 9s) == 9s + 5s + 10s);
  {
    ticket probe;
    CHECK(asked(breaker, probe, 14s) == verdict::go);
  }
  CHECK(kept(breaker, 14s) == 14s + 10s);
  CHECK(attempted_and_told(breaker, kind::failure, 25s, 14s));
  CHECK(kept(breaker, 14s) == 14s + 25s + 20s);
  breaker.isolate(tenax::time_point(14s));
  CHECK(kept(breaker, 14s) == tenax::duration::max());
  breaker.close(tenax::time_point(14s));
  CHECK(kept(breaker, 14s) <= 14s);

  circuit_breaker ratio({.failure_ratio = 0.5, .window = 10s});
  CHECK(attempted(ratio, kind::success, 1s));
  CHECK(kept(ratio, 1s) <= 1s);
  CHECK(attempted(ratio, kind::failure, 1s));
  CHECK(attempted(ratio, kind::success, 1s));
  CHECK(kept(ratio, 1s) == 11s);

  circuit_breaker slow(half_slow);
  CHECK(took(slow, 1ms, 1s));
  CHECK(kept(slow, 1s) <= 1s);
  CHECK(took(slow, 1s, 1s));
  CHECK(kept(slow, 2s) == 12s);
}

TEST_CASE("circuit_breaker: a worker that retries refusals waits until the circuit lets it through") {
  tenax::testing::virtual_time clock;
  circuit_breaker breaker({.failures = 2, .open_for = 30s, .open_jitter = 0});
  CHECK(attempted(breaker, kind::failure, clock.now().time_since_epoch()));
  CHECK(attempted(breaker, kind::failure, clock.now().time_since_epoch()));
  auto const worker = tenax::retrying{}
                          .when(tenax::when::exception<tenax::refused>)
                          .wait(tenax::wait::constant(1s))
                          .stop(tenax::stop::after_attempts(3))
                          .environment(std::ref(clock));
  CHECK(worker([&] { return tenax::call_through(breaker, [] { return 7; }, clock); }) == 7);
  CHECK(clock.slept() == 30s);
  CHECK(breaker.state() == state::closed);
}

TEST_CASE("circuit_breaker: one breaker at two levels counts each failure once for each level") {
  tenax::testing::virtual_time clock;
  circuit_breaker breaker({.failures = 4});
  auto const policy = tenax::retrying{}
                          .wait(tenax::wait::constant(1s))
                          .stop(tenax::stop::after_attempts(3))
                          .environment(std::ref(clock))
                          .through(std::ref(breaker));
  int requests = 0;
  CHECK_THROWS(policy([&] {
    return policy([&]() -> int {
      ++requests;
      throw std::runtime_error("down");
    });
  }));
  CHECK(breaker.state() == state::open);
  CHECK(requests == 3);
}

TEST_CASE("circuit_breaker: failures should be at least the attempts of one call") {
  tenax::testing::virtual_time clock;
  auto const calls = [&](circuit_breaker<>& breaker) {
    int n = 0;
    return tenax::retrying{}
        .wait(tenax::wait::constant(100ms))
        .stop(tenax::stop::after_attempts(8))
        .environment(std::ref(clock))
        .through(std::ref(breaker))
        .try_call([&] {
          if (++n < 7) throw std::runtime_error("down");
          return n;
        })
        .reason;
  };
  circuit_breaker usual;
  CHECK(calls(usual) == tenax::stop_reason::refused_by_gate);
  circuit_breaker chosen({.failures = 8});
  CHECK(calls(chosen) == tenax::stop_reason::succeeded);
}

TEST_CASE("circuit_breaker: invalid options are rejected") {
  CHECK(refused_options({.failures = 0}) == "tenax: circuit_breaker: failures must be at least 1, but is 0");
  CHECK(refused_options({.failures = -3}) == "tenax: circuit_breaker: failures must be at least 1, but is -3");
  CHECK(refused_options({.failures = 5'000'000'000}) ==
        "tenax: circuit_breaker: failures must be at most 4294967295, but is 5000000000");
  for (double const ratio : {0.0, -1.0, 1.5, std::numeric_limits<double>::quiet_NaN()}) {
    CHECK_THAT(refused_options({.failure_ratio = ratio}),
               Catch::Matchers::ContainsSubstring("failure_ratio must be above 0 and at most 1, but is "));
  }
  CHECK(refused_options({.failure_ratio = 1}) == "accepted");
  for (double const ratio : {0.0, -1.0, 1.5, std::numeric_limits<double>::quiet_NaN()}) {
    CHECK_THAT(refused_options({.slow_after = 1s, .slow_ratio = ratio}),
               Catch::Matchers::ContainsSubstring("slow_ratio must be above 0 and at most 1, but is "));
  }
  CHECK(refused_options({.slow_ratio = 0.5}) == "tenax: circuit_breaker: slow_ratio needs slow_after, but is 0.5");
  CHECK(refused_options({.slow_after = 0s}) == "tenax: circuit_breaker: slow_after must be more than zero, but is 0s");
  CHECK(refused_options({.slow_after = 1s, .window = 1min, .minimum_calls = 3}) == "accepted");
  CHECK(refused_options({.window = 3s}) ==
        "tenax: circuit_breaker: window needs a failure_ratio or slow_after, but is 3s");
  CHECK(refused_options({.failures = 3, .minimum_calls = 7}) ==
        "tenax: circuit_breaker: minimum_calls needs a failure_ratio or slow_after, but is 7");
  CHECK(refused_options({.failure_ratio = 0.5, .window = 0s}) ==
        "tenax: circuit_breaker: window must be more than zero, but is 0s");
  CHECK(refused_options({.failure_ratio = 0.5, .minimum_calls = 0}) ==
        "tenax: circuit_breaker: minimum_calls must be at least 1, but is 0");
  CHECK(refused_options({.open_for = 0s}) == "tenax: circuit_breaker: open_for must be more than zero, but is 0s");
  CHECK(refused_options({.open_factor = 0.5}) == "tenax: circuit_breaker: open_factor must be at least 1, but is 0.5");
  CHECK(refused_options({.max_open = 2s}) ==
        "tenax: circuit_breaker: max_open must not be below open_for (5s), but is 2s");
  std::chrono::duration<double> const nan(std::numeric_limits<double>::quiet_NaN());
  CHECK(refused_options({.max_open = nan}) ==
        "tenax: circuit_breaker: max_open must not be below open_for (5s), but is not a number");
  CHECK(refused_options({.failure_ratio = 0.5, .window = nan}) ==
        "tenax: circuit_breaker: window must be more than zero, but is not a number");
  CHECK(refused_options({.open_jitter = 1.5}) ==
        "tenax: circuit_breaker: open_jitter must be between 0 and 1, but is 1.5");
  CHECK(refused_options({.probes = 0}) == "tenax: circuit_breaker: probes must be at least 1, but is 0");
  CHECK(refused_options({.probe_lease = 0s}) ==
        "tenax: circuit_breaker: probe_lease must be more than zero, but is 0s");
  CHECK(refused_options({.successes_to_close = 0}) ==
        "tenax: circuit_breaker: successes_to_close must be at least 1, but is 0");
  CHECK(tests::described(circuit_breaker()) == "a circuit breaker");
}

TEST_CASE("circuit_breaker: the observer is called for every change") {
  std::vector<change> changes;
  circuit_breaker breaker(exact, [&changes](state from, state to, tenax::time_point now) {
    changes.push_back({from, to, now.time_since_epoch()});
  });
  for (int i = 0; i < 3; ++i) CHECK(attempted(breaker, kind::failure, 1s));
  CHECK(attempted(breaker, kind::failure, 6s));
  CHECK(attempted(breaker, kind::success, 16s));
  breaker.close(tenax::time_point(17s));  // no change
  breaker.isolate(tenax::time_point(18s));
  breaker.isolate(tenax::time_point(19s));
  breaker.close(tenax::time_point(20s));
  CHECK(changes == std::vector<change>{{state::closed, state::open, 1s},
                                       {state::open, state::half_open, 6s},
                                       {state::half_open, state::open, 6s},
                                       {state::open, state::half_open, 16s},
                                       {state::half_open, state::closed, 16s},
                                       {state::closed, state::isolated, 18s},
                                       {state::isolated, state::closed, 20s}});
}

TEST_CASE("circuit_breaker: the observer may use the breaker, and is called for changes that it caused") {
  struct meddler {
    circuit_breaker<std::reference_wrapper<meddler>>* breaker = nullptr;
    std::vector<change> changes{};
    void operator()(state from, state to, tenax::time_point now) {
      changes.push_back({from, to, now.time_since_epoch()});
      if (to == state::open) breaker->isolate(now);
      CHECK(breaker->state() != state::open);
    }
  } observer;
  circuit_breaker breaker(exact, std::ref(observer));
  observer.breaker = &breaker;
  breaker.open(tenax::time_point(1s));
  CHECK(observer.changes == std::vector<change>{{state::closed, state::open, 1s}, {state::open, state::isolated, 1s}});
}

TEST_CASE("circuit_breaker: an exception of the observer ends the call, and leaks nothing") {
  int told = 0;
  circuit_breaker breaker(exact, [&told](state, state to, tenax::time_point) {
    ++told;
    if (to == state::half_open) throw std::logic_error("observer");
  });
  for (int i = 0; i < 3; ++i) CHECK(attempted(breaker, kind::failure));
  {
    decltype(breaker)::ticket t;
    CHECK_THROWS_AS(asked(breaker, t, 5s), std::logic_error);
  }
  CHECK(breaker.state() == state::half_open);
  CHECK(attempted(breaker, kind::success, 5s));  // the place of the probe was given back
  CHECK(breaker.state() == state::closed);
  CHECK(told == 3);
}

TEST_CASE("circuit_breaker: used alone") {
  tenax::testing::virtual_time clock;
  circuit_breaker breaker({.failures = 2, .open_jitter = 0});
  CHECK(tenax::call_through(breaker, [] { return 7; }, clock) == 7);
  int value = 3;
  static_assert(std::is_same_v<decltype(tenax::call_through(breaker, [&]() -> int& { return value; })), int&>);
  CHECK(&tenax::call_through(breaker, [&]() -> int& { return value; }, clock) == &value);
  tenax::call_through(breaker, [] {}, clock);

  using result = tests::expected<int, std::string>;
  CHECK_THROWS_AS(
      tenax::call_through(breaker, []() -> int { throw std::runtime_error("down"); }, clock), std::runtime_error);
  CHECK_FALSE(tenax::call_through(breaker, [] { return result::failure("down"); }, clock).has_value());
  CHECK(breaker.state() == state::open);
  clock.advance(1s);
  int calls = 0;
  try {
    tenax::call_through(breaker, [&] { ++calls; }, clock);
    FAIL("was not refused");
  } catch (tenax::refused const& e) {
    CHECK(e.what() == std::string("circuit open"));
    CHECK(e.retry_after() == tenax::optional_duration(4s));
  }
  CHECK(calls == 0);
  breaker.isolate(clock.now());
  CHECK_THROWS_AS(tenax::call_through(breaker, [] {}), tenax::refused);  // in real time
}

TEST_CASE("circuit_breaker: used alone, a cancelled probe and a probe with retry_after") {
  tenax::testing::virtual_time clock;
  circuit_breaker breaker({.failures = 1, .count_throttled = false});
  CHECK_THROWS(
      tenax::call_through(breaker, []() -> int { throw tenax::retry_after(1s, std::runtime_error("429")); }, clock));
  CHECK(breaker.state() == state::closed);
  CHECK_THROWS_AS(tenax::call_through(breaker, []() -> int { throw tenax::cancelled(); }, clock), tenax::cancelled);
  CHECK(breaker.state() == state::closed);
}

TEST_CASE("circuit_breaker: in a policy, an open circuit ends the call") {
  tenax::testing::virtual_time clock;
  circuit_breaker breaker({.failures = 3, .open_for = 1min, .open_jitter = 0});
  auto const policy = tenax::retrying{}
                          .wait(tenax::wait::constant(1s))
                          .stop(tenax::stop::after_attempts(10))
                          .environment(std::ref(clock))
                          .through(std::ref(breaker));
  int calls = 0;
  auto const down = [&]() -> int {
    ++calls;
    throw std::runtime_error("down");
  };
  auto const first = policy.try_call(down);
  CHECK(first.reason == tenax::stop_reason::refused_by_gate);
  CHECK(first.attempts == 3);
  auto const second = policy.try_call(down);
  CHECK(second.attempts == 0);
  CHECK(calls == 3);
  CHECK_THROWS_AS(policy(down), tenax::refused);
  clock.advance(1min);
  CHECK(policy([] { return 5; }) == 5);
  CHECK(breaker.state() == state::closed);
}

TEST_CASE(
    "circuit_breaker: a probe is given back when a later gate refuses, waits past the deadline, or is cancelled") {
  tenax::testing::virtual_time clock;
  circuit_breaker breaker({.failures = 1, .open_jitter = 0});
  auto const base = tenax::retrying{}.environment(std::ref(clock)).through(std::ref(breaker));
  auto const half_open = [&] {
    breaker.close(clock.now());
    breaker.open(clock.now());
    clock.advance(5s);
  };
  auto const free_again = [&] {
    CHECK(breaker.state() == state::half_open);
    CHECK(attempted(breaker, kind::success, clock.now().time_since_epoch()));
  };
  half_open();
  tests::test_gate refusing({tenax::admission::refuse("no")});
  CHECK(base.through(std::ref(refusing)).try_call([] {}).reason == tenax::stop_reason::refused_by_gate);
  free_again();

  half_open();
  tests::test_gate slow({tenax::admission::wait(1h)});
  auto const late = base.stop(tenax::stop::deadline(1min)).through(std::ref(slow)).try_call([] {});
  CHECK(late.reason == tenax::stop_reason::expired_on_entry);
  free_again();

  half_open();
  CHECK_THROWS_AS(base.before_attempt([](auto const&) { throw std::logic_error("observer"); })([] {}),
                  std::logic_error);
  free_again();

  half_open();
  auto const cancelled = base.try_call([]() -> int { throw tenax::cancelled(); });
  CHECK(cancelled.reason == tenax::stop_reason::cancelled);
  free_again();
}

namespace {

/// The rules of the breaker, checked against a simple model with all tickets that are out.
void play_at_random(std::uint64_t seed) {
  tenax::seeded_random random(seed);
  auto const draw = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  tenax::circuit_breaker_options options{
      .open_for = 1s, .max_open = 8s, .probes = 1 + draw(3), .successes_to_close = 1 + draw(3), .probe_lease = 1h};
  if (draw(2) == 0) {
    options.failures = 1 + draw(4);
  } else {
    options.failure_ratio = 0.5;
    options.window = 5s;
    options.minimum_calls = 3;
  }
  circuit_breaker breaker(options);
  struct out {
    ticket t{};
    int epoch = 0;
  };
  std::vector<out> tickets;
  int epoch = 0, probing = 0;
  tenax::duration now{}, opened{};
  auto last = state::closed;
  bool by_failure = false;
  int unanswered = 0;
  tenax::duration quiet{};  // the latest moment before which no probe may start
  auto const look = [&] {
    auto const s = breaker.state();
    if (s == last) return;
    // Only these changes are possible.
    if (last == state::closed) REQUIRE(s == state::open);
    if (last == state::open) REQUIRE(s == state::half_open);
    if (s == state::open) REQUIRE(by_failure);
    if (s == state::closed) REQUIRE_FALSE(by_failure);
    if (s == state::open) opened = now;
    last = s;
    ++epoch;
    probing = unanswered = 0;
  };
  for (int step = 0; step < 300; ++step) {
    now += std::chrono::milliseconds(draw(400));
    if (draw(2) == 0) {
      out o;
      auto const answer = asked(breaker, o.t, now, 1, &random);
      look();
      if (answer == verdict::go) {
        REQUIRE(last != state::open);
        if (last == state::half_open) REQUIRE(++probing <= options.probes);
        o.epoch = epoch;
        tickets.push_back(std::move(o));
      } else {
        if (last == state::open) REQUIRE(now < opened + 8s);
        if (last == state::half_open) REQUIRE((probing == options.probes || now < quiet));
        REQUIRE(last != state::closed);
      }
    } else if (!tickets.empty()) {
      auto const which = static_cast<std::size_t>(draw(static_cast<int>(tickets.size())));
      auto o = std::move(tickets[which]);
      tickets.erase(tickets.begin() + static_cast<std::ptrdiff_t>(which));
      bool const current = o.epoch == epoch;
      if (current && last == state::half_open) --probing;
      auto const before = last;
      int const how = draw(5);
      by_failure = how == 1 || how == 2;
      if (current && last == state::half_open && how == 3 && ++unanswered > options.probes) quiet = now + 1s;
      if (how == 4) {
        o.t = {};
      } else {
        tell(breaker, o.t,
             std::array{kind::success, kind::failure, kind::throttled, kind::cancelled}[static_cast<std::size_t>(how)],
             now);
      }
      if (!current) REQUIRE(breaker.state() == before);
      if (current && before == state::half_open && by_failure) REQUIRE(breaker.state() == state::open);
      look();
    }
  }
}

}  // namespace

TEST_CASE("circuit_breaker: random schedules keep the rules") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    INFO("seed " << seed);
    play_at_random(seed);
  }
}

TEST_CASE("circuit_breaker: eight threads leak no probe, and changes are reported in order") {
  std::atomic<std::uint64_t> operations{0};
  std::atomic<bool> telling{false};
  auto last = state::closed;
  bool in_order = true;
  std::uint64_t changes = 0;
  auto const observe = [&](state from, state to, tenax::time_point) {
    if (telling.exchange(true)) in_order = false;
    in_order = in_order && from == last && from != to;
    last = to;
    ++changes;
    telling = false;
  };
  circuit_breaker breaker({.failures = 3, .open_for = 1ms, .max_open = 1ms, .probes = 2, .successes_to_close = 2},
                          observe);
  std::atomic<tenax::duration::rep> clock{0};
  tests::in_eight_threads([&](int thread) {
    tenax::seeded_random random(static_cast<std::uint64_t>(thread));
    std::uint64_t done = 0;
    for (int i = 0; i < 150'000; ++i) {
      tenax::duration const now(clock.fetch_add(1000));
      decltype(breaker)::ticket t;
      ++done;
      if (asked(breaker, t, now, 1, &random) != verdict::go) continue;
      ++done;
      auto const how = random() % 8;
      if (how == 7) continue;  // abandoned
      tell(breaker, t, how < 3 ? kind::success : how == 6 ? kind::cancelled : kind::failure, now);
    }
    operations += done;
  });
  CHECK(in_order);
  CHECK(changes > 100);
  CHECK(operations >= 1'000'000);
  // Whatever its state, it recovers: no probe place is lost.
  tenax::duration const later(clock + 1'000'000'000);
  if (breaker.state() != state::closed) {
    decltype(breaker)::ticket a, b, c;
    CHECK(asked(breaker, a, later) == verdict::go);
    CHECK(asked(breaker, b, later) == verdict::go);
    CHECK(asked(breaker, c, later) == verdict::refuse);
  }
}
