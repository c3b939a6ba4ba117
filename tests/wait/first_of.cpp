// SPDX-License-Identifier: MIT
// first_of.cpp: the first strategy that has an answer is used, and later ones are not called.
#include <tenax/wait/first_of.hpp>

#include <tenax/wait/constant.hpp>
#include <tenax/wait/linear.hpp>
#include <tenax/wait/retry_after.hpp>
#include <tenax/when/exception.hpp>
#include <tenax/when/result.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using tenax::optional_duration;
using tests::at;

namespace {

constexpr tenax::attempt_info asked(tenax::duration d) { return {.server_wait = d}; }

struct counting : tenax::wait::operators {
  counting(int& n, optional_duration d) : times(&n), answer(d) {}
  optional_duration operator()(tenax::attempt_info const&) const {
    ++*times;
    return answer;
  }
  int* times;
  optional_duration answer;
};

template <class W, class T>
auto ask(W const& w, tenax::outcome<T> const& result) {
  return w(tenax::attempt<T>{at(1), result});
}

}  // namespace

TEST_CASE("wait::only_if has an answer only if its predicate is true") {
  auto const w = tenax::wait::only_if(tenax::when::exception<std::runtime_error>, tenax::wait::constant(2s));
  CHECK(ask(w, tests::thrown<int>(std::runtime_error("lost"))) == optional_duration(2s));
  CHECK(ask(w, tests::thrown<int>(std::logic_error("bug"))) == optional_duration());
  CHECK(ask(w, tenax::outcome<int>(1)) == optional_duration());
}

TEST_CASE("wait::only_if takes user-defined predicates and strategies") {
  constexpr auto late = [](tenax::attempt_info const& a) { return a.number > 2; };
  constexpr auto own = [](tenax::attempt_info const& a) { return std::chrono::seconds(a.number); };
  constexpr auto w = tenax::wait::only_if(late, own);
  STATIC_REQUIRE(w(at(2)) == optional_duration());
  STATIC_REQUIRE(w(at(3)) == optional_duration(3s));
  constexpr auto partial = tenax::wait::only_if(late, tenax::wait::retry_after);
  STATIC_REQUIRE(partial(at(3)) == optional_duration());
}

TEST_CASE("wait::only_if does not call its strategy if the predicate is false") {
  int times = 0;
  auto const w = tenax::wait::only_if(tenax::when::never, counting(times, 1s));
  CHECK(w(at(1)) == optional_duration());
  CHECK(times == 0);
}

TEST_CASE("wait::first_of returns the first answer") {
  constexpr auto w = tenax::wait::first_of(tenax::wait::retry_after, tenax::wait::constant(1s));
  STATIC_REQUIRE(w(at(1)) == 1s);
  STATIC_REQUIRE(w(asked(5s)) == 5s);
  STATIC_REQUIRE(w(asked(0s)) == 0s);
  STATIC_REQUIRE(tenax::wait::first_of(tenax::wait::constant(1s))(at(1)) == 1s);
  STATIC_REQUIRE(tenax::wait::first_of(tenax::wait::constant(1s), tenax::wait::constant(2s))(asked(9s)) == 1s);
  STATIC_REQUIRE(tenax::wait::first_of(tenax::wait::constant(1s), tenax::wait::retry_after)(asked(9s)) == 1s);
}

TEST_CASE("wait::first_of checks outcomes in order") {
  auto const w = tenax::wait::first_of(
      tenax::wait::only_if(tenax::when::exception<std::runtime_error>, tenax::wait::none),
      tenax::wait::only_if(tenax::when::result([](int n) { return n < 0; }), tenax::wait::constant(3s)),
      tenax::wait::linear({.first = 1s, .step = 1s}));
  CHECK(ask(w, tests::thrown<int>(std::runtime_error("lost"))) == 0s);
  CHECK(ask(w, tests::thrown<int>(std::logic_error("bug"))) == 1s);
  CHECK(ask(w, tenax::outcome<int>(-1)) == 3s);
  CHECK(ask(w, tenax::outcome<int>(1)) == 1s);
}

TEST_CASE("wait::first_of does not call strategies after the first answer") {
  int first = 0, second = 0, third = 0;
  auto const w =
      tenax::wait::first_of(counting(first, {}), counting(second, 2s), counting(third, 3s), tenax::wait::constant(4s));
  CHECK(w(at(1)) == 2s);
  CHECK(first == 1);
  CHECK(second == 1);
  CHECK(third == 0);
}

TEST_CASE("wait::first_of has no answer if none of its strategies has one") {
  int times = 0;
  auto const w = tenax::wait::first_of(tenax::wait::retry_after, counting(times, {}));
  CHECK(w(at(1)) == optional_duration());
  CHECK(times == 1);
  CHECK(w(asked(2s)) == optional_duration(2s));
  CHECK(times == 1);
}
