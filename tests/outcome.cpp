// SPDX-License-Identifier: MIT
// outcome.cpp: an outcome keeps every kind of result and exception, and gives back the same object.
#include <tenax/outcome.hpp>

#include <any>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "catch.hpp"
#include "support.hpp"

using tenax::outcome;
using tests::thrown;

namespace {

struct immovable {
  explicit immovable(int n) : number(n) {}
  immovable(immovable const&) = delete;
  immovable& operator=(immovable const&) = delete;
  int number;
};

/// Counts its living copies.
struct counted {
  explicit counted(int& n) : living(&n) { ++*living; }
  counted(counted const& other) noexcept : living(other.living) { ++*living; }
  counted& operator=(counted const&) = default;
  ~counted() { --*living; }
  int* living;
};

struct label {
  int text = 0;
};
struct plain_failure : label {};
struct polymorphic_failure {
  polymorphic_failure() = default;
  polymorphic_failure(polymorphic_failure const&) = default;
  polymorphic_failure& operator=(polymorphic_failure const&) = default;
  virtual ~polymorphic_failure() = default;
};
struct both_failures : std::runtime_error, polymorphic_failure, label {
  both_failures() : std::runtime_error("both") {}
};
struct hidden_failure : private std::runtime_error {
  hidden_failure() : std::runtime_error("hidden") {}
};
struct left_failure : std::runtime_error {
  left_failure() : std::runtime_error("left") {}
};
struct right_failure : std::runtime_error {
  right_failure() : std::runtime_error("right") {}
};
struct twice_failure : left_failure, right_failure {};

}  // namespace

TEST_CASE("An outcome holds a value") {
  outcome<int> const o(42);
  CHECK(o.has_value());
  CHECK(static_cast<bool>(o));
  CHECK(o.value() == 42);
  CHECK(o.exception() == nullptr);
  CHECK(o.caught() == nullptr);
  CHECK(o.exception_as<std::exception>() == nullptr);
}

TEST_CASE("An outcome<void> has a value") {
  outcome<void> o;
  CHECK(o.has_value());
  CHECK(o.exception() == nullptr);
  STATIC_REQUIRE(std::is_void_v<decltype(o.value())>);
  std::move(o).get();

  int calls = 0;
  outcome<void> const called(tenax::from_call, [&] { ++calls; });
  CHECK(called.has_value());
  CHECK(calls == 1);
}

TEST_CASE("An outcome of a reference refers to the object itself") {
  std::string text = "a";
  outcome<std::string&> o(text);
  CHECK(&o.value() == &text);
  CHECK(&std::as_const(o).value() == &text);
  STATIC_REQUIRE(std::is_same_v<decltype(std::move(o).get()), std::string&>);
  CHECK(&std::move(o).get() == &text);

  outcome<std::string const&> const constant(tenax::from_call, [&]() -> std::string const& { return text; });
  CHECK(&constant.value() == &text);

  outcome<std::string&&> moved(tenax::from_call, [&]() -> std::string&& { return std::move(text); });
  STATIC_REQUIRE(std::is_same_v<decltype(std::move(moved).get()), std::string&&>);
  CHECK(&moved.value() == &text);
  std::string const taken = std::move(moved).get();
  CHECK(taken == "a");
}

TEST_CASE("An outcome holds a value that can only be moved") {
  outcome<std::unique_ptr<int>> o(tenax::from_call, [] { return std::make_unique<int>(7); });
  REQUIRE(o.has_value());
  CHECK(*o.value() == 7);
  auto other = std::move(o);
  REQUIRE(other.has_value());
  auto const taken = std::move(other).get();
  REQUIRE(taken != nullptr);
  CHECK(*taken == 7);
  STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<outcome<std::unique_ptr<int>>>);
}

TEST_CASE("A value is made in place, without a copy or a move") {
  outcome<immovable> const o(tenax::from_call, [] { return immovable(3); });
  CHECK(o.value().number == 3);
}

