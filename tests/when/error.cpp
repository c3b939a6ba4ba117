// SPDX-License-Identifier: MIT
// error.cpp: retrying on values that say they failed, and the default predicate, which does not retry bugs.
#include <tenax/when/error.hpp>

#include <stdexcept>
#include <string>
#include <system_error>

#include "catch.hpp"
#include "support.hpp"

using tenax::outcome;
using tests::expected;
using tests::holds;
using tests::thrown;

namespace {

enum class fault { timeout, denied };
using answer = expected<int, fault>;

struct reply {
  int status = 200;
};

std::error_code code(std::errc e) { return std::make_error_code(e); }

}  // namespace

template <>
struct tenax::result_traits<reply> {
  static constexpr bool can_fail = true;
  static constexpr bool failed(reply const& r) { return r.status >= 500; }
  static constexpr hint read_hint(reply const&) { return {}; }
};

TEST_CASE("when::any_error retries on values that say they failed") {
  STATIC_REQUIRE(holds(tenax::when::any_error, outcome<answer>(answer::failure(fault::timeout))));
  STATIC_REQUIRE_FALSE(holds(tenax::when::any_error, outcome<answer>(answer(1))));
  CHECK(holds(tenax::when::any_error, outcome<std::error_code>(code(std::errc::timed_out))));
  CHECK_FALSE(holds(tenax::when::any_error, outcome<std::error_code>(std::error_code())));
  CHECK(holds(tenax::when::any_error, outcome<reply>(reply{500})));
  CHECK_FALSE(holds(tenax::when::any_error, outcome<reply>(reply{404})));

  reply bad{500};
  CHECK(holds(tenax::when::any_error, outcome<reply&>(bad)));
  CHECK(holds(tenax::when::any_error, outcome<reply const&>(bad)));
  CHECK(holds(tenax::when::any_error, outcome<reply const>(bad)));
}

TEST_CASE("when::any_error never retries on an exception or on a plain value") {
  CHECK_FALSE(holds(tenax::when::any_error, thrown<answer>(std::runtime_error("lost"))));
  CHECK_FALSE(holds(tenax::when::any_error, outcome<int>(0)));
  CHECK_FALSE(holds(tenax::when::any_error, outcome<void>()));
}

TEST_CASE("when::error_if retries on errors for which its function is true") {
  constexpr auto p = tenax::when::error_if([](fault f) { return f == fault::timeout; });
  STATIC_REQUIRE(holds(p, outcome<answer>(answer::failure(fault::timeout))));
  STATIC_REQUIRE_FALSE(holds(p, outcome<answer>(answer::failure(fault::denied))));
  STATIC_REQUIRE_FALSE(holds(p, outcome<answer>(answer(1))));
  CHECK_FALSE(holds(p, thrown<answer>(fault::timeout)));

  auto failed = answer::failure(fault::timeout);
  CHECK(holds(p, outcome<answer&>(failed)));
}

TEST_CASE("when::error retries on one error") {
  constexpr auto p = tenax::when::error(fault::timeout);
  STATIC_REQUIRE(holds(p, outcome<answer>(answer::failure(fault::timeout))));
  STATIC_REQUIRE_FALSE(holds(p, outcome<answer>(answer::failure(fault::denied))));

  CHECK(holds(tenax::when::error(std::errc::timed_out), outcome<std::error_code>(code(std::errc::timed_out))));
  CHECK_FALSE(holds(tenax::when::error(std::errc::timed_out), outcome<std::error_code>(code(std::errc::io_error))));
  CHECK_FALSE(holds(tenax::when::error(std::errc::timed_out), outcome<std::error_code>(std::error_code())));

  using coded = expected<int, std::error_code>;
  CHECK(holds(tenax::when::error(std::errc::timed_out), outcome<coded>(coded::failure(code(std::errc::timed_out)))));
  CHECK_FALSE(holds(tenax::when::error(std::errc::timed_out), outcome<coded>(coded(1))));
}

TEST_CASE("when::error compares with an error that carries a hint") {
  using advised = expected<int, tenax::with_hint<fault>>;
  CHECK(
      holds(tenax::when::error(fault::timeout), outcome<advised>(advised::failure(tenax::permanent(fault::timeout)))));
  CHECK_FALSE(
      holds(tenax::when::error(fault::denied), outcome<advised>(advised::failure(tenax::permanent(fault::timeout)))));
}

TEST_CASE("An exception of the function given to error_if passes through") {
  auto const p = tenax::when::error_if([](fault) -> bool { throw std::logic_error("bug"); });
  CHECK_THROWS_AS(holds(p, outcome<answer>(answer::failure(fault::timeout))), std::logic_error);
  CHECK_FALSE(holds(p, outcome<answer>(answer(1))));
}

TEST_CASE("The default retries on outages and failed results, not on bugs") {
  CHECK(holds(tenax::when::failed, thrown<int>(std::runtime_error("lost"))));
  CHECK(holds(tenax::when::failed, thrown<int>(std::system_error(code(std::errc::timed_out)))));
  CHECK_FALSE(holds(tenax::when::failed, thrown<int>(std::logic_error("bug"))));
  CHECK_FALSE(holds(tenax::when::failed, thrown<int>(std::out_of_range("bug"))));
  CHECK_FALSE(holds(tenax::when::failed, thrown<int>(std::bad_alloc())));
  CHECK_FALSE(holds(tenax::when::failed, thrown<int>(7)));

  CHECK(holds(tenax::when::failed, outcome<answer>(answer::failure(fault::denied))));
  CHECK_FALSE(holds(tenax::when::failed, outcome<answer>(answer(1))));
  CHECK(holds(tenax::when::failed, outcome<std::error_code>(code(std::errc::timed_out))));
  CHECK(holds(tenax::when::failed, outcome<reply>(reply{500})));
  CHECK_FALSE(holds(tenax::when::failed, outcome<bool>(false)));
  CHECK_FALSE(holds(tenax::when::failed, outcome<int*>(nullptr)));
  CHECK_FALSE(holds(tenax::when::failed, outcome<void>()));
}
