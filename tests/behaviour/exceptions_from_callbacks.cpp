// SPDX-License-Identifier: MIT
// exceptions_from_callbacks.cpp: an exception of a policy's parts leaves the call immediately, and leaves no broken
// state.
#include <tenax/tenax.hpp>

#include <functional>
#include <stdexcept>
#include <vector>

#include <tenax/any_retrying.hpp>
#include <tenax/gate/call.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "catch.hpp"
#include "gates.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using tenax::stop_reason;
using tenax::testing::virtual_time;
using tests::test_gate;

namespace {

/// The exception of the callbacks here. It would be retried if the operation threw it.
struct callback_error : std::runtime_error {
  callback_error() : std::runtime_error("from a callback") {}
};

constexpr auto throws = [](auto const&...) { throw callback_error(); };

/// Calls `policy` in each way. It must throw `callback_error` after `calls` calls of the operation, without an event of
/// the end for observers, and without a ticket left.
template <class Policy>
void check_passes(Policy const& policy, int calls, std::function<int()> const& outcome) {
  int n = 0, ended = 0;
  test_gate outer, inner;
  auto const full = policy.through(std::ref(outer))
                        .through(std::ref(inner))
                        .on_success([&](tenax::attempt_info const&) { ++ended; })
                        .on_give_up([&](tenax::attempt_info const&) { ++ended; });
  auto const f = [&] {
    ++n;
    return outcome();
  };
  auto const check = [&](auto const& p, char const* how, auto const& call) {
    INFO(how);
    n = ended = 0;
    CHECK_THROWS_AS(call(p), callback_error);
    CHECK(n == calls);
    CHECK(ended == 0);
    CHECK(outer.held() == 0);
    CHECK(inner.held() == 0);
    CHECK(outer.told_without_ticket == 0);
  };
  auto const plain = [&](auto const& p) { p(f); };
  auto const reporting = [&](auto const& p) { static_cast<void>(p.try_call(f)); };
  auto const looping = [&](auto const& p) {
    for (auto& attempt : p.attempts()) attempt(f);
  };
  check(policy, "a plain call", plain);
  check(policy, "try_call", reporting);
  check(full, "a plain call with gates", plain);
  check(full, "attempts() with gates", looping);
}

int fails() { throw std::runtime_error("down"); }
int succeeds() { return 1; }

auto const base = tenax::retrying{}.wait(tenax::wait::none).stop(tenax::stop::after_attempts(5));

}  // namespace

TEST_CASE("An exception of a predicate passes and is not retried") {
  auto const policy = base.when([](tenax::attempt_info const&) -> bool { throw callback_error(); });
  check_passes(policy, 1, fails);
  check_passes(policy, 1, succeeds);
  auto const inside = base.when(tenax::when::any_exception && tenax::when::exception<std::runtime_error>.where(
                                                                  [](auto const&) -> bool { throw callback_error(); }));
  check_passes(inside, 1, fails);
  check_passes(base.when(tenax::when::result([](int) -> bool { throw callback_error(); })), 1, succeeds);
}

TEST_CASE("An exception of a wait strategy passes and is not retried") {
  check_passes(base.wait([](tenax::attempt_info const&) -> tenax::duration { throw callback_error(); }), 1, fails);
  auto const second = [](tenax::attempt_info const& a) -> tenax::duration {
    return a.number == 2 ? throw callback_error() : 0s;
  };
  check_passes(base.wait(second), 2, fails);
  check_passes(base.wait(second + tenax::wait::none), 2, fails);
}

TEST_CASE("An exception of a stop condition passes and is not retried") {
  check_passes(base.stop([](tenax::attempt_info const&) -> bool { throw callback_error(); }), 1, fails);
  auto const second = [](tenax::attempt_info const& a) { return a.number == 2 ? throw callback_error() : false; };
  check_passes(base.stop(tenax::stop::after_attempts(5) || second), 2, fails);
}

TEST_CASE("An exception of an observer passes and is not retried") {
  check_passes(base.before_attempt(throws), 0, fails);
  check_passes(base.after_attempt(throws), 1, fails);
  check_passes(base.after_attempt(throws), 1, succeeds);
  check_passes(base.before_sleep(throws), 1, fails);
  check_passes(base.before_sleep([](tenax::attempt_info const& a) {
    if (a.number == 2) throw callback_error();
  }),
               2, fails);
  check_passes(base.on_success(throws), 1, succeeds);
  check_passes(base.on_give_up(throws), 5, fails);
  check_passes(base.before_sleep(tenax::log_to([](std::string_view) { throw callback_error(); })), 1, fails);
}

TEST_CASE("An exception of an observer takes the place of the operation's") {
  CHECK_THROWS_AS(base.on_give_up(throws)([]() -> int { throw 5; }), callback_error);
}

TEST_CASE("If a later observer throws, the earlier observers have been notified") {
  int told = 0;
  auto const policy = base.after_attempt([&](tenax::attempt_info const&) { ++told; })
                          .after_attempt(throws)
                          .after_attempt([&](tenax::attempt_info const&) { told += 10; });
  CHECK_THROWS_AS(policy(succeeds), callback_error);
  CHECK(told == 1);
}

TEST_CASE("An exception of the token passes and is not retried") {
  struct broken {
    int* looks;
    int good;
    [[nodiscard]] bool stop_requested() const { return ++*looks > good ? throw callback_error() : false; }
  };
  for (int good = 0; good < 4; ++good) {
    int looks = 0, n = 0;
    test_gate gate;
    CHECK_THROWS_AS(base.cancel_with(broken{&looks, good}).through(std::ref(gate))([&] {
      ++n;
      fails();
    }),
                    callback_error);
    CHECK(n <= 1);
    CHECK(gate.held() == 0);
  }
}

