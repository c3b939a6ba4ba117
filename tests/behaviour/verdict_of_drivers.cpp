// SPDX-License-Identifier: MIT
// verdict_of_drivers.cpp: what gates and reports make of an attempt is the same in every driver and for every result
// type.
#include <tenax/tenax.hpp>

#include <functional>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <system_error>
#include <vector>

#include <tenax/any_retrying.hpp>
#include <tenax/cancel.hpp>
#include <tenax/coroutine.hpp>
#include <tenax/gate/adaptive_rate_limiter.hpp>
#include <tenax/gate/adaptive_throttle.hpp>
#include <tenax/gate/bulkhead.hpp>
#include <tenax/gate/call.hpp>
#include <tenax/gate/circuit_breaker.hpp>
#include <tenax/gate/keyed.hpp>
#include <tenax/gate/retry_budget.hpp>
#include <tenax/gate/windowed_retry_budget.hpp>
#include <tenax/http/when.hpp>
#include <tenax/observe/counters.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "../catch.hpp"
#include "../gates.hpp"
#include "../http/response.hpp"
#include "../scheduler.hpp"

using namespace std::chrono_literals;
using tenax::stop_reason;
using tenax::testing::virtual_time;
using tests::kind;
using tests::reply;
using tests::scheduler;
using tests::task;

namespace {

struct net_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct not_found : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A system_error that others derive from, as `std::filesystem::filesystem_error` does.
struct file_error : std::system_error {
  using std::system_error::system_error;
};

/// Shaped like `std::expected`.
template <class E>
struct expected_int {
  bool good = true;
  E failure{};
  [[nodiscard]] bool has_value() const { return good; }
  [[nodiscard]] E const& error() const { return failure; }
};

auto const canceled = std::make_error_code(std::errc::operation_canceled);

struct world {
  virtual_time clock{};
  tests::test_gate gate{};

  auto policy() {
    return tenax::retrying{}.wait(tenax::wait::none).through(std::ref(gate)).environment(std::ref(clock));
  }
};

/// How a call of a driver ended.
struct ending {
  kind told;
  unsigned attempts;
  bool operator==(ending const&) const = default;
};

/// An operation that counts its calls. One type serves all functions with the same result.
template <class T>
struct counted {
  T (*function)();
  unsigned* calls;
  T operator()() const {
    ++*calls;
    return function();
  }
};

// The drivers. They are called with a clock, a policy and a `counted`. The gate is what is looked at.
auto const quietly = [](auto const& call) {
  try {
    call();
  } catch (...) {
  }
};
auto const a_call = [](auto&, auto const& p, auto g) { quietly([&] { static_cast<void>(p(g)); }); };
auto const try_call = [](auto&, auto const& p, auto g) { static_cast<void>(p.try_call(g)); };
auto const wrap = [](auto&, auto const& p, auto g) { quietly([&] { static_cast<void>(p.wrap(g)()); }); };
auto const attempts = [](auto&, auto const& p, auto g) {
  quietly([&] {
    for (auto& attempt : p.attempts()) attempt(g);
  });
};
auto const a_loop_by_hand = [](auto& clock, auto const& p, auto g) {
  tenax::retry_loop loop{p.policy(), clock.now()};
  auto next = loop.start_attempt(clock.now());
  while (next.starts()) {
    auto const r = tenax::capture(g);
    next = loop.finish_attempt(r, clock.now());
    while (next.waits()) next = loop.start_attempt(clock.now());
    if (next.stops()) loop.conclude(r);
  }
};
auto const a_coroutine = [](auto&, auto const& p, auto g) {
  scheduler s;
  auto const operation = [&]() -> task<decltype(g())> { co_return g(); };
  static_cast<void>(s.run(tenax::coroutine::try_retry<task>(p, std::ref(s), operation)));
};

/// Calls `f` by every driver that is no library's own; each must tell the gate the same.
template <class MakePolicy, class F>
void by_every_driver(MakePolicy const& make, F const& f, ending expected) {
  using result = std::invoke_result_t<F const&>;
  auto const check_form = [&](char const* driver, char const* form, auto const& call, auto const& erase) {
    INFO(driver << ", with " << form);
    world w;
    unsigned calls = 0;
    call(w.clock, erase(make(w.policy())), counted<result>{f, &calls});
    REQUIRE_FALSE(w.gate.feedbacks.empty());
    CHECK(static_cast<int>(w.gate.feedbacks[0].how) == static_cast<int>(expected.told));
    CHECK(calls == expected.attempts);
    CHECK(w.gate.held() == 0);
  };
  auto const check = [&](char const* driver, auto const& call) {
    using policy = std::remove_cvref_t<decltype(make(world().policy()).policy())>;
    check_form(driver, "the policy", call, [](auto const& p) { return p; });
    check_form(driver, "an any_retrying_of", call, [](auto const& p) { return tenax::any_retrying_of<result>(p); });
    if constexpr (tenax::detail::policy_fits<policy, tenax::any_result>) {
      check_form(driver, "an any_retrying", call, [](auto const& p) { return tenax::any_retrying(p); });
    }
  };
  check("a call", a_call);
  check("try_call", try_call);
  check("wrap", wrap);
  check("attempts()", attempts);
  check("a loop by hand", a_loop_by_hand);
  check("a coroutine", a_coroutine);
}

auto const as_it_is = [](auto p) { return p; };

}  // namespace

