// SPDX-License-Identifier: MIT
// result_traits.cpp: which returned values say that the operation failed, and what they say about trying again.
#include <tenax/result_traits.hpp>

#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include "catch.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using tenax::hint;
using tenax::result_traits;
using tests::expected;

namespace {

struct reply {
  int status = 200;
};

/// An error code of another library: recognized by its shape, not its name.
struct foreign_code {
  int number = 0;
  constexpr explicit operator bool() const { return number != 0; }
  constexpr int value() const { return number; }
  constexpr int category() const { return 1; }
  static std::string message() { return {}; }
};

/// A type that says that it failed, and nothing else.
struct terse {
  bool ok = true;
};

struct problem {
  int code = 0;
};
using advised = expected<int, tenax::with_hint<problem>>;
using plain = expected<int, problem>;

template <class T>
hint advice_of(T const& result) {
  return result_traits<T>::read_hint(result);
}

/// The hint of an exception that an operation throws.
template <class E>
hint hint_of_thrown(E exception) {
  auto const result = tests::thrown<int>(std::move(exception));
  auto const* const classified = result.caught()->hinted();
  return classified != nullptr ? classified->hint() : hint{};
}

}  // namespace

template <>
struct tenax::result_traits<reply> {
  static constexpr bool can_fail = true;
  static constexpr bool failed(reply const& r) { return r.status >= 500; }
  static constexpr hint read_hint(reply const& r) {
    return r.status == 503 ? hint{.wait = std::chrono::seconds(7), .throttled = true} : hint{};
  }
};

template <>
struct tenax::result_traits<terse> {
  static constexpr bool can_fail = true;
  static constexpr bool failed(terse const& r) { return !r.ok; }
};

TEST_CASE("A type without hints needs no function for them") {
  STATIC_REQUIRE(tenax::detail::hint_of(tenax::outcome<terse>(terse{false})) == hint{});
  STATIC_REQUIRE(tenax::detail::result_transient(tenax::outcome<terse>(terse{false})));
  STATIC_REQUIRE_FALSE(tenax::detail::result_failed(tenax::outcome<terse>(terse{true})));
}

TEST_CASE("Values of most types cannot say that the operation failed") {
  STATIC_REQUIRE_FALSE(result_traits<int>::can_fail);
  STATIC_REQUIRE_FALSE(result_traits<bool>::can_fail);
  STATIC_REQUIRE_FALSE(result_traits<std::string>::can_fail);
  STATIC_REQUIRE_FALSE(result_traits<int*>::can_fail);
  STATIC_REQUIRE_FALSE(result_traits<std::optional<int>>::can_fail);
  STATIC_REQUIRE_FALSE(result_traits<int>::failed(0));
  STATIC_REQUIRE(result_traits<int>::read_hint(0) == hint{});
}

TEST_CASE("An expected-like value without a value says so") {
  STATIC_REQUIRE(result_traits<plain>::can_fail);
  STATIC_REQUIRE_FALSE(result_traits<plain>::failed(plain(1)));
  STATIC_REQUIRE(result_traits<plain>::failed(plain::failure({})));
  STATIC_REQUIRE(result_traits<plain>::read_hint(plain::failure({})) == hint{});
}

TEST_CASE("An error code that is set says so") {
  CHECK(result_traits<std::error_code>::can_fail);
  CHECK_FALSE(result_traits<std::error_code>::failed({}));
  CHECK(result_traits<std::error_code>::failed(std::make_error_code(std::errc::timed_out)));
  STATIC_REQUIRE(result_traits<foreign_code>::can_fail);
  STATIC_REQUIRE(result_traits<foreign_code>::failed({3}));
  STATIC_REQUIRE_FALSE(result_traits<foreign_code>::failed({}));
}

TEST_CASE("A user-defined type is read by a specialization") {
  STATIC_REQUIRE(result_traits<reply>::can_fail);
  STATIC_REQUIRE(result_traits<reply>::failed(reply{500}));
  STATIC_REQUIRE_FALSE(result_traits<reply>::failed(reply{404}));
  CHECK(advice_of(reply{503}) == hint{.wait = 7s, .throttled = true});
  CHECK(advice_of(reply{500}) == hint{});
}

TEST_CASE("The error of an expected-like value can carry a hint") {
  CHECK(advice_of(advised(1)) == hint{});
  CHECK(advice_of(advised::failure(tenax::permanent(problem{1}))) == hint{.verdict = tenax::verdict::no_retry});
  CHECK(advice_of(advised::failure(tenax::retry_after(30s, problem{2}))) ==
        hint{.verdict = tenax::verdict::retry, .wait = 30s, .throttled = true});
  CHECK(advice_of(plain::failure({})) == hint{});
}

namespace {

/// As an error of PostgreSQL, which has a hint of its own.
struct with_own_hint {
  std::string hint{};
};

}  // namespace

TEST_CASE("An error with a hint may have a member of that name") {
  using answer = expected<int, tenax::with_hint<with_own_hint>>;
  CHECK(advice_of(answer::failure(tenax::permanent(with_own_hint{"vacuum"}))) ==
        hint{.verdict = tenax::verdict::no_retry});
}

TEST_CASE("An exception that is returned as an error carries its hint as if it was thrown") {
  using kept = expected<int, std::exception_ptr>;
  auto const failing = [](auto error) { return kept::failure(std::make_exception_ptr(std::move(error))); };
  CHECK(advice_of(failing(tenax::permanent(std::runtime_error("no")))).verdict == tenax::verdict::no_retry);
  CHECK(advice_of(failing(tenax::retry_after(7s, problem{}))).wait == tenax::optional_duration(7s));
  CHECK(advice_of(failing(tenax::cancelled())).verdict == tenax::verdict::cancelled);
  CHECK(advice_of(failing(std::runtime_error("busy"))) == hint{});
  CHECK(advice_of(failing(3)) == hint{});
  CHECK(advice_of(kept::failure(nullptr)) == hint{});
  CHECK(advice_of(kept(3)) == hint{});
}

TEST_CASE("An exception can carry a hint") {
  CHECK(hint_of_thrown(tenax::permanent(std::runtime_error("gone"))) == hint{.verdict = tenax::verdict::no_retry});
  CHECK(hint_of_thrown(tenax::retry_after(5s, std::runtime_error("busy"))) ==
        hint{.verdict = tenax::verdict::retry, .wait = 5s, .throttled = true});
  CHECK(hint_of_thrown(tenax::permanent(404)) == hint{.verdict = tenax::verdict::no_retry});
  CHECK(hint_of_thrown(tenax::cancelled()) == hint{.verdict = tenax::verdict::cancelled});
  CHECK(hint_of_thrown(std::runtime_error("lost")) == hint{});
  CHECK(hint_of_thrown(7) == hint{});
}
