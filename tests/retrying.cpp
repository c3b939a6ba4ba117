// SPDX-License-Identifier: MIT
// retrying.cpp: the default policy, the setters, the kinds of callables, and wrap.
#include <tenax/tenax.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include <tenax/testing/virtual_time.hpp>

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

/// Fails `failures` times, then succeeds.
class flaky {
 public:
  explicit flaky(int failures) : failures_(failures) {}
  int operator()() {
    if (++calls <= failures_) throw network_error("down");
    return calls;
  }
  int calls = 0;

 private:
  int failures_;
};

class client {
 public:
  int get(std::string const& path, int times) {
    ++calls;
    seen.push_back(path);
    if (calls < times) throw network_error("down");
    return calls;
  }
  [[nodiscard]] int peek(int add) const {
    ++peeks;
    if (peeks < 2) throw network_error("down");
    return peeks + add;
  }
  int drop() noexcept { return ++calls; }
  int calls = 0;
  mutable int peeks = 0;
  std::vector<std::string> seen{};
};

}  // namespace

// --- defaults -------------------------------------------------------------------------------------------------------

TEST_CASE("The default policy has the documented values") {
  static constexpr tenax::retrying policy{};
  STATIC_REQUIRE(std::is_same_v<decltype(policy.predicate), tenax::when::failed_predicate>);
  STATIC_REQUIRE(policy.strategy.strategy.base == 100ms);
  STATIC_REQUIRE(policy.strategy.strategy.factor == 2.0);
  STATIC_REQUIRE(policy.strategy.strategy.max == 5s);
  STATIC_REQUIRE(std::is_same_v<decltype(policy.strategy.jitter), tenax::wait::full_jitter>);
  STATIC_REQUIRE(policy.condition.attempts == 3);
  STATIC_REQUIRE(policy.limits.server.max == 5min);
  STATIC_REQUIRE(policy.limits.server.action == tenax::too_long::give_up);
  STATIC_REQUIRE(!decltype(policy)::uses_time);
}

TEST_CASE("The default policy makes three attempts, with random waits below 100 ms and 200 ms") {
  virtual_time clock(7);
  auto const policy = tenax::retrying{}.environment(std::ref(clock));
  for (int i = 0; i < 50; ++i) {
    flaky f(3);
    REQUIRE_THROWS_AS(policy(f), network_error);
    REQUIRE(f.calls == 3);
  }
  REQUIRE(clock.sleeps().size() == 100);
  tenax::duration longest_first{}, longest_second{};
  for (std::size_t i = 0; i < 100; i += 2) {
    longest_first = std::max(longest_first, clock.sleeps()[i]);
    longest_second = std::max(longest_second, clock.sleeps()[i + 1]);
  }
  CHECK(longest_first < 100ms);
  CHECK(longest_first > 80ms);
  CHECK(longest_second < 200ms);
  CHECK(longest_second > 160ms);
}

TEST_CASE("The default policy retries std::runtime_error, but not std::logic_error or other types") {
  auto const calls = [](auto exception) {
    int n = 0;
    auto const fail = [&]() -> int {
      ++n;
      throw exception;
    };
    try {
      quick(fail);
    } catch (...) {
    }
    return n;
  };
  CHECK(calls(std::runtime_error("down")) == 3);
  CHECK(calls(network_error("down")) == 3);
  CHECK(calls(std::system_error(std::make_error_code(std::errc::timed_out))) == 3);
  CHECK(calls(std::logic_error("bug")) == 1);
  CHECK(calls(std::out_of_range("bug")) == 1);
  CHECK(calls(std::bad_alloc()) == 1);
  CHECK(calls(not_standard{1}) == 1);
  CHECK(calls(42) == 1);
  CHECK(calls("text") == 1);
}

TEST_CASE("The default policy retries results that say they failed") {
  int n = 0;
  auto const code = quick([&] { return ++n < 3 ? std::make_error_code(std::errc::timed_out) : std::error_code(); });
  CHECK(!code);
  CHECK(n == 3);

  using result = tests::expected<int, std::string>;
  n = 0;
  CHECK(quick([&]() -> result { return ++n < 2 ? result::failure("down") : result(5); }).value() == 5);
  CHECK(n == 2);
}