TEST_CASE("Every driver tells gates the same") {
  auto const net = [](auto p) { return p.when(tenax::when::exception<net_error>); };
  by_every_driver(net, []() -> int { throw net_error("reset"); }, {kind::failure, 3});
  by_every_driver(net, []() -> int { throw not_found("no such user"); }, {kind::unknown, 1});
  by_every_driver(net, []() -> int { throw 7; }, {kind::unknown, 1});
  by_every_driver(net, []() -> int { throw tenax::permanent(net_error("gone")); }, {kind::answered, 1});
  by_every_driver(net, []() -> int { throw tenax::permanent(7); }, {kind::answered, 1});
  by_every_driver(net, []() -> int { throw tenax::cancelled(); }, {kind::cancelled, 1});
  by_every_driver(net, []() -> int { throw tenax::refused("open"); }, {kind::unknown, 1});
  by_every_driver(net, []() -> int { throw tenax::retry_after(1s, net_error("busy")); }, {kind::throttled, 3});
  by_every_driver(net, [] { return 1; }, {kind::success, 1});
  by_every_driver(as_it_is, [] { return std::make_error_code(std::errc::timed_out); }, {kind::failure, 3});
  by_every_driver([](auto p) { return p.when(tenax::when::result([](int n) { return n < 0; })); }, [] { return -1; },
                  {kind::failure, 3});
  by_every_driver([](auto p) { return p.when(tenax::when::error(std::errc::timed_out)); },
                  [] { return std::make_error_code(std::errc::permission_denied); }, {kind::answered, 1});
  by_every_driver(as_it_is, [] { return expected_int<tenax::with_hint<int>>{false, tenax::permanent(404)}; },
                  {kind::answered, 1});
  by_every_driver([](auto p) { return p.when(tenax::when::any_error && tenax::when::never); },
                  [] { return expected_int<int>{false, 1}; }, {kind::answered, 1});
  by_every_driver([](auto p) { return p.when(tenax::when::transient); }, [] { return reply{.status = 503}; },
                  {kind::failure, 3});
}

