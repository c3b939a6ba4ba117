// SPDX-License-Identifier: MIT
// result.cpp: retrying on returned values for which a function or a comparison is true.
#include <tenax/when/result.hpp>

#include <memory>
#include <stdexcept>
#include <string>

#include "catch.hpp"
#include "support.hpp"

using tenax::outcome;
using tests::holds;

namespace {

constexpr bool negative(int n) { return n < 0; }

}  // namespace

TEST_CASE("when::result retries on values for which its function is true") {
  constexpr auto p = tenax::when::result([](int n) { return n < 0; });
  STATIC_REQUIRE(holds(p, outcome<int>(-1)));
  STATIC_REQUIRE_FALSE(holds(p, outcome<int>(0)));
  CHECK(holds(tenax::when::result(negative), outcome<int>(-1)));
  CHECK_FALSE(holds(tenax::when::result(&negative), outcome<int>(1)));
}

TEST_CASE("when::result passes the value itself, by reference") {
  std::string const text = "x";
  void const* seen = nullptr;
  auto const p = tenax::when::result([&](std::string const& s) {
    seen = &s;
    return true;
  });
  CHECK(holds(p, outcome<std::string const&>(text)));
  CHECK(seen == &text);

  outcome<std::unique_ptr<int>> const pointer(nullptr);
  CHECK(holds(tenax::when::result([](auto const& q) { return q == nullptr; }), pointer));
}

TEST_CASE("when::result takes functions whose result converts to bool") {
  CHECK(holds(tenax::when::result([](int const& n) { return &n; }), outcome<int>(1)));
  CHECK(holds(tenax::when::result([](std::shared_ptr<int> const& p) { return p; }),
              outcome<std::shared_ptr<int>>(std::make_shared<int>(1))));
}

TEST_CASE("when::result never retries on an exception, and does not call its function") {
  auto const p = tenax::when::result([](int) -> bool { throw std::logic_error("asked"); });
  CHECK_FALSE(holds(p, tests::thrown<int>(std::runtime_error("lost"))));
  CHECK_FALSE(holds(tenax::when::result_is(0), tests::thrown<int>(std::runtime_error("lost"))));
}

TEST_CASE("An exception of the function passes through") {
  auto const p = tenax::when::result([](int) -> bool { throw std::logic_error("bug"); });
  CHECK_THROWS_AS(holds(p, outcome<int>(1)), std::logic_error);
}

TEST_CASE("when::result_is retries on one value") {
  STATIC_REQUIRE(holds(tenax::when::result_is(7), outcome<int>(7)));
  STATIC_REQUIRE_FALSE(holds(tenax::when::result_is(7), outcome<int>(8)));
  CHECK(holds(tenax::when::result_is("busy"), outcome<std::string>("busy")));
  CHECK(holds(tenax::when::result_is(nullptr), outcome<std::unique_ptr<int>>(nullptr)));
  CHECK_FALSE(holds(tenax::when::result_is(nullptr), outcome<std::unique_ptr<int>>(std::make_unique<int>(1))));
  int value = 7;
  CHECK(holds(tenax::when::result_is(7), outcome<int&>(value)));
}

TEST_CASE("when::always and when::never do not look at the outcome") {
  STATIC_REQUIRE(holds(tenax::when::always, outcome<int>(1)));
  STATIC_REQUIRE(holds(tenax::when::always, outcome<void>()));
  CHECK(holds(tenax::when::always, tests::thrown<int>(1)));
  STATIC_REQUIRE_FALSE(holds(tenax::when::never, outcome<int>(1)));
  CHECK_FALSE(holds(tenax::when::never, tests::thrown<int>(std::runtime_error("lost"))));
}