TEST_CASE("An exception of the environment passes and is not retried") {
  struct broken_clock {
    int* reads;
    int good;
    [[nodiscard]] tenax::time_point now() const {
      return ++*reads > good ? throw callback_error() : tenax::time_point{};
    }
    void sleep(tenax::duration) const {}
  };
  for (int good = 0; good < 5; ++good) {
    int reads = 0, n = 0;
    test_gate gate;
    auto const policy = base.environment(broken_clock{&reads, good}).through(std::ref(gate));
    CHECK_THROWS_AS(policy([&] {
                      ++n;
                      fails();
                    }),
                    callback_error);
    CHECK(n == (good + 1) / 2);
    CHECK(gate.held() == 0);
    reads = 0;
    auto const loop = [&] {
      for (auto& attempt : policy.attempts()) attempt(fails);
    };
    CHECK_THROWS_AS(loop(), callback_error);
    CHECK(gate.held() == 0);
  }

  struct broken_sleep {
    [[nodiscard]] tenax::time_point now() const { return {}; }
    void sleep(tenax::duration) const { throw callback_error(); }
  };
  check_passes(base.wait(tenax::wait::constant(1s)).environment(broken_sleep{}), 1, fails);

  struct broken_random {
    struct source final : tenax::random_source {
      result_type operator()() override { throw callback_error(); }
    };
    source random_numbers{};
    [[nodiscard]] static tenax::time_point now() { return {}; }
    static void sleep(tenax::duration) {}
    tenax::random_source& random() { return random_numbers; }
  } random;
  check_passes(base.wait(tenax::wait::uniform(1s, 2s)).environment(std::ref(random)), 1, fails);
}

TEST_CASE("An exception of a gate passes, and the tickets of the other gates are given back") {
  struct broken_gate {
    using ticket = test_gate::ticket;
    bool on_admit;
    tenax::admission admit(ticket&, tenax::attempt_info const&, tenax::time_point) const {
      return on_admit ? throw callback_error() : tenax::admission::go();
    }
    void record(ticket&, tenax::feedback const&, tenax::time_point) const { throw callback_error(); }
  };
  for (bool const on_admit : {true, false}) {
    test_gate outer;
    broken_gate broken{on_admit};
    int n = 0;
    auto const policy = base.through(std::ref(outer)).through(std::ref(broken));
    CHECK_THROWS_AS(policy([&] {
                      ++n;
                      fails();
                    }),
                    callback_error);
    CHECK(n == (on_admit ? 0 : 1));
    CHECK(outer.granted == 1);
    CHECK(outer.held() == 0);
  }
}

TEST_CASE("What a gate throws when an attempt ends does not take a value away") {
  struct broken_gate {
    using ticket = test_gate::ticket;
    tenax::admission admit(ticket&, tenax::attempt_info const&, tenax::time_point) const { return {}; }
    void record(ticket&, tenax::feedback const&, tenax::time_point) const { throw callback_error(); }
  } broken;
  test_gate outer;
  auto const policy = base.through(std::ref(outer)).through(std::ref(broken));
  CHECK(policy(succeeds) == 1);
  CHECK(policy.try_call(succeeds).reason == stop_reason::succeeded);
  tenax::any_retrying const any = policy;
  CHECK(any(succeeds) == 1);
  int n = 0;
  for (auto& attempt : policy.attempts()) attempt([&] { ++n; });
  CHECK(n == 1);
  CHECK(tenax::call_through(broken, succeeds) == 1);
  // A value that is retried stays as well: the call goes on, and ends with its last value.
  auto const positive = policy.when(tenax::when::result([](int i) { return i > 0; }));
  auto const report = positive.try_call([&] { return ++n; });
  CHECK(report.value() == 6);
  CHECK(report.reason == stop_reason::attempts);
  CHECK(outer.held() == 0);
  CHECK_THROWS_AS(tenax::call_through(broken, fails), callback_error);
}

TEST_CASE("An exception of an inner call's callback is an ordinary failure for the outer call") {
  int n = 0;
  auto const inner = base.before_sleep(throws);
  CHECK_THROWS_AS(base([&] {
                    ++n;
                    return inner(fails);
                  }),
                  callback_error);
  CHECK(n == 5);
}

TEST_CASE("A policy can be used again after a callback has thrown") {
  bool broken = true;
  auto const policy = base.before_sleep([&](tenax::attempt_info const&) {
    if (broken) throw callback_error();
  });
  int n = 0;
  auto const f = [&] { return ++n < 3 ? throw std::runtime_error("down") : n; };
  CHECK_THROWS_AS(policy(f), callback_error);
  broken = false;
  n = 0;
  CHECK(policy(f) == 3);
}

TEST_CASE("An exception while the result is moved to the caller passes and is not retried") {
  struct fragile {
    bool* armed;
    explicit fragile(bool& a) : armed(&a) {}
    fragile(fragile&& other) : armed(other.armed) {
      if (*armed) throw callback_error();
    }
    fragile& operator=(fragile&&) = delete;
  };
  bool armed = false;
  int n = 0;
  auto const policy = base.on_success([&](tenax::attempt_info const&) { armed = true; });
  CHECK_THROWS_AS(policy([&] {
                    ++n;
                    return fragile(armed);
                  }),
                  callback_error);
  CHECK(n == 1);
}