TEST_CASE("A policy that never retries tells gates what a call without a policy tells them") {
  auto const check = [](auto const& f, kind told) {
    CHECK(tenax::feedback_of(tenax::capture(f)).how == told);
    by_every_driver([](auto p) { return p.when(tenax::when::never); }, f, {told, 1});
  };
  struct own_error : std::exception {};
  check([]() -> int { throw net_error("reset"); }, kind::failure);
  check([]() -> int { throw own_error(); }, kind::failure);
  check([]() -> int { throw 7; }, kind::failure);
  check([]() -> int { throw std::logic_error("a bug"); }, kind::unknown);
  check([]() -> int { throw tenax::permanent(net_error("gone")); }, kind::answered);
  check([]() -> int { throw tenax::cancelled(); }, kind::cancelled);
  check([]() -> int { throw tenax::refused("open"); }, kind::unknown);
  check([] { return 1; }, kind::success);
  check([] {}, kind::success);
  check([] { return std::make_error_code(std::errc::timed_out); }, kind::failure);
  check([] { return canceled; }, kind::cancelled);
  check([] { return expected_int<int>{false, 1}; }, kind::failure);
  check([] { return expected_int<tenax::with_hint<int>>{false, tenax::permanent(404)}; }, kind::answered);
  check([] { return reply{.status = 503}; }, kind::failure);
  check([] { return reply{.status = 404}; }, kind::answered);
  check([] { return reply{.status = 200}; }, kind::success);
}

TEST_CASE("A breaker of a policy that never retries opens") {
  virtual_time clock;
  tenax::circuit_breaker breaker({.failures = 2});
  auto const once = tenax::retrying{}.when(tenax::when::never).environment(std::ref(clock));
  auto const down = []() -> int { throw net_error("reset"); };
  CHECK(once.through(std::ref(breaker)).try_call(down).reason == stop_reason::not_retryable);
  CHECK(breaker.state() == tenax::circuit_state::closed);
  tenax::any_retrying const any = once;
  CHECK(any.through(std::ref(breaker)).try_call(down).reason == stop_reason::not_retryable);
  CHECK(breaker.state() == tenax::circuit_state::open);
}

TEST_CASE("An operation that others cancelled is neither retried by default nor a failure") {
  by_every_driver(as_it_is, []() -> int { throw std::system_error(canceled); }, {kind::cancelled, 1});
  by_every_driver(as_it_is, []() -> int { throw file_error(canceled, "read"); }, {kind::cancelled, 1});
  by_every_driver(as_it_is, [] { return canceled; }, {kind::cancelled, 1});
  by_every_driver(as_it_is, [] { return std::error_code(ECANCELED, std::system_category()); }, {kind::cancelled, 1});
  by_every_driver(as_it_is, [] { return expected_int<std::error_code>{false, canceled}; }, {kind::cancelled, 1});
  by_every_driver(as_it_is, [] { return expected_int<std::errc>{false, std::errc::operation_canceled}; },
                  {kind::cancelled, 1});
  auto const net = [](auto p) { return p.when(tenax::when::exception<net_error>); };
  by_every_driver(net, []() -> int { throw std::system_error(canceled); }, {kind::cancelled, 1});
  by_every_driver(as_it_is, []() -> int { throw std::system_error(ETIMEDOUT, std::system_category()); },
                  {kind::failure, 3});
  by_every_driver(as_it_is, [] { return std::error_code(ECANCELED, std::iostream_category()); }, {kind::failure, 3});

  auto const reason = [](auto f) { return tenax::retrying{}.wait(tenax::wait::none).try_call(f).reason; };
  CHECK(reason([]() -> int { throw std::system_error(canceled); }) == stop_reason::cancelled);
  CHECK(reason([] { return canceled; }) == stop_reason::cancelled);
}