TEST_CASE("A value whose type converts from anything is kept as it was returned") {
  outcome<std::any> const o(tenax::from_call, [] { return std::any(5); });
  REQUIRE(std::any_cast<int>(&o.value()) != nullptr);
  CHECK(*std::any_cast<int>(&o.value()) == 5);
}

TEST_CASE("The value of an outcome can be changed and moved out in place") {
  outcome<std::string> o("abc");
  o.value() += "d";
  CHECK(o.value() == "abcd");
  std::string const taken = std::move(o).value();
  CHECK(taken == "abcd");
}

TEST_CASE("Values are destroyed exactly once, after copies and moves") {
  int living = 0;
  {
    outcome<counted> const o(tenax::from_call, [&] { return counted(living); });
    CHECK(living == 1);
    outcome<counted> copy(o);
    CHECK(living == 2);
    outcome<counted> const moved(std::move(copy));
    CHECK(living == 3);
    CHECK(moved.has_value());
  }
  CHECK(living == 0);
}

TEST_CASE("Exceptions are released with the last outcome that holds them") {
  int living = 0;
  {
    auto const o = thrown<int>(counted(living));
    CHECK(living >= 1);
    auto const copy = o;
    CHECK_FALSE(copy.has_value());
    CHECK(copy.exception() == o.exception());
  }
  CHECK(living == 0);
}

TEST_CASE("An outcome holds the thrown exception, and throws the same object again") {
  auto const o = thrown<int>(std::runtime_error("lost"));
  REQUIRE_FALSE(o.has_value());
  CHECK(o.exception() != nullptr);
  REQUIRE(o.caught() != nullptr);
  REQUIRE(o.caught()->standard() != nullptr);
  CHECK(std::string(o.caught()->standard()->what()) == "lost");
  CHECK(o.caught()->hinted() == nullptr);

  std::runtime_error const* first = nullptr;
  try {
    o.rethrow();
  } catch (std::runtime_error const& e) {
    first = &e;
  }
  CHECK(first == o.exception_as<std::runtime_error>());
  CHECK_THROWS_AS(outcome<int>(o).get(), std::runtime_error);
}

TEST_CASE("exception_as finds an exception as a catch clause would") {
  auto const o = thrown<int>(both_failures());
  CHECK(o.exception_as<both_failures>() != nullptr);
  CHECK(o.exception_as<std::runtime_error>() != nullptr);
  CHECK(o.exception_as<std::exception>() != nullptr);
  CHECK(o.exception_as<polymorphic_failure>() != nullptr);
  CHECK(o.exception_as<label>() != nullptr);
  CHECK(o.exception_as<std::logic_error>() == nullptr);
  CHECK(o.exception_as<std::system_error>() == nullptr);
  CHECK(o.exception_as<int>() == nullptr);
}

TEST_CASE("A base that a catch clause cannot reach is not found") {
  auto const hidden = thrown<int>(hidden_failure());
  CHECK(hidden.exception_as<hidden_failure>() != nullptr);
  CHECK(hidden.exception_as<std::runtime_error>() == nullptr);
  CHECK(hidden.exception_as<std::exception>() == nullptr);
  CHECK(hidden.caught()->standard() == nullptr);

  auto const twice = thrown<int>(twice_failure());
  CHECK(twice.exception_as<left_failure>() != nullptr);
  CHECK(twice.exception_as<std::runtime_error>() == nullptr);
  CHECK(twice.exception_as<std::exception>() == nullptr);
}

TEST_CASE("Exceptions that are not derived from std::exception are kept unchanged") {
  auto const number = thrown<int>(42);
  REQUIRE(number.exception_as<int>() != nullptr);
  CHECK(*number.exception_as<int>() == 42);
  CHECK(number.exception_as<long>() == nullptr);
  CHECK(number.exception_as<std::exception>() == nullptr);
  CHECK(number.caught()->standard() == nullptr);

  auto const object = thrown<void>(plain_failure{{5}});
  REQUIRE(object.exception_as<plain_failure>() != nullptr);
  CHECK(object.exception_as<label>()->text == 5);
  CHECK(object.exception_as<polymorphic_failure>() == nullptr);

  auto const polymorphic = thrown<void>(polymorphic_failure());
  CHECK(polymorphic.exception_as<polymorphic_failure>() != nullptr);
  CHECK(polymorphic.exception_as<std::exception>() == nullptr);
}

