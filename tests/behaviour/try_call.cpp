// SPDX-License-Identifier: MIT
// try_call.cpp: try_call returns a report: value or exception, why the call stopped, and the numbers.
#include <tenax/tenax.hpp>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include <tenax/testing/virtual_time.hpp>

#include "catch.hpp"
#include "gates.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using tenax::stop_reason;
using tenax::testing::virtual_time;

namespace {

[[noreturn]] int fail() { throw std::runtime_error("down"); }

/// A token that a test triggers.
struct button {
  bool pressed = false;
  struct token {
    button const* of;
    [[nodiscard]] bool stop_requested() const { return of->pressed; }
  };
};

}  // namespace

TEST_CASE("The value of a report without one is the exception that the call ended with") {
  auto const policy = tenax::retrying{}.wait(tenax::wait::none);
  auto report = policy.try_call(fail);
  REQUIRE_FALSE(report.has_value());
  CHECK_THROWS_AS(report.value(), std::runtime_error);
  CHECK_THROWS_AS(std::as_const(report).value(), std::runtime_error);
  CHECK_THROWS_AS(std::move(report).value(), std::runtime_error);
  int seven = 7;
  bool down = true;
  auto const refer = [&]() -> int& { return down ? throw std::runtime_error("down") : seven; };
  CHECK_THROWS_AS(policy.try_call(refer).value(), std::runtime_error);
  down = false;
  CHECK(&policy.try_call(refer).value() == &seven);
  CHECK_THROWS_AS(policy.try_call([] { throw std::runtime_error("down"); }).value(), std::runtime_error);
  CHECK_NOTHROW(policy.try_call([] {}).value());
  auto const late = policy.stop(tenax::stop::deadline_at(tenax::real_time::now())).try_call([] { return 1; });
  CHECK_THROWS_AS(late.value(), tenax::expired);
}

TEST_CASE("A report has the last value even if the call gave up, and the value can be moved out") {
  auto const policy = tenax::retrying{}.wait(tenax::wait::none).when(tenax::when::always);
  auto report = policy.try_call([] { return std::make_unique<int>(7); });
  CHECK_FALSE(report.succeeded());
  CHECK(*report.value() == 7);
  std::unique_ptr<int> const owned = std::move(report).value();
  CHECK(*owned == 7);
}

TEST_CASE("A report of a success has the value and the numbers") {
  virtual_time clock;
  auto const policy = tenax::retrying{}.wait(tenax::wait::constant(2s)).environment(std::ref(clock));
  int n = 0;
  auto const report = policy.try_call(
      [&](int add) {
        clock.advance(1s);
        if (++n < 3) throw std::runtime_error("down");
        return n + add;
      },
      10);
  CHECK(report);
  CHECK(report.succeeded());
  CHECK(report.reason == stop_reason::succeeded);
  REQUIRE(report.has_value());
  CHECK(report.value() == 13);
  CHECK(report.exception() == nullptr);
  CHECK(report.attempts == 3);
  CHECK(report.elapsed == 7s);
  CHECK(report.waited == 4s);
  CHECK_FALSE(report.server_wait.has_value());
}

TEST_CASE("A report has the elapsed time even if no part of the policy needs the time") {
  virtual_time clock;
  auto const report = tenax::retrying{}.environment(std::ref(clock)).try_call([&] { clock.advance(3s); });
  CHECK(report.elapsed == 3s);
  CHECK(report.waited == 0s);
}

TEST_CASE("A report of a failure has the exception that a plain call would throw") {
  virtual_time clock;
  std::exception_ptr thrown;
  auto report = tenax::retrying{}.environment(std::ref(clock)).try_call([&]() -> int {
    thrown = std::make_exception_ptr(std::runtime_error("down"));
    std::rethrow_exception(thrown);
  });
  CHECK_FALSE(report);
  CHECK_FALSE(report.has_value());
  CHECK(report.reason == stop_reason::attempts);
  CHECK(report.attempts == 3);
  CHECK(report.exception() == thrown);
  REQUIRE(report.result.exception_as<std::runtime_error>() != nullptr);
  CHECK(report.result.exception_as<std::runtime_error>()->what() == std::string("down"));
  CHECK_THROWS_AS(std::move(report).get(), std::runtime_error);
}