// --- what is called -------------------------------------------------------------------------------------------------

TEST_CASE("Functions, function pointers and function objects are called") {
  struct local {
    static int add(int a, int b) { return a + b; }
  };
  CHECK(quick(local::add, 1, 2) == 3);
  CHECK(quick(&local::add, 1, 2) == 3);
  int (&reference)(int, int) = local::add;
  CHECK(quick(reference, 1, 2) == 3);
  CHECK(quick(std::function<int(int, int)>(local::add), 1, 2) == 3);
  CHECK(quick(std::plus<>(), 1, 2) == 3);
}

TEST_CASE("Member functions are called on an object, a pointer and a reference wrapper") {
  client c;
  CHECK(quick(&client::get, c, "/object", 2) == 2);
  CHECK(quick(&client::get, &c, "/pointer", 4) == 4);
  CHECK(quick(&client::get, std::ref(c), "/reference", 6) == 6);
  CHECK(c.seen == std::vector<std::string>{"/object", "/object", "/pointer", "/pointer", "/reference", "/reference"});

  auto const shared = std::make_shared<client>();
  CHECK(quick(&client::get, shared, "/shared", 2) == 2);
  CHECK(quick(&client::drop, std::make_unique<client>()) == 1);

  client const constant;
  CHECK(quick(&client::peek, constant, 10) == 12);
  CHECK(quick(&client::peek, &constant, 10) == 13);
  CHECK(quick(&client::peek, std::cref(constant), 10) == 14);
  CHECK(quick(&client::calls, c) == 6);
  static_assert(std::is_same_v<decltype(quick(&client::calls, c)), int&>);
}

TEST_CASE("A member function is called on an object of a derived class") {
  struct derived : client {};
  derived d;
  CHECK(quick(&client::get, d, "/derived", 2) == 2);
  CHECK(quick(&client::get, &d, "/derived", 4) == 4);
  CHECK(quick(&client::get, std::ref(d), "/derived", 6) == 6);
}

TEST_CASE("An operation may take the attempt's numbers first") {
  virtual_time clock;
  auto const policy = tenax::retrying{}.wait(tenax::wait::sequence{1s, 2s}).environment(std::ref(clock));
  std::vector<tenax::attempt_info> seen;
  auto const f = [&](tenax::attempt_info const& info, std::string const& text) {
    seen.push_back(info);
    if (seen.size() < 3) throw network_error("down");
    return text;
  };
  CHECK(policy(f, "text") == "text");
  REQUIRE(seen.size() == 3);
  CHECK(seen[0].number == 1);
  CHECK(seen[1].number == 2);
  CHECK(seen[2].number == 3);
  CHECK(seen[0].waited == 0s);
  CHECK(seen[1].waited == 1s);
  CHECK(seen[2].waited == 3s);
  CHECK(seen[0].previous_wait == 0s);
  CHECK(seen[1].previous_wait == 1s);
  CHECK(seen[2].previous_wait == 2s);
  CHECK(seen[2].upcoming_wait == 0s);
  CHECK(seen[2].time_left == tenax::duration::max());
  CHECK_FALSE(seen[2].stop_requested());
}

TEST_CASE("An operation that can be called without the numbers is called without them") {
  int with = 0, without = 0;
  struct both {
    int* with;
    int* without;
    void operator()(tenax::attempt_info const&) const { ++*with; }
    void operator()() const { ++*without; }
  };
  quick(both{&with, &without});
  CHECK(with == 0);
  CHECK(without == 1);
}

