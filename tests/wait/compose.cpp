// SPDX-License-Identifier: MIT
// compose.cpp: sums, longest and shortest of waits, with and without an answer.
#include <tenax/wait/compose.hpp>

#include <memory>
#include <optional>

#include <tenax/wait/constant.hpp>
#include <tenax/wait/linear.hpp>
#include <tenax/wait/retry_after.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using tenax::optional_duration;
using tests::at;

namespace {

constexpr auto growing = tenax::wait::linear({.first = 1s, .step = 1s});

/// An attempt after which the server asked for `d`.
constexpr tenax::attempt_info asked(tenax::duration d) { return {.server_wait = d}; }

constexpr std::chrono::milliseconds free_function(tenax::attempt_info const& a) {
  return std::chrono::milliseconds(a.number);
}

/// Counts how often it is called.
struct counting : tenax::wait::operators {
  counting(int& n, tenax::duration d) : asked(&n), answer(d) {}
  tenax::duration operator()(tenax::attempt_info const&) const {
    ++*asked;
    return answer;
  }
  int* asked;
  tenax::duration answer;
};

constexpr auto silent = [](tenax::attempt_info const&) { return std::optional<tenax::duration>(); };

}  // namespace

TEST_CASE("A sum of waits adds both waits") {
  STATIC_REQUIRE((growing + tenax::wait::constant(500ms))(at(2)) == 2500ms);
  STATIC_REQUIRE((tenax::wait::constant(500ms) + growing)(at(2)) == 2500ms);
  STATIC_REQUIRE((growing + growing + growing)(at(2)) == 6s);
  STATIC_REQUIRE((tenax::wait::none + growing)(at(2)) == 2s);
}

TEST_CASE("A sum of waits saturates") {
  constexpr auto forever = tenax::wait::constant(tenax::duration::max());
  STATIC_REQUIRE((forever + tenax::wait::constant(1ns))(at(1)) == tenax::duration::max());
  STATIC_REQUIRE((tenax::wait::constant(1ns) + forever)(at(1)) == tenax::duration::max());
  STATIC_REQUIRE((forever + forever + forever)(at(1)) == tenax::duration::max());
}

TEST_CASE("A sum has an answer only if both operands have one") {
  constexpr auto on_top = tenax::wait::retry_after + tenax::wait::constant(500ms);
  STATIC_REQUIRE(on_top(asked(2s)) == optional_duration(2500ms));
  STATIC_REQUIRE(on_top(at(1)) == optional_duration());
  constexpr auto reversed = tenax::wait::constant(500ms) + tenax::wait::retry_after;
  STATIC_REQUIRE(reversed(asked(2s)) == optional_duration(2500ms));
  STATIC_REQUIRE(reversed(at(1)) == optional_duration());
  STATIC_REQUIRE((tenax::wait::retry_after + tenax::wait::retry_after)(asked(2s)) == optional_duration(4s));
}

TEST_CASE("A sum does not call its right operand if the left one has no answer") {
  int times = 0;
  auto const w = tenax::wait::retry_after + counting(times, 1s);
  CHECK(w(at(1)) == optional_duration());
  CHECK(times == 0);
  CHECK(w(asked(1s)) == optional_duration(2s));
  CHECK(times == 1);
}

TEST_CASE("Lambdas and functions can be added to strategies") {
  constexpr auto own = [](tenax::attempt_info const& a) { return std::chrono::seconds(a.number); };
  STATIC_REQUIRE((growing + own)(at(3)) == 6s);
  STATIC_REQUIRE((own + growing)(at(3)) == 6s);
  CHECK((growing + free_function)(at(3)) == 3003ms);
  CHECK((free_function + growing)(at(3)) == 3003ms);
  auto const by_result = growing + [](tenax::attempt<int> const& a) { return std::chrono::seconds(a.result.value()); };
  tenax::outcome<int> const ten(10);
  CHECK(by_result(tenax::attempt<int>{at(1), ten}) == 11s);
}