TEST_CASE("A report can be of any result") {
  static int number = 5;
  constexpr tenax::retrying policy{};
  auto nothing = policy.try_call([] {});
  static_assert(std::is_same_v<decltype(nothing), tenax::report<void>>);
  CHECK(nothing.succeeded());
  static_assert(std::is_void_v<decltype(std::move(nothing).get())>);

  auto reference = policy.try_call([]() -> int& { return number; });
  static_assert(std::is_same_v<decltype(reference), tenax::report<int&>>);
  CHECK(&reference.value() == &number);
  CHECK(&std::move(reference).get() == &number);

  auto unique = policy.try_call([] { return std::make_unique<int>(7); });
  CHECK(*unique.value() == 7);
  auto const taken = std::move(unique).value();
  CHECK(*taken == 7);
  CHECK(*policy.try_call([] { return std::make_unique<int>(8); }).get() == 8);
}

TEST_CASE("Each way to stop has its own reason") {
  virtual_time clock;
  auto const base = tenax::retrying{}.wait(tenax::wait::constant(1s)).environment(std::ref(clock));

  SECTION("succeeded") {
    CHECK(base.try_call([] { return 1; }).reason == stop_reason::succeeded);
  }
  SECTION("not retryable, by the predicate") {
    CHECK(base.try_call([]() -> int { throw std::logic_error("bug"); }).reason == stop_reason::not_retryable);
  }
  SECTION("not retryable, by the operation") {
    CHECK(base.try_call([]() -> int { throw tenax::permanent(std::runtime_error("gone")); }).reason ==
          stop_reason::not_retryable);
  }
  SECTION("attempts") { CHECK(base.try_call(fail).reason == stop_reason::attempts); }
  SECTION("attempts, by a custom condition") {
    CHECK(base.stop([](tenax::attempt_info const&) { return true; }).try_call(fail).reason == stop_reason::attempts);
  }
  SECTION("deadline") { CHECK(base.stop(tenax::stop::deadline(1s)).try_call(fail).reason == stop_reason::deadline); }
  SECTION("deadline, by elapsed time") {
    CHECK(base.stop(tenax::stop::after_elapsed(1s)).try_call(fail).reason == stop_reason::deadline);
  }
  SECTION("cancelled") {
    button b{true};
    auto report = base.cancel_with(button::token{&b}).try_call(fail);
    CHECK(report.reason == stop_reason::cancelled);
    CHECK(report.attempts == 0);
    CHECK_FALSE(report.has_value());
    CHECK_THROWS_AS(std::move(report).get(), tenax::cancelled);
  }
  SECTION("refused by a gate") {
    tests::test_gate gate({tenax::admission::refuse("closed", 5s)});
    auto report = base.through(std::ref(gate)).try_call(fail);
    CHECK(report.reason == stop_reason::refused_by_gate);
    CHECK(report.attempts == 0);
    REQUIRE(report.result.exception_as<tenax::refused>() != nullptr);
    CHECK(report.result.exception_as<tenax::refused>()->what() == std::string("closed"));
    CHECK(report.result.exception_as<tenax::refused>()->retry_after() == tenax::optional_duration(5s));
  }
  SECTION("the server forbids") {
    auto const no = tenax::with_hint<int>(403, {.verdict = tenax::verdict::forbidden});
    CHECK(base.try_call([&]() -> int { throw no; }).reason == stop_reason::server_forbids);
  }
  SECTION("the server wants too long a wait") {
    auto const report = base.try_call([]() -> int { throw tenax::retry_after(1h, 503); });
    CHECK(report.reason == stop_reason::server_wait_too_long);
    CHECK(report.server_wait == tenax::optional_duration(1h));
  }
  SECTION("expired on entry") {
    auto report = base.stop(tenax::stop::deadline_at(clock.now())).try_call(fail);
    CHECK(report.reason == stop_reason::expired_on_entry);
    CHECK(report.attempts == 0);
    CHECK_THROWS_AS(std::move(report).get(), tenax::expired);
  }
}