TEST_CASE("No predicate turns a cancelled operation into another attempt, and an hint_reader can do so with a result") {
  by_every_driver([](auto p) { return p.when(tenax::when::error(std::errc::operation_canceled)); },
                  [] { return canceled; }, {kind::cancelled, 1});
  by_every_driver([](auto p) { return p.when(tenax::when::any_exception); },
                  []() -> int { throw std::system_error(canceled); }, {kind::cancelled, 1});
  by_every_driver([](auto p) { return p.when(tenax::when::exception<std::system_error>); },
                  []() -> int { throw std::system_error(canceled); }, {kind::cancelled, 1});
  auto const again = [](auto const&) { return tenax::hint{.verdict = tenax::verdict::retry}; };
  auto const told_again = [&](auto p) { return p.read_hints_with(again); };
  by_every_driver(told_again, [] { return canceled; }, {kind::failure, 3});
  by_every_driver(told_again, [] { return expected_int<std::error_code>{false, canceled}; }, {kind::failure, 3});
  // It cannot for an exception, and for an error that carries a hint.
  by_every_driver(told_again, []() -> int { throw std::system_error(canceled); }, {kind::cancelled, 1});
  using told = tenax::with_hint<int>;
  by_every_driver(told_again, [] { return expected_int<told>{false, told(1, {.verdict = tenax::verdict::cancelled})}; },
                  {kind::cancelled, 1});
  int calls = 0;
  static_cast<void>(tenax::retrying{}
                        .when(tenax::when::exception<std::system_error>)
                        .wait(tenax::wait::none)
                        .stop(tenax::stop::after_attempts(5))
                        .try_call([&]() -> int {
                          throw std::system_error(
                              std::make_error_code(++calls < 3 ? std::errc::timed_out : std::errc::operation_canceled));
                        }));
  CHECK(calls == 3);
}

TEST_CASE("A gate without a policy takes a cancelled operation for none of the server's doing") {
  virtual_time clock;
  tenax::circuit_breaker breaker({.failures = 1});
  for (int i = 0; i < 3; ++i) {
    CHECK_THROWS_AS(
        tenax::call_through(breaker, []() -> int { throw std::system_error(canceled); }, clock), std::system_error);
    CHECK(tenax::call_through(breaker, [] { return canceled; }, clock) == canceled);
    CHECK_THROWS_AS(tenax::call_through(breaker, []() -> int { throw tenax::cancelled(); }, clock), tenax::cancelled);
  }
  CHECK(breaker.state() == tenax::circuit_state::closed);
  CHECK_THROWS(tenax::call_through(breaker, []() -> int { throw net_error("reset"); }, clock));
  CHECK(breaker.state() == tenax::circuit_state::open);
}

TEST_CASE("No gate is harmed by permanent errors, bugs and cancellations") {
  virtual_time clock;
  tenax::circuit_breaker breaker({.failures = 1});
  tenax::retry_budget budget;
  tenax::windowed_retry_budget windowed;
  tenax::adaptive_throttle throttle;
  tenax::adaptive_rate_limiter limiter;
  tenax::bulkhead slots({.at_once = 1});
  auto const p = tenax::retrying{}
                     .when(tenax::when::exception<net_error>)
                     .through(std::ref(breaker))
                     .through(std::ref(budget))
                     .through(std::ref(windowed))
                     .through(std::ref(throttle))
                     .through(std::ref(limiter))
                     .through(std::ref(slots))
                     .environment(std::ref(clock));
  for (int i = 0; i < 100; ++i) {
    auto const ended = [&](auto f) { return p.try_call(f).reason; };
    CHECK(ended([]() -> int { throw not_found("no such user"); }) == stop_reason::not_retryable);
    CHECK(ended([]() -> int { throw tenax::permanent(net_error("gone")); }) == stop_reason::not_retryable);
    CHECK(ended([]() -> int { throw std::logic_error("a bug"); }) == stop_reason::not_retryable);
    CHECK(ended([]() -> int { throw std::system_error(canceled); }) == stop_reason::cancelled);
    CHECK(ended([]() -> int { throw tenax::cancelled(); }) == stop_reason::cancelled);
  }
  CHECK(breaker.state() == tenax::circuit_state::closed);
  CHECK(budget.may_retry());
}

TEST_CASE("A token that is triggered by a callback of the policy does not change what had happened") {
  world w;
  auto const told = [&](auto trigger) {
    std::stop_source user;
    w.gate.feedbacks.clear();
    auto const report =
        trigger(w.policy().cancel_with(user.get_token()), user).try_call([]() -> int { throw net_error("reset"); });
    CHECK(report.reason == stop_reason::cancelled);
    CHECK(report.attempts == 1);
    return w.gate.feedbacks.at(0).how;
  };
  CHECK(told([](auto p, auto& user) { return p.before_sleep([&user](auto const&) { user.request_stop(); }); }) ==
        kind::failure);
  // Whoever cancels while the outcome is looked at is taken at the word: the failure may come of it.
  CHECK(told([](auto p, auto& user) { return p.after_attempt([&user](auto const&) { user.request_stop(); }); }) ==
        kind::cancelled);
  CHECK(told([](auto p, auto& user) { return p.when([&user](auto const&) { return user.request_stop(); }); }) ==
        kind::cancelled);
}

