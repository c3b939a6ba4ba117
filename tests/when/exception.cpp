// SPDX-License-Identifier: MIT
// exception.cpp: retrying on exceptions that a catch clause of the given types would catch.
#include <tenax/when/exception.hpp>

#include <new>
#include <stdexcept>
#include <string>
#include <system_error>

#include "catch.hpp"
#include "support.hpp"

using tests::holds;
using tests::thrown;

namespace {

struct network_error : std::runtime_error {
  explicit network_error(int c) : std::runtime_error("network"), code(c) {}
  int code;
};
struct plain_failure {
  int code = 0;
};

}  // namespace

TEST_CASE("when::exception retries on the type and on derived types") {
  CHECK(holds(tenax::when::exception<network_error>, thrown<int>(network_error(1))));
  CHECK(holds(tenax::when::exception<std::runtime_error>, thrown<int>(network_error(1))));
  CHECK(holds(tenax::when::exception<std::exception>, thrown<int>(network_error(1))));
  CHECK_FALSE(holds(tenax::when::exception<network_error>, thrown<int>(std::runtime_error("other"))));
  CHECK_FALSE(holds(tenax::when::exception<std::logic_error>, thrown<int>(network_error(1))));
}

TEST_CASE("when::exception takes several types") {
  constexpr auto p = tenax::when::exception<network_error, std::bad_alloc>;
  CHECK(holds(p, thrown<void>(network_error(1))));
  CHECK(holds(p, thrown<void>(std::bad_alloc())));
  CHECK_FALSE(holds(p, thrown<void>(std::logic_error("bug"))));
}

TEST_CASE("when::exception takes types that are not derived from std::exception") {
  CHECK(holds(tenax::when::exception<plain_failure>, thrown<int>(plain_failure{1})));
  CHECK(holds(tenax::when::exception<int>, thrown<int>(7)));
  CHECK_FALSE(holds(tenax::when::exception<int>, thrown<int>(7L)));
  CHECK_FALSE(holds(tenax::when::exception<plain_failure>, thrown<int>(network_error(1))));
  CHECK_FALSE(holds(tenax::when::exception<std::exception>, thrown<int>(plain_failure{1})));
  CHECK(holds(tenax::when::exception<char const*>, thrown<int>(static_cast<char const*>("lost"))));
}

TEST_CASE("when::exception never retries on a value") {
  CHECK_FALSE(holds(tenax::when::exception<std::exception>, tenax::outcome<int>(1)));
  CHECK_FALSE(holds(tenax::when::exception<std::exception>, tenax::outcome<void>()));
  CHECK_FALSE(holds(tenax::when::any_exception, tenax::outcome<int>(1)));
}

TEST_CASE("A condition narrows when::exception") {
  auto const p = tenax::when::exception<network_error>.where([](network_error const& e) { return e.code == 7; });
  CHECK(holds(p, thrown<int>(network_error(7))));
  CHECK_FALSE(holds(p, thrown<int>(network_error(8))));
  CHECK_FALSE(holds(p, thrown<int>(std::runtime_error("other"))));
  CHECK_FALSE(holds(p, tenax::outcome<int>(7)));

  auto const by_code =
      tenax::when::exception<std::system_error>.where([](auto const& e) { return e.code() == std::errc::timed_out; });
  CHECK(holds(by_code, thrown<int>(std::system_error(std::make_error_code(std::errc::timed_out)))));
  CHECK_FALSE(holds(by_code, thrown<int>(std::system_error(std::make_error_code(std::errc::io_error)))));
}

TEST_CASE("A condition gets the pointer that was thrown") {
  static constexpr char lost[] = "lost", found[] = "found";
  auto const p = tenax::when::exception<char const*>.where([](char const* text) { return text == lost; });
  CHECK(holds(p, thrown<int>(static_cast<char const*>(lost))));
  CHECK_FALSE(holds(p, thrown<int>(static_cast<char const*>(found))));
}

TEST_CASE("An exception of a condition passes through") {
  auto const p =
      tenax::when::exception<network_error>.where([](auto const&) -> bool { throw std::logic_error("bug"); });
  CHECK_THROWS_AS(holds(p, thrown<int>(network_error(1))), std::logic_error);
  CHECK_FALSE(holds(p, tenax::outcome<int>(1)));
}

TEST_CASE("when::any_exception retries on every exception") {
  CHECK(holds(tenax::when::any_exception, thrown<int>(std::logic_error("bug"))));
  CHECK(holds(tenax::when::any_exception, thrown<void>(7)));
  CHECK(holds(tenax::when::any_exception, thrown<std::string>(plain_failure{1})));
}

TEST_CASE("An exception with a hint still matches its own type") {
  CHECK(holds(tenax::when::exception<network_error>, thrown<int>(tenax::permanent(network_error(1)))));
  CHECK(holds(tenax::when::exception<std::exception>, thrown<int>(tenax::permanent(network_error(1)))));
  CHECK(holds(tenax::when::exception<plain_failure>, thrown<int>(tenax::permanent(plain_failure{1}))));
}