TEST_CASE("Every reason has a name") {
  CHECK(tenax::to_string(stop_reason::succeeded) == std::string("succeeded"));
  CHECK(tenax::to_string(stop_reason::not_retryable) == std::string("not_retryable"));
  CHECK(tenax::to_string(stop_reason::attempts) == std::string("attempts"));
  CHECK(tenax::to_string(stop_reason::deadline) == std::string("deadline"));
  CHECK(tenax::to_string(stop_reason::cancelled) == std::string("cancelled"));
  CHECK(tenax::to_string(stop_reason::refused_by_gate) == std::string("refused_by_gate"));
  CHECK(tenax::to_string(stop_reason::server_forbids) == std::string("server_forbids"));
  CHECK(tenax::to_string(stop_reason::server_wait_too_long) == std::string("server_wait_too_long"));
  CHECK(tenax::to_string(stop_reason::expired_on_entry) == std::string("expired_on_entry"));
  CHECK(tenax::to_string(static_cast<stop_reason>(200)) == std::string("unknown"));
}

TEST_CASE("If the call gives up on a value, the report has the value, but the call has not succeeded") {
  virtual_time clock;
  auto const report =
      tenax::retrying{}.environment(std::ref(clock)).when(tenax::when::always).try_call([] { return 5; });
  CHECK(report.has_value());
  CHECK(report.value() == 5);
  CHECK_FALSE(report.succeeded());
  CHECK(report.reason == stop_reason::attempts);
}

TEST_CASE("A result that reports a failure is a value of the report") {
  virtual_time clock;
  auto const report = tenax::retrying{}.environment(std::ref(clock)).try_call([] {
    return std::make_error_code(std::errc::timed_out);
  });
  REQUIRE(report.has_value());
  CHECK(report.value() == std::errc::timed_out);
  CHECK_FALSE(report.succeeded());
}

TEST_CASE("The report has the last wait that the server asked for, even after later attempts") {
  virtual_time clock;
  auto const policy = tenax::retrying{}.environment(std::ref(clock)).when(tenax::when::any_exception);
  int n = 0;
  auto const asked_last = policy.try_call([&]() -> int {
    if (++n == 3) throw tenax::retry_after(20s, 503);
    throw 1;
  });
  CHECK(asked_last.reason == stop_reason::attempts);
  CHECK(asked_last.server_wait == tenax::optional_duration(20s));

  n = 0;
  auto const asked_first = policy.try_call([&]() -> int {
    if (++n == 1) throw tenax::retry_after(20s, 503);
    throw 1;
  });
  CHECK_FALSE(asked_first.server_wait.has_value());
}

TEST_CASE("A report of an interrupted wait counts the time that was actually waited") {
  virtual_time clock;
  button b;
  clock.after(3s, [&] { b.pressed = true; });
  auto const report = tenax::retrying{}
                          .wait(tenax::wait::constant(10s))
                          .environment(std::ref(clock))
                          .cancel_with(button::token{&b})
                          .try_call(fail);
  CHECK(report.reason == stop_reason::cancelled);
  CHECK(report.attempts == 1);
  CHECK(report.waited == 3s);
  CHECK(report.elapsed == 3s);
  REQUIRE(report.result.exception_as<std::runtime_error>() != nullptr);
}

TEST_CASE("try_call throws only exceptions of callbacks") {
  CHECK_NOTHROW(tenax::retrying{}.wait(tenax::wait::none).try_call([] { throw 5; }));
  struct bug {};
  CHECK_THROWS_AS(
      tenax::retrying{}.when([](tenax::attempt_info const&) -> bool { throw bug{}; }).try_call([] { throw 5; }), bug);
}