TEST_CASE("The hint of a failure is found without throwing it again") {
  auto const o = thrown<int>(tenax::permanent(std::runtime_error("gone")));
  REQUIRE(o.caught() != nullptr);
  REQUIRE(o.caught()->hinted() != nullptr);
  CHECK(o.caught()->hinted()->hint().verdict == tenax::verdict::no_retry);
  REQUIRE(o.caught()->standard() != nullptr);
  CHECK(std::string(o.caught()->standard()->what()) == "gone");
  CHECK(o.exception_as<std::runtime_error>() != nullptr);

  auto const number = thrown<int>(tenax::permanent(404));
  REQUIRE(number.caught()->hinted() != nullptr);
  CHECK(number.caught()->standard() == nullptr);
  REQUIRE(number.exception_as<tenax::with_hint<int>>() != nullptr);
  CHECK(number.exception_as<tenax::with_hint<int>>()->error() == 404);
}

TEST_CASE("An exception thrown while a value is made passes through") {
  CHECK_THROWS_AS(outcome<int>(tenax::from_call, []() -> int { throw std::logic_error("bug"); }), std::logic_error);
}

TEST_CASE("An outcome can be copied, with a value or an exception") {
  outcome<std::string> const value("a");
  auto const copy = value;
  CHECK(copy.value() == "a");
  CHECK(value.value() == "a");

  auto const failure = thrown<std::string>(std::runtime_error("b"));
  auto const same = failure;
  CHECK(same.exception_as<std::runtime_error>() == failure.exception_as<std::runtime_error>());
}

TEST_CASE("Assigning to an outcome releases what it held") {
  int living = 0;
  auto const fresh = [&] { return outcome<counted>(tenax::from_call, [&] { return counted(living); }); };
  {
    auto o = fresh();
    auto const other = fresh();
    o = other;
    CHECK(living == 2);
    o = thrown<counted>(std::runtime_error("a"));
    CHECK(living == 1);
    CHECK(o.exception_as<std::runtime_error>() != nullptr);
    auto const failure = thrown<counted>(std::logic_error("b"));
    o = failure;
    CHECK(o.exception() == failure.exception());
    o = fresh();
    CHECK(o.has_value());
    auto& same = o;
    o = std::move(same);
    CHECK(o.has_value());
    CHECK(living == 2);
  }
  CHECK(living == 0);

  int a = 1, b = 2;
  outcome<int&> reference(a);
  reference = b;  // refers to another one
  CHECK(&reference.value() == &b);
  CHECK(a == 1);
}

TEST_CASE("An outcome can be assigned a part of its own value") {
  struct page {
    int number;
    std::unique_ptr<outcome<page>> next;
  };
  outcome<page> o(page{1, std::make_unique<outcome<page>>(page{2, nullptr})});
  o = std::move(*o.value().next);
  CHECK(o.value().number == 2);
  CHECK(o.value().next == nullptr);
}

TEST_CASE("Outcomes of values are constants in constant expressions") {
  STATIC_REQUIRE(outcome<int>(42).value() == 42);
  STATIC_REQUIRE(outcome<void>().has_value());
  STATIC_REQUIRE(outcome<int>(tenax::from_call, [] { return 7; }).value() == 7);
  STATIC_REQUIRE(outcome<int>(7).get() == 7);
  STATIC_REQUIRE_FALSE(outcome<int>(tenax::caught_exception()).has_value());
  STATIC_REQUIRE(outcome<int>(outcome<int>(3)).value() == 3);
}
