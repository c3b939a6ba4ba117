// SPDX-License-Identifier: MIT
// pass_through.cpp: values and exceptions of attempts reach the caller unchanged, through every driver.
#include <tenax/tenax.hpp>

#include <algorithm>
#include <any>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <tenax/testing/virtual_time.hpp>

#include <dlfcn.h>
#include <pthread.h>
#include <unistd.h>

#include "catch.hpp"
#include "drivers.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using tenax::stop_reason;
using tenax::testing::virtual_time;

namespace {

struct network_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct not_standard {
  int code;
};

/// Three attempts without waits.
constexpr auto quick = tenax::retrying{}.wait(tenax::wait::none);

using durations = std::vector<tenax::duration>;

}  // namespace

// --- results --------------------------------------------------------------------------------------------------------

TEST_CASE("A call returns what the operation returns, of every category") {
  static int number = 5;
  tests::with_every_driver([](auto const& call) {
    auto failing = [](auto f) {
      return [f, n = 0]() mutable -> decltype(f()) {
        if (++n < 3) throw network_error("down");
        return f();
      };
    };

    auto nothing = failing([] {});
    static_assert(std::is_void_v<decltype(call(quick, nothing))>);
    call(quick, nothing);

    auto lvalue = failing([]() -> int& { return number; });
    static_assert(std::is_same_v<decltype(call(quick, lvalue)), int&>);
    CHECK(&call(quick, lvalue) == &number);

    auto constant = failing([]() -> int const& { return number; });
    static_assert(std::is_same_v<decltype(call(quick, constant)), int const&>);
    CHECK(&call(quick, constant) == &number);

    auto rvalue = failing([]() -> int&& { return std::move(number); });
    static_assert(std::is_same_v<decltype(call(quick, rvalue)), int&&>);
    auto&& arrived = call(quick, rvalue);
    CHECK(&arrived == &number);

    auto unique = failing([] { return std::make_unique<int>(7); });
    static_assert(std::is_same_v<decltype(call(quick, unique)), std::unique_ptr<int>>);
    CHECK(*call(quick, unique) == 7);

    auto text = failing([]() -> std::string const { return "a text that does not fit into the object itself"; });
    CHECK(call(quick, text) == "a text that does not fit into the object itself");

    auto pointer = failing([]() -> int* { return nullptr; });
    CHECK(call(quick, pointer) == nullptr);
  });
}

TEST_CASE("Results that can be constructed from anything, or from exceptions, arrive as they were returned") {
  tests::with_every_driver([](auto const& call) {
    auto any = [] { return std::any(5); };
    CHECK(*std::any_cast<int>(std::make_unique<std::any>(call(quick, any)).get()) == 5);
    auto function = [] { return std::function<int()>([] { return 5; }); };
    CHECK(call(quick, function)() == 5);
    auto optional = []() -> std::optional<int> { return std::nullopt; };
    CHECK_FALSE(call(quick, optional).has_value());
    auto pointer = [] { return std::make_exception_ptr(5); };
    CHECK(call(quick, pointer) != nullptr);
  });
}

TEST_CASE("A result is moved at most a few times and never copied") {
  struct tracked {
    tracked() = default;
    tracked(tracked const& other) : copies(other.copies + 1), moves(other.moves) {}
    tracked(tracked&& other) noexcept : copies(other.copies), moves(other.moves + 1) {}
    tracked& operator=(tracked const&) = default;
    int copies = 0;
    int moves = 0;
  };
  auto const make = [] { return tracked(); };
  CHECK(quick(make).copies == 0);
  CHECK(quick(make).moves == 0);
  auto const judged = quick.observe(tests::silent_observer{})(make);
  CHECK(judged.copies == 0);
  CHECK(judged.moves <= 2);
  auto const report = quick.try_call(make);
  CHECK(report.value().copies == 0);
}

TEST_CASE("When the policy gives up, the last value is returned") {
  auto const policy = quick.when(tenax::when::always);
  tests::with_every_driver([&](auto const& call) {
    int n = 0;
    auto count = [&] { return ++n; };
    CHECK(call(policy, count) == 3);
    CHECK(n == 3);
  });
}