TEST_CASE("Arguments are passed again on every attempt and never moved from") {
  tests::with_every_driver([](auto const& call) {
    std::vector<std::string> seen;
    auto text = std::string("a text that does not fit into the object itself");
    // By value, so that a move would empty the argument.
    auto take = [&](std::string s) {
      seen.push_back(std::move(s));
      if (seen.size() < 3) throw network_error("down");
    };
    auto with_argument = [&] { take(text); };
    call(quick, with_argument);
    CHECK(seen == std::vector<std::string>(3, text));
  });

  auto const text = std::string("a text that does not fit into the object itself");
  std::vector<std::string> seen;
  auto const take = [&](std::string s, std::unique_ptr<int> const& p) {
    seen.push_back(s + std::to_string(*p));
    if (seen.size() < 3) throw network_error("down");
  };
  quick(take, std::string(text), std::make_unique<int>(5));
  CHECK(seen == std::vector<std::string>(3, text + "5"));

  seen.clear();
  auto lvalue = text;
  auto const judged = quick.observe(tests::silent_observer{});
  judged(take, std::move(lvalue), std::make_unique<int>(5));
  CHECK(seen == std::vector<std::string>(3, text + "5"));
  CHECK(lvalue == text);

  seen.clear();
  static_cast<void>(quick.try_call(take, std::move(lvalue), std::make_unique<int>(5)));
  CHECK(seen == std::vector<std::string>(3, text + "5"));
  CHECK(lvalue == text);

  seen.clear();
  quick.wrap(take)(std::move(lvalue), std::make_unique<int>(5));
  CHECK(seen == std::vector<std::string>(3, text + "5"));
  CHECK(lvalue == text);
}

TEST_CASE("Arguments passed by reference are the objects of the caller") {
  int n = 0;
  quick(
      [](int& i) {
        if (++i < 3) throw network_error("down");
      },
      n);
  CHECK(n == 3);
}

TEST_CASE("A callable that changes itself keeps its state between attempts") {
  tests::with_every_driver([](auto const& call) {
    flaky f(2);
    CHECK(call(quick, f) == 3);
    CHECK(f.calls == 3);
  });
  CHECK(quick([n = 0]() mutable { return ++n < 3 ? throw network_error("down") : n; }) == 3);
}

// --- wrap -----------------------------------------------------------------------------------------------------------

TEST_CASE("A wrapped callable takes and returns what the callable does, and keeps its own copy of the policy") {
  auto get = [] {
    auto const policy = tenax::retrying{}.wait(tenax::wait::none).stop(tenax::stop::after_attempts(2));
    return policy.wrap([n = 0](int limit, std::string const& text) mutable {
      if (++n < limit) throw network_error("down");
      return text + std::to_string(n);
    });
  }();
  CHECK(get(2, "attempt ") == "attempt 2");
  CHECK(get(4, "attempt ") == "attempt 4");
  CHECK_THROWS_AS(get(7, ""), network_error);

  auto const constant = quick.wrap([](int i) { return i + 1; });
  CHECK(constant(1) == 2);
  std::function<int(int)> const erased = constant;
  CHECK(erased(2) == 3);
}

TEST_CASE("is_invocable works for a wrapped callable") {
  auto const add = quick.wrap([](int a, int b) { return a + b; });
  using add_type = decltype(add);
  STATIC_REQUIRE(std::is_invocable_r_v<int, add_type, int, int>);
  STATIC_REQUIRE_FALSE(std::is_invocable_v<add_type, int>);
  STATIC_REQUIRE_FALSE(std::is_invocable_v<add_type>);
  STATIC_REQUIRE_FALSE(std::is_invocable_v<std::remove_const_t<add_type>&, std::string, int>);

  auto counted = quick.wrap([n = 0]() mutable { return ++n; });
  STATIC_REQUIRE(std::is_invocable_v<decltype(counted)&>);
  STATIC_REQUIRE_FALSE(std::is_invocable_v<decltype(counted)&, int>);
  CHECK(counted() == 1);

  struct router {
    static int get(std::function<int(std::string)> const&) { return 1; }
    static int get(std::function<int(int, int)> const&) { return 2; }
    static int tell(std::function<void(std::string)> const&) { return 1; }
    static int tell(std::function<void(int, int)> const&) { return 2; }
  };
  auto const by_name = quick.wrap([](std::string const& name) { return static_cast<int>(name.size()); });
  CHECK(router::get(by_name) == 1);
  CHECK(router::get(add) == 2);
  CHECK(router::tell(by_name) == 1);
  CHECK(router::tell(add) == 2);
  CHECK(router::get(quick.wrap(by_name)) == 1);
}

