// SPDX-License-Identifier: MIT
// bounds.cpp: the shortest and the longest answer of a strategy, and how a strategy is called.
#include <tenax/wait/bounds.hpp>

#include <cmath>
#include <optional>

#include <tenax/wait/chain.hpp>
#include <tenax/wait/clamp.hpp>
#include <tenax/wait/constant.hpp>
#include <tenax/wait/exponential.hpp>
#include <tenax/wait/first_of.hpp>
#include <tenax/wait/random.hpp>
#include <tenax/wait/retry_after.hpp>
#include <tenax/when/result.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using tenax::duration;
using tenax::optional_duration;
using tenax::wait::bounds;
using tenax::wait::bounds_of;
using tests::at;

namespace {

constexpr auto growing = tenax::wait::exponential({.base = 1s, .max = 10s});
constexpr auto by_result = [](tenax::attempt<int> const& a) { return std::chrono::seconds(a.result.value()); };
constexpr auto perhaps = [](tenax::attempt_info const& a) {
  return a.number > 1 ? std::optional(std::chrono::seconds(a.number)) : std::nullopt;
};

}  // namespace

TEST_CASE("The range of a strategy without randomness is one wait") {
  STATIC_REQUIRE(bounds_of(growing, {.number = 1}) == bounds{1s, 1s});
  STATIC_REQUIRE(bounds_of(growing, {.number = 3}) == bounds{4s, 4s});
  STATIC_REQUIRE(bounds_of(growing, {.number = 4'294'967'295}) == bounds{10s, 10s});
  STATIC_REQUIRE(bounds_of(tenax::wait::none, {}) == bounds{0s, 0s});
}

TEST_CASE("The range of a random strategy goes from its lowest to its highest draw") {
  STATIC_REQUIRE(bounds_of(growing.full(), {.number = 2}) == bounds{0s, 2s - 1ns});
  STATIC_REQUIRE(bounds_of(growing.equal(), {.number = 2}) == bounds{1s, 2s - 1ns});
  STATIC_REQUIRE(bounds_of(tenax::wait::uniform(1s, 2s), {}) == bounds{1s, 2s - 1ns});
}

TEST_CASE("The range of a decorrelated strategy follows from the range of the previous wait") {
  constexpr auto w = tenax::wait::decorrelated({.base = 1s, .max = 1min});
  STATIC_REQUIRE(bounds_of(w, {}) == bounds{1s, 3s - 1ns});
  STATIC_REQUIRE(bounds_of(w, {.number = 2, .least_previous = 1s, .most_previous = 5s}) == bounds{1s, 15s - 1ns});
  STATIC_REQUIRE(bounds_of(w, {.number = 9, .most_previous = 59s}) == bounds{1s, 1min - 1ns});
}

TEST_CASE("Ranges are combined as their strategies are") {
  STATIC_REQUIRE(bounds_of(growing + tenax::wait::uniform(0s, 1s), {.number = 2}) == bounds{2s, 3s - 1ns});
  STATIC_REQUIRE(bounds_of(tenax::wait::at_most(3s, growing), {.number = 5}) == bounds{3s, 3s});
  STATIC_REQUIRE(bounds_of(tenax::wait::at_least(500ms, growing.full()), {.number = 1}) == bounds{500ms, 1s - 1ns});
  STATIC_REQUIRE(bounds_of(tenax::wait::chain(tenax::wait::repeat(2, tenax::wait::none), growing), {.number = 2}) ==
                 bounds{0s, 0s});
  STATIC_REQUIRE(bounds_of(tenax::wait::chain(tenax::wait::repeat(2, tenax::wait::none), growing), {.number = 4}) ==
                 bounds{2s, 2s});
  STATIC_REQUIRE(bounds_of(tenax::wait::repeat(2, growing), {.number = 4}) == bounds{8s, 8s});

  // Each operand may have no answer, so both ends are possible.
  STATIC_REQUIRE(bounds_of(tenax::wait::max_of(tenax::wait::constant(3s), growing), {.number = 1}).most == 3s);
  STATIC_REQUIRE(bounds_of(tenax::wait::min_of(tenax::wait::constant(3s), growing), {.number = 1}).least == 1s);
  STATIC_REQUIRE(bounds_of(tenax::wait::constant(duration::max()) + growing, {}).most == duration::max());
}

TEST_CASE("The range of server waits ends at the longest obeyed wait") {
  STATIC_REQUIRE(bounds_of(tenax::wait::retry_after, {}) == bounds{0s, duration::max()});
  STATIC_REQUIRE(bounds_of(tenax::wait::retry_after, {.most_server_wait = 30s}) == bounds{0s, 30s});
  STATIC_REQUIRE(bounds_of(tenax::wait::first_of(tenax::wait::retry_after, growing),
                           {.number = 2, .most_server_wait = 30s}) == bounds{0s, 30s});
  STATIC_REQUIRE(
      bounds_of(tenax::wait::first_of(tenax::wait::only_if(tenax::when::never, tenax::wait::constant(7s)), growing),
                {.number = 2}) == bounds{2s, 7s});
  STATIC_REQUIRE(bounds_of(tenax::wait::first_of(growing, tenax::wait::constant(7s)), {.number = 2}) == bounds{2s, 2s});
}

TEST_CASE("A user-defined strategy is called, or assumed to answer anything") {
  constexpr auto own = [](tenax::attempt_info const& a) { return std::chrono::seconds(a.number); };
  STATIC_REQUIRE(bounds_of(own, {.number = 3}) == bounds{3s, 3s});
  STATIC_REQUIRE(bounds_of(perhaps, {.number = 1}) == bounds{0s, 0s});
  STATIC_REQUIRE(bounds_of(perhaps, {.number = 2}) == bounds{2s, 2s});
  STATIC_REQUIRE(bounds_of(by_result, {}) == bounds{0s, duration::max()});
  STATIC_REQUIRE(bounds_of(tenax::wait::at_most(5s, by_result), {}) == bounds{0s, 5s});
}

TEST_CASE("The answer of a user-defined strategy saturates and is never negative") {
  // Every combination does this with its operands; the simplest one changes nothing else.
  constexpr auto ask = [](auto const& strategy) { return tenax::wait::repeat(1, strategy)(at(1)); };
  constexpr auto answering = [](auto answer) { return [answer](tenax::attempt_info const&) { return answer; }; };
  STATIC_REQUIRE(ask(answering(3s)) == 3s);
  STATIC_REQUIRE(ask(answering(-3s)) == 0s);
  STATIC_REQUIRE(ask(answering(std::chrono::hours::max())) == duration::max());
  STATIC_REQUIRE(ask(answering(std::chrono::hours::min())) == 0s);
  STATIC_REQUIRE(ask(answering(1.5s)) == 1500ms);
  CHECK(ask(answering(std::chrono::duration<double>(NAN))) == 0s);
  CHECK(ask(answering(std::chrono::duration<double>(INFINITY))) == duration::max());

  STATIC_REQUIRE(std::is_same_v<decltype(ask(perhaps)), optional_duration>);
  STATIC_REQUIRE(std::is_same_v<decltype(ask(growing)), duration>);
  STATIC_REQUIRE(ask(answering(std::optional(-3s))) == optional_duration(0s));
  STATIC_REQUIRE(ask(answering(std::optional(std::chrono::hours::max()))) == optional_duration(duration::max()));
  STATIC_REQUIRE(ask(answering(optional_duration(2s))) == optional_duration(2s));
  STATIC_REQUIRE(ask(perhaps) == optional_duration());
}