TEST_CASE("A value that is not retried is returned immediately") {
  auto const policy = quick.when(tenax::when::result_is(1));
  tests::with_every_driver([&](auto const& call) {
    int n = 0;
    auto count = [&] { return ++n; };
    CHECK(call(policy, count) == 2);
    CHECK(n == 2);
  });
}

// --- exceptions -----------------------------------------------------------------------------------------------------

TEST_CASE("The last exception arrives as the very object that was thrown") {
  tests::with_every_driver([](auto const& call) {
    std::vector<std::exception_ptr> thrown;
    auto fail = [&]() -> int {
      thrown.push_back(std::make_exception_ptr(network_error("number " + std::to_string(thrown.size() + 1))));
      std::rethrow_exception(thrown.back());
    };
    try {
      call(quick, fail);
      FAIL("returned");
    } catch (network_error const& e) {
      CHECK(std::string(e.what()) == "number 3");
      REQUIRE(thrown.size() == 3);
      CHECK(std::current_exception() == thrown.back());
    }
  });
}

TEST_CASE("An exception that is not retried arrives as the very object that was thrown") {
  tests::with_every_driver([](auto const& call) {
    std::exception_ptr thrown;
    auto fail = [&]() -> int {
      thrown = std::make_exception_ptr(std::logic_error("bug"));
      std::rethrow_exception(thrown);
    };
    try {
      call(quick, fail);
      FAIL("returned");
    } catch (std::logic_error const&) {
      CHECK(std::current_exception() == thrown);
    }
  });
}

TEST_CASE("Exceptions of any type are retried if the policy says so, and pass through unchanged") {
  auto const policy = quick.when(tenax::when::any_exception);
  tests::with_every_driver([&](auto const& call) {
    int n = 0;
    auto number = [&]() -> int { throw ++n; };
    CHECK_THROWS_AS(call(policy, number), int);
    CHECK(n == 3);
    n = 0;
    try {
      call(policy, number);
    } catch (int last) {
      CHECK(last == 3);
    }

    auto object = [&]() -> int { throw not_standard{++n}; };
    n = 0;
    try {
      call(policy, object);
    } catch (not_standard const& last) {
      CHECK(last.code == 3);
    }
    CHECK(n == 3);

    auto text = [&]() -> int {
      ++n;
      throw "text";
    };
    n = 0;
    try {
      call(policy, text);
    } catch (char const* last) {
      CHECK(std::string(last) == "text");
    }
    CHECK(n == 3);
  });
}

TEST_CASE("Types that are not derived from std::exception can be named in a predicate") {
  auto const policy = quick.when(tenax::when::exception<not_standard, int>);
  tests::with_every_driver([&](auto const& call) {
    int n = 0;
    auto mixed = [&]() -> int {
      switch (++n) {
        case 1: throw not_standard{1};
        case 2: throw 2;
        default: return 3;
      }
    };
    CHECK(call(policy, mixed) == 3);
    n = 0;
    auto other = [&]() -> int {
      ++n;
      throw 'c';
    };
    CHECK_THROWS_AS(call(policy, other), char);
    CHECK(n == 1);
  });
}

TEST_CASE("Each attempt is judged separately") {
  auto const policy = quick.stop(tenax::stop::after_attempts(5))
                          .when(tenax::when::exception<network_error> || tenax::when::result_is(0));
  tests::with_every_driver([&](auto const& call) {
    int n = 0;
    auto mixed = [&]() -> int {
      switch (++n) {
        case 1: throw network_error("down");
        case 2: return 0;
        case 3: throw network_error("down");
        default: throw std::out_of_range("bug");
      }
    };
    CHECK_THROWS_AS(call(policy, mixed), std::out_of_range);
    CHECK(n == 4);
  });
}