TEST_CASE("A wrapped callable may take the attempt's numbers, which its caller does not see") {
  auto const number = quick.wrap([](tenax::attempt_info const& info, int wanted) {
    if (info.number < static_cast<unsigned>(wanted)) throw network_error("down");
    return info.number;
  });
  CHECK(number(1) == 1);
  CHECK(number(3) == 3);
}

TEST_CASE("Policies nest") {
  int n = 0;
  auto const inner = quick.stop(tenax::stop::after_attempts(2));
  auto const outer = quick.stop(tenax::stop::after_attempts(3));
  CHECK_THROWS_AS(outer(inner.wrap([&] {
                    ++n;
                    throw network_error("down");
                  })),
                  network_error);
  CHECK(n == 6);

  n = 0;
  CHECK(outer([&] { return inner([&] { return ++n < 5 ? throw network_error("down") : n; }); }) == 5);
  CHECK(n == 5);

  n = 0;
  CHECK_THROWS_AS(outer([&] {
                    inner([&] {
                      ++n;
                      throw tenax::permanent(network_error("gone"));
                    });
                  }),
                  network_error);
  CHECK(n == 1);

  auto twice = outer.wrap(inner.wrap([](int i) { return i; }));
  CHECK(twice(5) == 5);
}

TEST_CASE("A call can be made while the exception of another call is being handled") {
  int n = 0;
  try {
    throw std::logic_error("outer");
  } catch (std::logic_error const&) {
    CHECK(quick([&] { return ++n < 3 ? throw network_error("down") : n; }) == 3);
    try {
      std::rethrow_exception(std::current_exception());
    } catch (std::logic_error const& e) {
      CHECK(std::string(e.what()) == "outer");
    }
  }
}

// --- setters --------------------------------------------------------------------------------------------------------

TEST_CASE("Setters can be called in any order, and any subset of them") {
  virtual_time clock;
  auto const count = [&](auto const& policy) {
    clock.~virtual_time();
    ::new (static_cast<void*>(&clock)) virtual_time();
    int n = 0;
    static_cast<void>(policy.try_call([&] {
      ++n;
      throw 1;
    }));
    return std::pair(n, clock.slept());
  };
  tenax::retrying const base{};
  auto const w = tenax::when::exception<int>;
  auto const p = tenax::wait::constant(1s);
  auto const s = tenax::stop::after_attempts(5);
  auto const e = std::ref(clock);
  std::pair const all(5, tenax::duration(4s));
  CHECK(count(base.when(w).wait(p).stop(s).environment(e)) == all);
  CHECK(count(base.when(w).stop(s).environment(e).wait(p)) == all);
  CHECK(count(base.wait(p).when(w).environment(e).stop(s)) == all);
  CHECK(count(base.wait(p).environment(e).stop(s).when(w)) == all);
  CHECK(count(base.stop(s).environment(e).when(w).wait(p)) == all);
  CHECK(count(base.environment(e).stop(s).wait(p).when(w)) == all);

  CHECK(count(base.environment(e)) == std::pair(1, tenax::duration(0s)));
  CHECK(count(base.environment(e).when(w)).first == 3);
  CHECK(count(base.environment(e).when(w).wait(p)) == std::pair(3, tenax::duration(2s)));
  CHECK(count(base.environment(e).when(w).stop(tenax::stop::after_attempts(1))) == std::pair(1, tenax::duration(0s)));
}

