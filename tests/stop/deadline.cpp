// SPDX-License-Identifier: MIT
// deadline.cpp: no wait ends at or after a deadline, a clipped wait ends exactly on it, after_elapsed may overshoot.
#include <tenax/stop/deadline.hpp>

#include <cmath>

#include "catch.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using tenax::attempt_info;
using tenax::duration;
using tenax::stop_reason;
using tenax::time_point;

namespace {

constexpr attempt_info facts(duration elapsed, duration upcoming, time_point started = {}) {
  return {.elapsed = elapsed, .upcoming_wait = upcoming, .started = started};
}

constexpr auto noon = time_point(12h);

}  // namespace

TEST_CASE("stop::deadline stops before a wait that would end at or after it") {
  constexpr auto s = tenax::stop::deadline(10s);
  STATIC_REQUIRE_FALSE(s(facts(4s, 5s)));
  STATIC_REQUIRE_FALSE(s(facts(4s, 6s - 1ns)));
  STATIC_REQUIRE(s(facts(4s, 6s)));
  STATIC_REQUIRE(s(facts(4s, 7s)));
  STATIC_REQUIRE(s.ask(facts(4s, 7s)).reason == stop_reason::deadline);
}

TEST_CASE("stop::deadline stops once it has passed, even before a wait of zero") {
  constexpr auto s = tenax::stop::deadline(10s);
  STATIC_REQUIRE_FALSE(s(facts(10s - 1ns, 0s)));
  STATIC_REQUIRE(s(facts(10s, 0s)));
  STATIC_REQUIRE(s(facts(11s, 0s)));
  STATIC_REQUIRE(s(facts(duration::max(), duration::max())));
}

TEST_CASE("stop::deadline says how much time is left") {
  constexpr auto s = tenax::stop::deadline(10s);
  STATIC_REQUIRE(s.time_left(facts(0s, 0s)) == 10s);
  STATIC_REQUIRE(s.time_left(facts(4s, 1h)) == 6s);
  STATIC_REQUIRE(s.time_left(facts(10s, 0s)) == 0s);
  STATIC_REQUIRE(s.time_left(facts(11s, 0s)) == 0s);
  STATIC_REQUIRE(s.bounds().waiting == 10s);
}

TEST_CASE("The longest possible deadline saturates") {
  constexpr auto s = tenax::stop::deadline(std::chrono::hours::max());
  STATIC_REQUIRE_FALSE(s(facts(24h, duration::max() - 25h)));
  STATIC_REQUIRE(s(facts(24h, duration::max())));
  STATIC_REQUIRE(s.time_left(facts(24h, 0s)) == duration::max() - 24h);
}

TEST_CASE("A clipped deadline shortens the last wait so that it ends exactly on the deadline") {
  constexpr auto s = tenax::stop::deadline(10s).clip_last_wait();
  STATIC_REQUIRE(s.clip(facts(4s, 5s)) == 5s);
  STATIC_REQUIRE(s.clip(facts(4s, 6s)) == 6s);
  STATIC_REQUIRE(s.clip(facts(4s, 7s)) == 6s);
  STATIC_REQUIRE(s.clip(facts(4s, duration::max())) == 6s);
  STATIC_REQUIRE(s.clip(facts(11s, 7s)) == 0s);
}

TEST_CASE("A clipped deadline stops only once it has passed, or before a wait that must not be shortened") {
  constexpr auto s = tenax::stop::deadline(10s).clip_last_wait();
  STATIC_REQUIRE_FALSE(s(facts(4s, 6s)));
  STATIC_REQUIRE(s(facts(4s, 6s + 1ns)));
  STATIC_REQUIRE(s(facts(10s, 0s)));
  STATIC_REQUIRE(s(facts(11s, 0s)));
}

