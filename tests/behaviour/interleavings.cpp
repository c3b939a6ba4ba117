// SPDX-License-Identifier: MIT
// interleavings.cpp: all orders in which a few callers can pass a gate, and all ways in which their attempts can end.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <source_location>
#include <vector>

#include <tenax/gate/adaptive_rate_limiter.hpp>
#include <tenax/gate/rate_limiter.hpp>

#include "../at_length.hpp"
#include "../catch.hpp"
#include "../choices.hpp"

using namespace std::chrono_literals;
using tenax::admission;
using tenax::feedback;
using tenax::time_point;
using tests::all_choices;

namespace {

/// Like REQUIRE, which would take most of the time of this test.
void must(bool holds, std::source_location where = std::source_location::current()) {
  if (!holds) FAIL("line " << where.line());
}

enum class ending { success, throttled, throttled_for_a_while, abandoned };

/// One caller: asks until it is admitted, and then ends in one of the ways.
template <class Gate>
struct caller {
  typename Gate::ticket ticket{};
  time_point wakes{};
  std::size_t asked = 0;  // the step in which it asked first
  bool admitted = false;
  bool done = false;
};

}  // namespace

TEST_CASE("In every order of a few callers and every ending of their attempts, the adaptive limiter keeps its rules") {
  all_choices choices;
  int runs = 0;
  do {
    tenax::adaptive_rate_limiter limiter({.start = tenax::per_second(10)});
    std::vector<caller<tenax::adaptive_rate_limiter>> callers(3);
    time_point now{};
    time_point last_go{-1h};
    std::uint32_t under_way = 0;
    std::size_t steps = 0;
    while (std::any_of(callers.begin(), callers.end(), [](auto const& c) { return !c.done; })) {
      must(++steps < 100);  // every caller is admitted at some time
      std::vector<std::size_t> awake;
      auto earliest = time_point::max();
      for (std::size_t i = 0; i < callers.size(); ++i) {
        if (callers[i].done) continue;
        if (callers[i].wakes <= now) awake.push_back(i);
        earliest = std::min(earliest, callers[i].wakes);
      }
      if (awake.empty()) {
        now = earliest;
        continue;
      }
      auto& c = callers[awake[choices.choose(awake.size())]];
      now += 1ms;
      if (awake.size() < callers.size() && choices.choose(2) == 1) now += 110ms;  // it wakes up late
      if (!c.admitted) {
        if (c.asked == 0) c.asked = steps;
        auto const before = limiter.state();
        auto const answer = limiter.admit(c.ticket, {}, now);
        must(!answer.refused());
        if (answer.waits()) {
          c.wakes = now + answer.delay;
          if (choices.choose(2) == 1) {
            c.ticket = {};  // gives up
            c.done = true;
          }
          continue;
        }
        for (auto const& other : callers) {
          bool const waits = other.asked != 0 && !other.admitted && !other.done && &other != &c;
          must(!(waits && other.asked < c.asked));  // first come, first served
        }
        // At this moment, no pause is under way, and the rate is the current one.
        must(before.paused_until <= now);
        must(now - last_go >= std::chrono::floor<tenax::duration>(std::chrono::duration<double>(1 / before.rate)));
        last_go = now;
        c.admitted = true;
        ++under_way;
      } else {
        switch (static_cast<ending>(choices.choose(4))) {
          case ending::success: limiter.record(c.ticket, {}, now); break;
          case ending::throttled: limiter.record(c.ticket, {.how = feedback::kind::throttled}, now); break;
          case ending::throttled_for_a_while:
            limiter.record(c.ticket, {.how = feedback::kind::throttled, .server_wait = 300ms}, now);
            must(limiter.state().paused_until >= now + 300ms);
            break;
          case ending::abandoned: c.ticket = {}; break;
        }
        c.done = true;
        --under_way;
      }
      must(limiter.state().in_flight == under_way);
    }
    must(limiter.state().waiting == 0);
    ++runs;
  } while (choices.next() && (tests::every_simulation || runs < 20'000));
  CHECK(runs > 1000);
}

TEST_CASE("In every order of a few callers and every ending, the rate limiter does not exceed its rate") {
  all_choices choices;
  int runs = 0;
  do {
    tenax::rate_limiter limiter(tenax::per_second(10));
    std::vector<caller<tenax::rate_limiter<>>> callers(4);
    time_point now{};
    std::vector<time_point> admitted;
    while (std::any_of(callers.begin(), callers.end(), [](auto const& c) { return !c.done; })) {
      std::vector<std::size_t> awake;
      auto earliest = time_point::max();
      for (std::size_t i = 0; i < callers.size(); ++i) {
        if (callers[i].done) continue;
        if (callers[i].wakes <= now) awake.push_back(i);
        earliest = std::min(earliest, callers[i].wakes);
      }
      if (awake.empty()) {
        now = earliest;
        continue;
      }
      auto& c = callers[awake[choices.choose(awake.size())]];
      if (choices.choose(2) == 1) now += 70ms;  // it wakes up late
      auto const answer = limiter.admit(c.ticket, {}, now);
      if (answer.admitted()) {
        admitted.push_back(now);
        limiter.record(c.ticket, {}, now);
        c.done = true;
      } else if (choices.choose(2) == 1) {
        c.ticket = {};  // gives up
        c.done = true;
      } else {
        c.wakes = now + answer.delay;
      }
    }
    for (std::size_t i = 1; i < admitted.size(); ++i) must(admitted[i] - admitted[i - 1] >= 100ms);
    ++runs;
  } while (choices.next());
  CHECK(runs > 1000);
}