TEST_CASE("A setter replaces the earlier value and does not change the policy that it was called on") {
  virtual_time clock;
  auto const polite = tenax::retrying{}
                          .wait(tenax::wait::constant(1s))
                          .stop(tenax::stop::after_attempts(5))
                          .environment(std::ref(clock));
  auto const eager = polite.stop(tenax::stop::after_attempts(2)).wait(tenax::wait::none);
  auto const calls = [](auto const& policy) {
    flaky f(100);
    static_cast<void>(policy.try_call(f));
    return f.calls;
  };
  CHECK(calls(eager) == 2);
  CHECK(clock.slept() == 0s);
  CHECK(calls(polite) == 5);
  CHECK(clock.slept() == 4s);
}

TEST_CASE("Setting one part keeps all other parts") {
  virtual_time clock;
  int told = 0;
  auto const policy = tenax::retrying{}
                          .max_server_wait(10s, tenax::too_long::clamp)
                          .after_attempt([&](tenax::attempt_info const&) { ++told; })
                          .cancel_with(tests::idle_token{})
                          .environment(std::ref(clock))
                          .when(tenax::when::any_exception)
                          .wait(tenax::wait::constant(1s))
                          .stop(tenax::stop::after_attempts(2))
                          .before_attempt([&](tenax::attempt_info const&) { ++told; });
  CHECK_THROWS_AS(policy([]() -> int { throw tenax::retry_after(60s, 1); }), tenax::with_hint<int>);
  CHECK(clock.sleeps() == durations{10s});
  CHECK(told == 4);
}

TEST_CASE("Lambdas are predicates, strategies and conditions") {
  virtual_time clock;
  auto const policy =
      tenax::retrying{}
          .when([](tenax::attempt<int> const& a) { return a.result.has_value() && a.result.value() < 9; })
          .wait([](tenax::attempt_info const& a) { return a.number * 1s; })
          .stop([](tenax::attempt_info const& a) { return a.upcoming_wait > 3s; })
          .environment(std::ref(clock));
  int n = 0;
  CHECK(policy([&] { return ++n; }) == 4);
  CHECK(clock.sleeps() == durations{1s, 2s, 3s});
}

TEST_CASE("Lambdas may be generic, and may read the result") {
  virtual_time clock;
  auto const policy = tenax::retrying{}
                          .when([](auto const& a) { return !a.result.has_value() || a.result.value() < 9; })
                          .wait([](auto const& a) { return a.result.has_value() ? a.result.value() * 1s : 1s; })
                          .stop([](auto const& a) { return a.result.has_value() && a.result.value() == 3; })
                          .environment(std::ref(clock));
  int n = 0;
  CHECK(policy([&] { return ++n; }) == 3);
  CHECK(clock.sleeps() == durations{1s, 2s});
}

TEST_CASE("Functions and function objects are policies") {
  struct local {
    static bool twice(tenax::attempt_info const& a) { return a.number >= 2; }
    static std::chrono::minutes long_wait(tenax::attempt_info const&) noexcept { return 2min; }
  };
  struct everything {
    bool operator()(tenax::attempt_info const&) const { return true; }
  };
  virtual_time clock;
  auto const policy =
      tenax::retrying{}.when(everything{}).wait(&local::long_wait).stop(local::twice).environment(std::ref(clock));
  int n = 0;
  policy([&] { ++n; });
  CHECK(n == 2);
  CHECK(clock.sleeps() == durations{2min});
}

TEST_CASE("A negative answer of a user-defined strategy counts as no wait") {
  virtual_time clock;
  auto const policy =
      tenax::retrying{}.wait([](tenax::attempt_info const&) { return -5s; }).environment(std::ref(clock));
  flaky f(2);
  CHECK(policy(f) == 3);
  CHECK(clock.sleeps().empty());
}