TEST_CASE("Exceptions of earlier attempts are released before the next attempt") {
  struct counted : network_error {
    explicit counted(int& n) : network_error("down"), alive(&n) { ++*alive; }
    counted(counted const& other) : network_error(other), alive(other.alive) { ++*alive; }
    counted& operator=(counted const&) = delete;
    ~counted() override { --*alive; }
    int* alive;
  };
  tests::with_every_driver([](auto const& call) {
    int alive = 0, n = 0, alive_at_start = 0;
    auto fail = [&]() -> int {
      alive_at_start = std::max(alive_at_start, alive);
      if (++n == 3) return 3;
      throw counted(alive);
    };
    CHECK(call(quick, fail) == 3);
    CHECK(alive == 0);
    CHECK(alive_at_start == 0);
  });
}

TEST_CASE("Values of earlier attempts are released before the next attempt") {
  struct counted {
    explicit counted(int& n) : alive(&n) { ++*alive; }
    counted(counted&& other) noexcept : alive(other.alive) { ++*alive; }
    counted& operator=(counted&&) = delete;
    ~counted() { --*alive; }
    int* alive;
  };
  auto const policy = quick.when(tenax::when::always);
  int alive = 0, alive_at_start = 0;
  auto make = [&] {
    alive_at_start = std::max(alive_at_start, alive);
    return counted(alive);
  };
  policy(make);
  CHECK(alive_at_start == 0);
  policy.before_attempt([](tenax::attempt_info const&) {})(make);
  CHECK(alive_at_start == 0);
  policy([&](tenax::attempt_info const&) { return make(); });
  CHECK(alive_at_start == 0);
  policy.cancel_with(tests::idle_token{})(make);
  CHECK(alive_at_start == 0);
  static_cast<void>(policy.try_call(make));
  CHECK(alive_at_start == 0);
  for (auto& attempt : policy.attempts()) attempt(make);
  CHECK(alive_at_start == 0);
  CHECK(alive == 0);
}

// --- classified failures --------------------------------------------------------------------------------------------

TEST_CASE("A permanent failure ends the call, whatever the predicate says") {
  auto const policy = quick.when(tenax::when::any_exception);
  tests::with_every_driver([&](auto const& call) {
    int n = 0;
    auto fail = [&]() -> int {
      ++n;
      throw tenax::permanent(network_error("gone"));
    };
    CHECK_THROWS_AS(call(policy, fail), network_error);
    CHECK(n == 1);

    n = 0;
    auto number = [&]() -> int {
      ++n;
      throw tenax::permanent(404);
    };
    try {
      call(policy, number);
      FAIL("returned");
    } catch (tenax::with_hint<int> const& e) {
      CHECK(e.error() == 404);
    }
    CHECK(n == 1);

    n = 0;
    auto object = [&]() -> int {
      ++n;
      throw tenax::permanent(not_standard{5});
    };
    try {
      call(policy, object);
      FAIL("returned");
    } catch (not_standard const& e) {
      CHECK(e.code == 5);
    }
    CHECK(n == 1);
  });
}

TEST_CASE("A failure with a server's wait is retried, whatever the predicate says") {
  virtual_time clock;
  auto const policy = quick.when(tenax::when::never).environment(std::ref(clock));
  tests::with_every_driver([&](auto const& call) {
    auto const before = clock.sleeps().size();
    int n = 0;
    auto fail = [&]() -> int {
      switch (++n) {
        case 1: throw tenax::retry_after(30s, network_error("slow down"));
        case 2: throw tenax::retry_after(20s, 429);
        default: return 3;
      }
    };
    CHECK(call(policy, fail) == 3);
    CHECK(durations(clock.sleeps().begin() + static_cast<std::ptrdiff_t>(before), clock.sleeps().end()) ==
          durations{30s, 20s});
  });
}

TEST_CASE("A failure that the server forbids to repeat ends the call") {
  auto const forbidden = tenax::with_hint<network_error>(network_error("no"), {.verdict = tenax::verdict::forbidden});
  tests::with_every_driver([&](auto const& call) {
    int n = 0;
    auto fail = [&]() -> int {
      ++n;
      throw forbidden;
    };
    CHECK_THROWS_AS(call(quick, fail), network_error);
    CHECK(n == 1);
  });
  CHECK(quick.try_call([&]() -> int { throw forbidden; }).reason == stop_reason::server_forbids);
}