TEST_CASE("A negative answer of a lambda counts as zero") {
  constexpr auto negative = [](tenax::attempt_info const&) { return -5s; };
  STATIC_REQUIRE((growing + negative)(at(1)) == 1s);
  STATIC_REQUIRE(tenax::wait::max_of(negative, negative)(at(1)) == 0s);
  STATIC_REQUIRE(tenax::wait::min_of(negative, growing)(at(1)) == 0s);
  constexpr auto perhaps = [](tenax::attempt_info const&) { return std::optional(-5s); };
  STATIC_REQUIRE((growing + perhaps)(at(1)) == optional_duration(1s));
}

TEST_CASE("wait::max_of returns the longest wait") {
  constexpr auto w = tenax::wait::max_of(tenax::wait::constant(2s), growing, tenax::wait::constant(500ms));
  STATIC_REQUIRE(w(at(1)) == 2s);
  STATIC_REQUIRE(w(at(2)) == 2s);
  STATIC_REQUIRE(w(at(3)) == 3s);
  STATIC_REQUIRE(tenax::wait::max_of(growing)(at(3)) == 3s);
  STATIC_REQUIRE(tenax::wait::max_of(growing, tenax::wait::constant(2s))(at(1)) == 2s);
}

TEST_CASE("wait::min_of returns the shortest wait") {
  constexpr auto w = tenax::wait::min_of(tenax::wait::constant(2s), growing, tenax::wait::constant(5s));
  STATIC_REQUIRE(w(at(1)) == 1s);
  STATIC_REQUIRE(w(at(2)) == 2s);
  STATIC_REQUIRE(w(at(3)) == 2s);
  STATIC_REQUIRE(tenax::wait::min_of(growing)(at(3)) == 3s);
  STATIC_REQUIRE(tenax::wait::min_of(growing, tenax::wait::constant(2s))(at(9)) == 2s);
}

TEST_CASE("max_of and min_of ignore strategies without an answer") {
  STATIC_REQUIRE(tenax::wait::max_of(tenax::wait::retry_after, tenax::wait::constant(1s))(at(1)) == 1s);
  STATIC_REQUIRE(tenax::wait::max_of(tenax::wait::retry_after, tenax::wait::constant(1s))(asked(3s)) == 3s);
  STATIC_REQUIRE(tenax::wait::max_of(tenax::wait::constant(1s), tenax::wait::retry_after)(at(1)) == 1s);
  STATIC_REQUIRE(tenax::wait::max_of(tenax::wait::constant(1s), tenax::wait::retry_after)(asked(500ms)) == 1s);
  STATIC_REQUIRE(tenax::wait::min_of(tenax::wait::retry_after, tenax::wait::constant(1s))(at(1)) == 1s);
  STATIC_REQUIRE(tenax::wait::min_of(tenax::wait::retry_after, tenax::wait::constant(1s))(asked(500ms)) == 500ms);
  STATIC_REQUIRE(tenax::wait::min_of(tenax::wait::constant(1s), tenax::wait::retry_after)(at(1)) == 1s);

  STATIC_REQUIRE(tenax::wait::max_of(tenax::wait::retry_after, silent)(at(1)) == optional_duration());
  STATIC_REQUIRE(tenax::wait::max_of(tenax::wait::retry_after, silent)(asked(1s)) == optional_duration(1s));
  STATIC_REQUIRE(tenax::wait::max_of(silent, tenax::wait::retry_after)(asked(1s)) == optional_duration(1s));
  STATIC_REQUIRE(tenax::wait::min_of(tenax::wait::retry_after, tenax::wait::retry_after + tenax::wait::constant(1s))(
                     asked(1s)) == optional_duration(1s));
  STATIC_REQUIRE(tenax::wait::max_of(tenax::wait::retry_after, tenax::wait::retry_after + tenax::wait::constant(1s))(
                     asked(1s)) == optional_duration(2s));
}

TEST_CASE("A combination owns its operands and may outlive the originals") {
  auto const make = [] {
    auto const shared = std::make_shared<tenax::duration>(3s);
    auto const own = [shared](tenax::attempt_info const&) { return *shared; };
    return std::pair(std::weak_ptr<tenax::duration>(shared), growing + own);
  };
  auto const [watch, w] = make();
  CHECK_FALSE(watch.expired());
  CHECK(w(at(1)) == 4s);
}