TEST_CASE("A policy made of the library's parts is a constant expression, and so are its answers") {
  static constexpr auto policy =
      tenax::retrying{}
          .when(tenax::when::result_is(1) || tenax::when::any_error)
          .wait(tenax::wait::first_of(tenax::wait::retry_after, tenax::wait::exponential({.base = 1s, .max = 3s})))
          .stop(tenax::stop::after_attempts(5) || tenax::stop::deadline(30s).clip_last_wait());
  static constexpr tenax::outcome<int> one = 1;
  static constexpr tenax::outcome<int> two = 2;
  STATIC_REQUIRE(policy.predicate(tenax::attempt{{.number = 1}, one}));
  STATIC_REQUIRE(!policy.predicate(tenax::attempt{{.number = 1}, two}));
  STATIC_REQUIRE(policy.strategy(tenax::attempt_info{.number = 2}) == 2s);
  STATIC_REQUIRE(policy.strategy(tenax::attempt_info{.number = 2, .server_wait = 7s}) == 7s);
  STATIC_REQUIRE(policy.condition(tenax::attempt_info{.number = 5}));
  STATIC_REQUIRE(!policy.condition(tenax::attempt_info{.number = 4, .elapsed = 29s}));
  STATIC_REQUIRE(policy.condition(tenax::attempt_info{.number = 4, .elapsed = 30s}));
}

TEST_CASE("Policies are small values, and can be copied and shared") {
  STATIC_REQUIRE(std::is_copy_constructible_v<decltype(quick)>);
  STATIC_REQUIRE(sizeof(quick) <= 64);
  auto const copy = quick;
  flaky f(2);
  CHECK(copy(f) == 3);
}

TEST_CASE("The number of attempts counts all calls, including the first") {
  for (int limit : {1, 2, 7}) {
    auto const policy = quick.stop(tenax::stop::after_attempts(limit));
    tests::with_every_driver([&](auto const& call) {
      flaky f(1000);
      CHECK_THROWS_AS(call(policy, f), network_error);
      CHECK(f.calls == limit);
    });
  }
}

TEST_CASE("With stop::never, a call retries until the outcome is accepted") {
  flaky f(1000);
  CHECK(quick.stop(tenax::stop::never)(f) == 1001);
}

TEST_CASE("A call has the name of its policy in every driver, with any other setting") {
  using namespace std::chrono_literals;
  auto const check_name = [](auto const& policy) {
    tests::with_every_driver([&](auto const& call) {
      std::vector<std::string> names;
      auto const see = [&](tenax::attempt_info const& a) { names.emplace_back(a.name); };
      int calls = 0;
      auto f = [&] {
        if (++calls == 1) throw std::runtime_error("once");
      };
      call(policy.wait(tenax::wait::none).after_attempt(see).before_attempt(see), f);
      CHECK(names == std::vector<std::string>(4, "catalogue"));
    });
  };
  auto const named = tenax::retrying{}.named("catalogue");
  check_name(named);
  check_name(tenax::retrying{}.named("other").named("catalogue"));
  check_name(named.stop(tenax::stop::deadline(1h)).max_server_wait(1s));
  check_name(named.reset_on_progress());
  check_name(tenax::retrying{}.reset_on_progress().named("catalogue"));
}

TEST_CASE("An operation and a report have the name of the call, and an empty one if there is none") {
  auto const name = [](tenax::attempt_info const& a) { return std::string(a.name); };
  auto const named = tenax::retrying{}.named("catalogue");
  CHECK(named(name) == "catalogue");
  CHECK(named.attempt_timeout(std::chrono::seconds(1))(name) == "catalogue");
  CHECK(named.attempt_timeout(std::chrono::seconds(1)).named("other").reset_on_progress()(name) == "other");
  CHECK(named.stop(tenax::stop::deadline(std::chrono::hours(1)))(name) == "catalogue");
  CHECK(tenax::retrying{}(name).empty());
  CHECK(named.try_call(name).name == std::string("catalogue"));
  CHECK(named.try_call([]() -> int { throw std::logic_error("no"); }).name == std::string("catalogue"));
  CHECK(tenax::retrying{}.try_call(name).name == std::string());
  CHECK_THROWS_WITH(tenax::retrying{}.named(nullptr), "tenax: named: name must be a text, but is null");
  STATIC_REQUIRE(sizeof(tenax::retrying{}) < sizeof(named));
}