TEST_CASE("The error of an expected-like result can be classified") {
  using error = tenax::with_hint<std::string>;
  using result = tests::expected<int, error>;
  virtual_time clock;
  auto const policy = quick.environment(std::ref(clock));
  tests::with_every_driver([&](auto const& call) {
    int n = 0;
    auto gone = [&] { return ++n, result::failure(tenax::permanent(std::string("gone"))); };
    CHECK(call(policy, gone).error() == "gone");
    CHECK(n == 1);

    n = 0;
    auto plain = [&] { return ++n, result::failure(error(std::string("down"))); };
    CHECK(call(policy, plain).error() == "down");
    CHECK(n == 3);

    n = 0;
    auto slow = [&] { return ++n < 2 ? result::failure(tenax::retry_after(7s, std::string("slow"))) : result(1); };
    CHECK(call(policy, slow).value() == 1);
    CHECK(clock.sleeps().back() == 7s);
  });
}

TEST_CASE("A failure that is rethrown with another classification has the new one") {
  int n = 0;
  auto const fail = [&]() -> int {
    ++n;
    try {
      throw tenax::retry_after(1s, network_error("slow down"));
    } catch (network_error const& e) {
      throw tenax::permanent(e);
    }
  };
  CHECK_THROWS_AS(quick(fail), network_error);
  CHECK(n == 1);
}

// --- threads that the operating system cancels ----------------------------------------------------------------------

#if defined(__GLIBCXX__)
namespace {

/// The undefined behavior sanitizer objects to the catch block for a cancelled thread: its reference refers to nothing.
bool handlers_are_sanitized() { return ::dlsym(RTLD_DEFAULT, "__ubsan_handle_type_mismatch_v1") != nullptr; }

/// Runs `f` in a thread, cancels it once `f` has reported that it is ready, and returns whether that ended it.
template <class F>
bool ends_by_cancellation(F f) {
  struct shared {
    F& f;
    std::atomic<bool> ready = false;
  } state{f};
  ::pthread_t thread{};
  auto const body = [](void* p) -> void* {
    auto& s = *static_cast<shared*>(p);
    s.f(s.ready);
    return nullptr;
  };
  REQUIRE(::pthread_create(&thread, nullptr, body, &state) == 0);
  while (!state.ready) ::usleep(50);
  ::pthread_cancel(thread);
  void* result = nullptr;
  ::pthread_join(thread, &result);
  return result == PTHREAD_CANCELED;
}

}  // namespace

TEST_CASE("A thread that is cancelled by the operating system ends, whatever the predicate says") {
  if (handlers_are_sanitized()) return;
  auto const policy = quick.when(tenax::when::any_exception).stop(tenax::stop::after_attempts(1000));
  tests::with_every_driver([&](auto const& call) {
    int attempts = 0, cleaned_up = 0;
    CHECK(ends_by_cancellation([&](std::atomic<bool>& ready) {
      struct guard {
        int& n;
        ~guard() { ++n; }
      } const g{cleaned_up};
      auto block = [&] {
        ++attempts;
        ready = true;
        for (;;) ::usleep(10'000);
      };
      call(policy, block);
    }));
    CHECK(attempts == 1);
    CHECK(cleaned_up == 1);
  });
}

TEST_CASE("A thread can be cancelled by the operating system while it waits for the next attempt") {
  if (handlers_are_sanitized()) return;
  auto const policy = tenax::retrying{}.wait(tenax::wait::constant(1h));
  tests::with_every_driver([&](auto const& call) {
    int cleaned_up = 0;
    CHECK(ends_by_cancellation([&](std::atomic<bool>& ready) {
      struct guard {
        int& n;
        ~guard() { ++n; }
      } const g{cleaned_up};
      auto fail = [&]() -> int {
        ready = true;
        throw network_error("down");
      };
      call(policy, fail);
    }));
    CHECK(cleaned_up == 1);
  });
}
#endif
