// SPDX-License-Identifier: MIT
// compose.cpp: predicates combine with `||`, `&&` and `!`, call the right operand only if needed, own their operands.
#include <tenax/when/compose.hpp>

#include <memory>
#include <stdexcept>

#include <tenax/when/exception.hpp>
#include <tenax/when/result.hpp>

#include "catch.hpp"
#include "support.hpp"

using tenax::outcome;
using tests::holds;
using tests::thrown;

namespace {

struct counting : tenax::when::operators {
  counting(int& n, bool b) : times(&n), answer(b) {}
  bool operator()(tenax::attempt_info const&) const {
    ++*times;
    return answer;
  }
  int* times;
  bool answer;
};

bool is_late(tenax::attempt_info const& a) { return a.number > 1; }

constexpr outcome<int> one(1);

}  // namespace

TEST_CASE("Predicates combine with or, and, not") {
  STATIC_REQUIRE(holds(tenax::when::always || tenax::when::never, one));
  STATIC_REQUIRE(holds(tenax::when::never || tenax::when::always, one));
  STATIC_REQUIRE_FALSE(holds(tenax::when::never || tenax::when::never, one));
  STATIC_REQUIRE(holds(tenax::when::always && tenax::when::always, one));
  STATIC_REQUIRE_FALSE(holds(tenax::when::always && tenax::when::never, one));
  STATIC_REQUIRE_FALSE(holds(tenax::when::never && tenax::when::always, one));
  STATIC_REQUIRE(holds(!tenax::when::never, one));
  STATIC_REQUIRE_FALSE(holds(!tenax::when::always, one));
  STATIC_REQUIRE(holds(!!tenax::when::always, one));
  STATIC_REQUIRE(holds(tenax::when::never || (tenax::when::always && !tenax::when::never), one));
}

TEST_CASE("Predicates on exceptions combine with predicates on values") {
  auto const p = tenax::when::exception<std::runtime_error> || tenax::when::result([](int n) { return n < 0; });
  CHECK(holds(p, thrown<int>(std::runtime_error("lost"))));
  CHECK_FALSE(holds(p, thrown<int>(std::logic_error("bug"))));
  CHECK(holds(p, outcome<int>(-1)));
  CHECK_FALSE(holds(p, outcome<int>(1)));

  auto const but = tenax::when::any_exception && !tenax::when::exception<std::logic_error>;
  CHECK(holds(but, thrown<int>(7)));
  CHECK_FALSE(holds(but, thrown<int>(std::logic_error("bug"))));
  CHECK_FALSE(holds(but, outcome<int>(1)));
}

TEST_CASE("Or calls its right operand only if the left one is false") {
  int left = 0, right = 0;
  CHECK(holds(counting(left, true) || counting(right, true), one));
  CHECK(left == 1);
  CHECK(right == 0);
  CHECK(holds(counting(left, false) || counting(right, true), one));
  CHECK(left == 2);
  CHECK(right == 1);
}

TEST_CASE("And calls its right operand only if the left one is true") {
  int left = 0, right = 0;
  CHECK_FALSE(holds(counting(left, false) && counting(right, true), one));
  CHECK(left == 1);
  CHECK(right == 0);
  CHECK(holds(counting(left, true) && counting(right, true), one));
  CHECK(left == 2);
  CHECK(right == 1);
}

TEST_CASE("Lambdas and functions combine with predicates, on either side") {
  auto const by_value = [](tenax::attempt<int> const& a) { return a.result.has_value() && a.result.value() == 1; };
  CHECK(holds(tenax::when::never || by_value, one));
  CHECK(holds(by_value && tenax::when::always, one));
  CHECK_FALSE(holds(tenax::when::never || is_late, one));
  CHECK_FALSE(holds(is_late || tenax::when::never, one));
  tenax::attempt<int> const second{tests::at(2), one};
  CHECK((tenax::when::never || is_late)(second));
}

TEST_CASE("Combined predicates own their operands") {
  auto const make = [] {
    auto const wanted = std::make_shared<int>(1);
    return tenax::when::never || tenax::when::result([wanted](int n) { return n == *wanted; });
  };
  auto const p = make();
  CHECK(holds(p, one));
}

TEST_CASE("An exception of an operand passes through") {
  auto const p = tenax::when::never || [](tenax::attempt_info const&) -> bool { throw std::logic_error("bug"); };
  CHECK_THROWS_AS(holds(p, one), std::logic_error);
}
