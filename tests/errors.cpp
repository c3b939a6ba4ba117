// SPDX-License-Identifier: MIT
// errors.cpp: errors that say whether another attempt makes sense can still be caught as their own type.
#include <tenax/errors.hpp>

#include <cmath>
#include <stdexcept>
#include <string>

#include "catch.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using tenax::hint;

namespace {

struct not_found : std::runtime_error {
  explicit not_found(int i) : std::runtime_error("not found"), id(i) {}
  int id;
};
struct sealed final {
  int code = 0;
  friend bool operator==(sealed const&, sealed const&) = default;
};
enum class fault { timeout, denied };

/// As the exceptions of Boost.Exception, which keep details in a virtual base class.
struct details {
  virtual ~details() = default;
  std::string text{};
};
struct detailed : virtual std::exception, virtual details {
  std::string own{};
};

}  // namespace

TEST_CASE("A permanent failure can still be caught as its own type") {
  bool caught = false;
  try {
    throw tenax::permanent(not_found(7));
  } catch (not_found const& e) {
    caught = e.id == 7 && std::string(e.what()) == "not found";
  }
  CHECK(caught);
  CHECK_THROWS_AS(throw tenax::permanent(not_found(7)), std::exception);
  CHECK_THROWS_AS(throw tenax::permanent(not_found(7)), tenax::error_with_hint);
}

TEST_CASE("A failure keeps what is in its virtual base classes") {
  detailed e;
  e.own = "a member, longer than a string's own room";
  e.text = "a detail, longer than a string's own room";
  auto const copied = tenax::permanent(e);
  CHECK(e.text == copied.text);
  try {
    throw tenax::retry_after(1s, detailed(e));
  } catch (details const& caught) {
    CHECK(caught.text == e.text);
    CHECK(dynamic_cast<detailed const&>(caught).own == e.own);
  }
}

TEST_CASE("An error that cannot be a base class is held as a member") {
  CHECK(tenax::permanent(404).error() == 404);
  CHECK(tenax::permanent(404) == 404);
  CHECK(tenax::permanent(sealed{3}) == sealed{3});
  CHECK(tenax::permanent(fault::denied).error() == fault::denied);
  CHECK(std::string(tenax::permanent("gone").error()) == "gone");
  CHECK(tenax::permanent(404).as_exception() == nullptr);
  CHECK(tenax::permanent(not_found(7)).error().id == 7);
}

TEST_CASE("A failure carries its hint about trying again") {
  CHECK(tenax::permanent(1).hint() == hint{.verdict = tenax::verdict::no_retry});
  CHECK(tenax::retry_after(30s, 1).hint() == hint{.verdict = tenax::verdict::retry, .wait = 30s, .throttled = true});
  CHECK(tenax::with_hint<int>(1).hint() == hint{});
  CHECK(tenax::with_hint<not_found>(not_found(1), hint{.verdict = tenax::verdict::forbidden}).hint().verdict ==
        tenax::verdict::forbidden);
  CHECK(tenax::cancelled().hint() == hint{.verdict = tenax::verdict::cancelled});
}

TEST_CASE("A std::exception with a hint is found as a std::exception") {
  auto const e = tenax::retry_after(1s, not_found(7));
  tenax::error_with_hint const& seen = e;
  REQUIRE(seen.as_exception() != nullptr);
  CHECK(std::string(seen.as_exception()->what()) == "not found");
  CHECK(tenax::cancelled().as_exception() != nullptr);
}

TEST_CASE("A copy of a failure carries the same hint") {
  auto const e = tenax::retry_after(2s, not_found(7));
  auto const copy = e;
  CHECK(copy.id == 7);
  CHECK(copy.hint() == e.hint());
  auto lvalue = not_found(8);
  CHECK(tenax::permanent(lvalue).id == 8);
}

TEST_CASE("A server's wait takes every unit, saturates and is never negative") {
  CHECK(tenax::retry_after(1.5s, 1).hint().wait == 1500ms);
  CHECK(tenax::retry_after(0s, 1).hint().wait == 0s);
  CHECK(tenax::retry_after(std::chrono::hours::max(), 1).hint().wait == tenax::duration::max());
  tests::check_rejected("tenax::retry_after: wait", "-1s", [] { return tenax::retry_after(-1s, 1); });
  tests::check_rejected("tenax::retry_after: wait", "not a number",
                        [] { return tenax::retry_after(std::chrono::duration<double>(NAN), 1); });
}

TEST_CASE("The exceptions that a call throws itself name the reason") {
  CHECK(std::string(tenax::cancelled().what()) == "tenax: cancelled");
  CHECK(std::string(tenax::expired().what()) == "tenax: the deadline left no time for a first attempt");
  CHECK(std::string(tenax::refused("circuit open").what()) == "circuit open");
  CHECK_FALSE(tenax::refused("circuit open").retry_after().has_value());
  CHECK(tenax::refused("circuit open", 5s).retry_after() == 5s);
}
