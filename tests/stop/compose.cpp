// SPDX-License-Identifier: MIT
// compose.cpp: stop conditions combine with `||` and `&&`, and keep the reason of the condition that decided.
#include <tenax/stop/compose.hpp>

#include <memory>
#include <stdexcept>

#include <tenax/stop/after_attempts.hpp>
#include <tenax/stop/deadline.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using tenax::attempt_info;
using tenax::duration;
using tenax::stop_reason;

namespace {

struct counting : tenax::stop::operators {
  counting(int& n, bool b) : times(&n), answer(b) {}
  bool operator()(attempt_info const&) const {
    ++*times;
    return answer;
  }
  int* times;
  bool answer;
};

bool is_late(attempt_info const& a) { return a.number > 1; }

constexpr attempt_info facts(std::uint32_t n, duration elapsed, duration upcoming = {}) {
  return {.number = n, .elapsed = elapsed, .upcoming_wait = upcoming};
}

template <class S>
concept has_time_left = requires(S const& s, attempt_info const& a) { s.time_left(a); };
template <class S>
concept clips = requires(S const& s, attempt_info const& a) { s.clip(a); };

constexpr auto yes = tenax::stop::after_attempts(1);
constexpr auto no = tenax::stop::never;
constexpr attempt_info first{};

}  // namespace

TEST_CASE("Stop conditions combine with or and and") {
  STATIC_REQUIRE((yes || no)(first));
  STATIC_REQUIRE((no || yes)(first));
  STATIC_REQUIRE_FALSE((no || no)(first));
  STATIC_REQUIRE((yes && yes)(first));
  STATIC_REQUIRE_FALSE((yes && no)(first));
  STATIC_REQUIRE_FALSE((no && yes)(first));
  STATIC_REQUIRE((no || (yes && yes))(first));
}

TEST_CASE("Or stops at the limit that comes first, with its reason") {
  constexpr auto s = tenax::stop::after_attempts(3) || tenax::stop::deadline(10s);
  STATIC_REQUIRE_FALSE(s(facts(2, 9s)));
  STATIC_REQUIRE(s.ask(facts(3, 1s)).stop);
  STATIC_REQUIRE(s.ask(facts(3, 1s)).reason == stop_reason::attempts);
  STATIC_REQUIRE(s.ask(facts(2, 10s)).stop);
  STATIC_REQUIRE(s.ask(facts(2, 10s)).reason == stop_reason::deadline);
  STATIC_REQUIRE(s.ask(facts(3, 10s)).reason == stop_reason::attempts);
  STATIC_REQUIRE((tenax::stop::deadline(10s) || tenax::stop::after_attempts(3)).ask(facts(3, 10s)).reason ==
                 stop_reason::deadline);
}

TEST_CASE("And stops once both limits are reached, with the reason of the right one") {
  constexpr auto s = tenax::stop::after_attempts(3) && tenax::stop::deadline(10s);
  STATIC_REQUIRE_FALSE(s(facts(3, 1s)));
  STATIC_REQUIRE_FALSE(s(facts(2, 11s)));
  STATIC_REQUIRE(s(facts(3, 11s)));
  STATIC_REQUIRE(s.ask(facts(3, 11s)).reason == stop_reason::deadline);
  STATIC_REQUIRE((tenax::stop::deadline(10s) && tenax::stop::after_attempts(3)).ask(facts(3, 11s)).reason ==
                 stop_reason::attempts);
}

TEST_CASE("Or of stop conditions calls its right operand only if the left one is false") {
  int left = 0, right = 0;
  CHECK((counting(left, true) || counting(right, true))(first));
  CHECK(left == 1);
  CHECK(right == 0);
  CHECK((counting(left, false) || counting(right, true))(first));
  CHECK(left == 2);
  CHECK(right == 1);
  CHECK((yes || counting(right, true)).ask(first).stop);
  CHECK(right == 1);
}

TEST_CASE("And of stop conditions calls its right operand only if the left one is true") {
  int left = 0, right = 0;
  CHECK_FALSE((counting(left, false) && counting(right, true))(first));
  CHECK(left == 1);
  CHECK(right == 0);
  CHECK((counting(left, true) && counting(right, true))(first));
  CHECK(left == 2);
  CHECK(right == 1);
}