TEST_CASE("stop::deadline_at is a deadline at a point on the steady clock") {
  constexpr auto s = tenax::stop::deadline_at(noon);
  STATIC_REQUIRE_FALSE(s(facts(10s, 20s, noon - 1min)));
  STATIC_REQUIRE_FALSE(s(facts(10s, 50s - 1ns, noon - 1min)));
  STATIC_REQUIRE(s(facts(10s, 50s, noon - 1min)));
  STATIC_REQUIRE(s(facts(0s, 0s, noon)));
  STATIC_REQUIRE(s(facts(0s, 0s, noon + 1h)));
  STATIC_REQUIRE(s.ask(facts(0s, 0s, noon)).reason == stop_reason::deadline);
  STATIC_REQUIRE(s.time_left(facts(10s, 0s, noon - 1min)) == 50s);
  STATIC_REQUIRE(s.time_left(facts(0s, 0s, noon + 1h)) == 0s);
}

TEST_CASE("stop::deadline_at can be clipped and saturates") {
  constexpr auto s = tenax::stop::deadline_at(noon).clip_last_wait();
  STATIC_REQUIRE(s.clip(facts(10s, 1min, noon - 1min)) == 50s);
  STATIC_REQUIRE(s.clip(facts(10s, 1min, noon)) == 0s);
  STATIC_REQUIRE_FALSE(s(facts(10s, 50s, noon - 1min)));

  constexpr auto last = tenax::stop::deadline_at(time_point::max());
  STATIC_REQUIRE_FALSE(last(facts(1h, 1h, time_point::min())));
  STATIC_REQUIRE(last.time_left(facts(0s, 0s, time_point::min())) == duration::max());
  STATIC_REQUIRE(tenax::stop::deadline_at(time_point::min())(facts(0s, 0s, time_point::max())));
}

TEST_CASE("stop::after_elapsed looks only at the time that has passed") {
  constexpr auto s = tenax::stop::after_elapsed(10s);
  STATIC_REQUIRE_FALSE(s(facts(10s - 1ns, duration::max())));
  STATIC_REQUIRE(s(facts(10s, 0s)));
  STATIC_REQUIRE(s(facts(11s, 0s)));
  STATIC_REQUIRE(s.ask(facts(11s, 0s)).reason == stop_reason::deadline);
}

TEST_CASE("Deadlines use time") {
  STATIC_REQUIRE(tenax::stop::deadline(1s).uses_time);
  STATIC_REQUIRE(tenax::stop::deadline(1s).clip_last_wait().uses_time);
  STATIC_REQUIRE(tenax::stop::deadline_at(noon).uses_time);
  STATIC_REQUIRE(tenax::stop::after_elapsed(1s).uses_time);
}

TEST_CASE("A limit of 100 ms is 100 ms, in whatever unit it is given") {
  for (auto const s : {tenax::stop::deadline(100ms), tenax::stop::deadline(0.1s), tenax::stop::deadline(100'000us),
                       tenax::stop::deadline(100'000'000ns)}) {
    CHECK_FALSE(s(facts(99ms, 0s)));
    CHECK(s(facts(101ms, 0s)));
  }
}

TEST_CASE("Deadlines reject invalid limits") {
  using seconds = std::chrono::duration<double>;
  tests::check_rejected("stop::deadline: d", "0s", [] { return tenax::stop::deadline(0s); });
  tests::check_rejected("stop::deadline: d", "-1s", [] { return tenax::stop::deadline(-1s); });
  tests::check_rejected("stop::deadline: d", "not a number", [] { return tenax::stop::deadline(seconds(NAN)); });
  tests::check_rejected("stop::after_elapsed: d", "0s", [] { return tenax::stop::after_elapsed(0s); });
  tests::check_rejected("stop::after_elapsed: d", "-1ms", [] { return tenax::stop::after_elapsed(-1ms); });
  tests::check_rejected("stop::after_elapsed: d", "not a number",
                        [] { return tenax::stop::after_elapsed(seconds(NAN)); });
}
