// SPDX-License-Identifier: MIT
// stop.cpp: the snippets of docs/reference/stop.md.
#include "docs.hpp"

using docs::play;
using docs::run;
using docs::waits;
using tenax::stop_reason;

namespace {

script<int> down() {
  script<int> lines;
  lines.throws(network_error("down")).repeats_last();
  return lines;
}

}  // namespace

TEST_CASE("stop: after_attempts") {
  // [after_attempts]
  auto const policy =
      tenax::retrying{}.stop(tenax::stop::after_attempts(5));  // one call and at most four more
  // [/after_attempts]
  auto lines = down();
  CHECK(play(policy, lines) == run{5, stop_reason::attempts});
}

TEST_CASE("stop: never") {
  // [never]
  auto const stubborn = tenax::retrying{}.stop(tenax::stop::never);
  // [/never]
  script<int> lines;
  lines.throws(network_error("down")).times(1'000).returns(7);
  CHECK(play(stubborn, lines) == run{1'001, stop_reason::succeeded});
}

TEST_CASE("stop: deadline") {
  // [deadline]
  auto const policy =
      tenax::retrying{}.wait(tenax::wait::constant(4s)).stop(tenax::stop::deadline(10s));
  // [/deadline]
  CHECK(waits(policy) == durations{4s, 4s});
  auto lines = down();
  CHECK(play(policy, lines) == run{3, stop_reason::deadline});
}

TEST_CASE("stop: clip_last_wait") {
  // [clip_last_wait]
  auto const policy = tenax::retrying{}
                          .wait(tenax::wait::constant(4s))
                          .stop(tenax::stop::deadline(10s).clip_last_wait());
  // [/clip_last_wait]
  CHECK(waits(policy) == durations{4s, 4s, 2s});
  auto lines = down();
  CHECK(play(policy, lines) == run{4, stop_reason::deadline});
}

TEST_CASE("stop: deadline_at") {
  script<int> first, second;
  first.throws(network_error("down")).returns(1);
  second.returns(2);
  virtual_time clock;
  auto const policy = tenax::retrying{}.environment(std::ref(clock));
  auto const now = [&] { return clock.now(); };
  auto& find_user = first;
  auto& find_orders = second;
  // [deadline_at]
  auto const in_time =
      policy.stop(tenax::stop::deadline_at(now() + 2s));  // one budget for both calls

  auto const user = in_time(std::ref(find_user));
  auto const orders = in_time(std::ref(find_orders));
  // [/deadline_at]
  CHECK(user + orders == 3);
  clock.advance(2s);
  CHECK(in_time.try_call(std::ref(second)).reason == stop_reason::expired_on_entry);
  CHECK(second.calls() == 1);
  CHECK_THROWS_AS(in_time(std::ref(second)), tenax::expired);
}

TEST_CASE("stop: after_elapsed") {
  // [after_elapsed]
  auto const policy =
      tenax::retrying{}.wait(tenax::wait::constant(4s)).stop(tenax::stop::after_elapsed(10s));
  // [/after_elapsed]
  CHECK(waits(policy) == durations{4s, 4s, 4s});  // ends at 12 s
  auto lines = down();
  CHECK(play(policy, lines) == run{4, stop_reason::deadline});
}

TEST_CASE("stop: operators") {
  // [operators]
  auto const whichever_is_first = tenax::stop::after_attempts(5) || tenax::stop::deadline(30s);
  auto const both = tenax::stop::after_attempts(3) &&
                    tenax::stop::after_elapsed(10s);  // at least 3 attempts and 10 seconds
  // [/operators]
  auto const policy = tenax::retrying{}.wait(tenax::wait::constant(1s));
  CHECK(waits(policy.stop(whichever_is_first)).size() == 4);
  CHECK(waits(policy.stop(both)).size() == 10);
  CHECK(waits(policy.wait(tenax::wait::constant(20s)).stop(both)).size() == 2);
}

TEST_CASE("stop: own") {
  bool shutting_down = false;
  // [own]
  auto const at_the_end = [&](tenax::attempt_info const&) { return shutting_down; };
  auto const policy = tenax::retrying{}.stop(tenax::stop::after_attempts(5) || at_the_end);
  // [/own]
  script<int> lines;
  lines.throws(network_error("down"))
      .runs([&]() -> int {
        shutting_down = true;
        throw network_error("down");
      })
      .repeats_last();
  CHECK(play(policy, lines) == run{2, stop_reason::attempts});
}

TEST_CASE("stop: time left") {
  virtual_time clock;
  durations timeouts;
  struct {
    durations& seen;
    int get(tenax::duration timeout) const {
      seen.push_back(timeout);
      throw network_error("timed out");
    }
  } const client{timeouts};
  auto const policy =
      tenax::retrying{}.wait(tenax::wait::constant(3s)).environment(std::ref(clock));
  CHECK_THROWS_AS(
      [&] {
        // [time_left]
        policy.stop(tenax::stop::deadline(10s))([&](tenax::attempt_info const& info) {
          return client.get(std::min<tenax::duration>(5s, info.time_left));  // 5s, 5s, 4s, 1s
        });
        // [/time_left]
      }(),
      network_error);
  CHECK(timeouts == durations{5s, 5s, 4s, 1s});
}