TEST_CASE("Lambdas and functions combine with stop conditions, on either side") {
  constexpr auto late = [](attempt_info const& a) { return a.elapsed > 1s; };
  STATIC_REQUIRE((no || late)(facts(1, 2s)));
  STATIC_REQUIRE((late || no)(facts(1, 2s)));
  STATIC_REQUIRE_FALSE((yes && late)(facts(1, 1s)));
  CHECK((no || is_late)(facts(2, 0s)));
  CHECK_FALSE((is_late && yes)(facts(1, 0s)));
  // A condition without a reason ends a call with stop_reason::attempts.
  STATIC_REQUIRE((no || late).ask(facts(1, 2s)).reason == stop_reason::attempts);

  auto const by_result = no || [](tenax::attempt<int> const& a) { return a.result.value() == 7; };
  tenax::outcome<int> const seven(7);
  CHECK(by_result(tenax::attempt<int>{first, seven}));
}

TEST_CASE("Of two time limits, or keeps the stricter one and and keeps the laxer one") {
  constexpr auto either = tenax::stop::deadline(10s) || tenax::stop::deadline(20s);
  STATIC_REQUIRE(either.time_left(facts(1, 4s)) == 6s);
  constexpr auto both = tenax::stop::deadline(10s) && tenax::stop::deadline(20s);
  STATIC_REQUIRE(both.time_left(facts(1, 4s)) == 16s);
  constexpr auto one = tenax::stop::after_attempts(3) || tenax::stop::deadline(10s);
  STATIC_REQUIRE(one.time_left(facts(1, 4s)) == 6s);
  // Three attempts may all start after the deadline.
  STATIC_REQUIRE_FALSE(has_time_left<decltype(tenax::stop::after_attempts(3) && tenax::stop::deadline(10s))>);
}

TEST_CASE("A combination shortens a wait only if that fits both conditions") {
  constexpr auto either = tenax::stop::after_attempts(3) || tenax::stop::deadline(10s).clip_last_wait();
  STATIC_REQUIRE(either.clip(facts(1, 4s, 7s)) == 6s);
  STATIC_REQUIRE(either.clip(facts(1, 4s, 5s)) == 5s);
  constexpr auto mixed = tenax::stop::deadline(20s).clip_last_wait() || tenax::stop::deadline(10s);
  STATIC_REQUIRE(mixed.clip(facts(1, 4s, 30s)) == 16s);
  STATIC_REQUIRE(mixed(facts(1, 4s, 16s)));
  constexpr auto both = tenax::stop::deadline(10s).clip_last_wait() && tenax::stop::deadline(20s).clip_last_wait();
  STATIC_REQUIRE(both.clip(facts(1, 4s, 30s)) == 16s);
  STATIC_REQUIRE_FALSE(clips<decltype(tenax::stop::deadline(10s).clip_last_wait() && tenax::stop::after_attempts(3))>);
}

TEST_CASE("A combination uses time if one of its operands does") {
  STATIC_REQUIRE_FALSE((tenax::stop::after_attempts(3) || tenax::stop::never).uses_time);
  STATIC_REQUIRE_FALSE((tenax::stop::after_attempts(3) && tenax::stop::never).uses_time);
  STATIC_REQUIRE((tenax::stop::after_attempts(3) || tenax::stop::deadline(1s)).uses_time);
  STATIC_REQUIRE((tenax::stop::deadline(1s) && tenax::stop::after_attempts(3)).uses_time);
  constexpr auto own = [](attempt_info const& a) { return a.elapsed > 1s; };
  STATIC_REQUIRE((tenax::stop::after_attempts(3) || own).uses_time);
}

TEST_CASE("Of two bounds, or keeps the stricter one and and keeps the laxer one") {
  constexpr auto either =
      (tenax::stop::after_attempts(3) || tenax::stop::deadline(10s) || tenax::stop::after_attempts(5)).bounds();
  STATIC_REQUIRE(either.attempts == 3);
  STATIC_REQUIRE(either.waiting == 10s);
  constexpr auto both = (tenax::stop::after_attempts(3) && tenax::stop::after_attempts(5)).bounds();
  STATIC_REQUIRE(both.attempts == 5);
  STATIC_REQUIRE(both.waiting == duration::max());
  constexpr auto unlike = (tenax::stop::after_attempts(3) && tenax::stop::deadline(10s)).bounds();
  STATIC_REQUIRE(unlike.attempts == 4'294'967'295);
  STATIC_REQUIRE(unlike.waiting == duration::max());
}

TEST_CASE("Combined stop conditions own their operands, whose exceptions pass through") {
  auto const make = [] {
    auto const limit = std::make_shared<std::uint32_t>(2);
    return tenax::stop::never || [limit](attempt_info const& a) { return a.number >= *limit; };
  };
  auto const s = make();
  CHECK_FALSE(s(facts(1, 0s)));
  CHECK(s(facts(2, 0s)));

  auto const broken = tenax::stop::never || [](attempt_info const&) -> bool { throw std::logic_error("bug"); };
  CHECK_THROWS_AS(broken(first), std::logic_error);
}