TEST_CASE("A call that ends with success is a success although its token was triggered while it was looked at") {
  world w;
  std::stop_source user;
  auto const report =
      w.policy().cancel_with(user.get_token()).after_attempt([&](auto const&) { user.request_stop(); }).try_call([] {
        return 1;
      });
  CHECK(report.succeeded());
  CHECK(w.gate.feedbacks.at(0).how == kind::success);
}

TEST_CASE("An hint_reader's word about an exception is what gates hear") {
  world w;
  using tenax::verdict;
  auto const told = [&](tenax::hint said) {
    w.gate.feedbacks.clear();
    auto const report = w.policy().read_hints_with([said](auto const&) { return said; }).try_call([]() -> int {
      throw net_error("reset");
    });
    return ending{w.gate.feedbacks.at(0).how, report.attempts};
  };
  CHECK(told({}) == ending{kind::failure, 3});
  CHECK(told({.verdict = verdict::no_retry}) == ending{kind::answered, 1});
  CHECK(told({.verdict = verdict::forbidden}) == ending{kind::answered, 1});
  CHECK(told({.verdict = verdict::cancelled}) == ending{kind::cancelled, 1});
  CHECK(told({.verdict = verdict::transient}) == ending{kind::failure, 3});
  CHECK(told({.throttled = true}) == ending{kind::throttled, 3});
  CHECK(told({.verdict = verdict::no_retry, .throttled = true}) == ending{kind::throttled, 1});
  CHECK(told({.inconclusive = true}) == ending{kind::unknown, 3});
}

TEST_CASE("A policy within another one is heard once, and refusals of the inner gate are none of the outer server's") {
  virtual_time clock;
  tests::test_gate outer;
  tenax::circuit_breaker inner({.failures = 1, .open_for = 1h});
  auto const inside = tenax::retrying{}.wait(tenax::wait::none).through(std::ref(inner)).environment(std::ref(clock));
  auto const outside = tenax::retrying{}
                           .when(tenax::when::any_exception)
                           .wait(tenax::wait::none)
                           .through(std::ref(outer))
                           .environment(std::ref(clock));
  static_cast<void>(outside.try_call([&] { return inside([]() -> int { throw net_error("reset"); }); }));
  REQUIRE(outer.feedbacks.size() >= 1);
  CHECK(outer.feedbacks[0].how == kind::failure);
  outer.feedbacks.clear();
  auto const report = outside.try_call([&] { return inside([]() -> int { throw net_error("reset"); }); });
  CHECK(report.attempts == 1);
  CHECK(report.reason == stop_reason::server_wait_too_long);
  CHECK(outer.feedbacks.at(0).how == kind::unknown);
}

TEST_CASE("A keyed breaker hears what a breaker hears") {
  virtual_time clock;
  tenax::keyed<std::string, tenax::circuit_breaker<>> hosts([] { return tenax::circuit_breaker<>({.failures = 2}); });
  auto const p = tenax::retrying{}.when(tenax::when::exception<net_error>).environment(std::ref(clock));
  for (int i = 0; i < 5; ++i) {
    static_cast<void>(p.through(hosts["a"]).try_call([]() -> int { throw not_found("no such user"); }));
    static_cast<void>(p.through(hosts["b"]).try_call([]() -> int { throw net_error("reset"); }));
  }
  CHECK(p.through(hosts["a"]).try_call([] { return 1; }).succeeded());
  CHECK(p.through(hosts["b"]).try_call([] { return 1; }).reason == stop_reason::refused_by_gate);
}
