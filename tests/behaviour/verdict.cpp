// SPDX-License-Identifier: MIT
// verdict.cpp: gates get the verdict of the policy and the token on an attempt, from every driver.
#include <tenax/tenax.hpp>

#include <functional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <system_error>
#include <vector>

#include <tenax/cancel.hpp>
#include <tenax/gate/call.hpp>
#include <tenax/gate/circuit_breaker.hpp>
#include <tenax/gate/retry_budget.hpp>
#include <tenax/gate/windowed_retry_budget.hpp>
#include <tenax/http/poll.hpp>
#include <tenax/http/standard_retry.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "../catch.hpp"
#include "../gates.hpp"
#include "../http/response.hpp"

using namespace std::chrono_literals;
namespace http = tenax::http;
using tenax::stop_reason;
using tenax::testing::virtual_time;
using tests::kind;
using tests::reply;

namespace {

struct net_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct not_found : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Shaped like `std::expected`.
template <class E>
struct expected_int {
  bool good = true;
  E failure{};
  [[nodiscard]] bool has_value() const { return good; }
  [[nodiscard]] E const& error() const { return failure; }
};

struct world {
  virtual_time clock{};
  tests::test_gate gate{};

  auto policy() {
    return tenax::retrying{}.wait(tenax::wait::none).through(std::ref(gate)).environment(std::ref(clock));
  }
  /// Returns the feedback that the gate gets for the first attempt.
  template <class Policy, class F>
  kind told(Policy const& p, F f) {
    gate.feedbacks.clear();
    static_cast<void>(p.try_call(f));
    return gate.feedbacks.at(0).how;
  }
};

}  // namespace

TEST_CASE("A failure counts only if a policy retries it, or if it is known to be transient") {
  world w;
  auto const p = w.policy().when(tenax::when::exception<net_error>);
  CHECK(w.told(p, [] { throw net_error("reset"); }) == kind::failure);
  CHECK(w.told(p, [] { throw not_found("no such user"); }) == kind::unknown);
  CHECK(w.told(p, [] { throw std::invalid_argument("a bug"); }) == kind::unknown);
  CHECK(w.told(p, [] { throw tenax::permanent(net_error("gone")); }) == kind::answered);
  CHECK(w.told(p, [] { throw tenax::cancelled(); }) == kind::cancelled);
  CHECK(w.told(p, [] { throw tenax::retry_after(1s, net_error("busy")); }) == kind::throttled);
  CHECK(w.told(p, [] { return 1; }) == kind::success);

  using code = expected_int<int>;
  auto const by_code = w.policy().when(tenax::when::error_if([](int e) { return e == 503; }));
  CHECK(w.told(by_code, [] { return code{}; }) == kind::success);
  CHECK(w.told(by_code, [] { return code{false, 503}; }) == kind::failure);
  CHECK(w.told(by_code, [] { return code{false, 404}; }) == kind::answered);
  using permanent = expected_int<tenax::with_hint<int>>;
  CHECK(w.told(w.policy(), [] { return permanent{false, tenax::permanent(404)}; }) == kind::answered);

  CHECK(w.told(w.policy().when(tenax::when::result_is(-1)), [] { return -1; }) == kind::failure);
}

TEST_CASE("Not-found answers affect neither a circuit breaker nor a budget") {
  virtual_time clock;
  tenax::circuit_breaker breaker({.failures = 5});
  tenax::retry_budget budget;
  auto const p = tenax::retrying{}
                     .when(tenax::when::exception<net_error>)
                     .through(std::ref(breaker))
                     .through(std::ref(budget))
                     .environment(std::ref(clock));
  for (int i = 0; i < 20; ++i) {
    static_cast<void>(p.try_call([] { throw not_found("no such user"); }));
    static_cast<void>(p.try_call([] { throw tenax::permanent(net_error("gone")); }));
    static_cast<void>(p.try_call([] { throw std::invalid_argument("a bug"); }));
    CHECK_THROWS(tenax::call_through(breaker, [] { throw tenax::permanent(net_error("gone")); }, clock));
    CHECK_THROWS(tenax::call_through(breaker, [] { throw std::invalid_argument("a bug"); }, clock));
  }
  CHECK(breaker.state() == tenax::circuit_state::closed);
  CHECK(budget.may_retry());
}

TEST_CASE("A probe that is answered closes the circuit, and a cancelled probe leaves it half-open") {
  virtual_time clock;
  tenax::circuit_breaker breaker({.failures = 1, .open_for = 1s, .open_jitter = 0});
  std::stop_source user;
  auto const p = tenax::retrying{}
                     .when(tenax::when::exception<net_error>)
                     .stop(tenax::stop::after_attempts(1))
                     .through(std::ref(breaker))
                     .environment(std::ref(clock));
  breaker.open(clock.now());
  clock.advance(2s);
  static_cast<void>(p.cancel_with(user.get_token()).try_call([&] {
    user.request_stop();
    throw net_error("connection closed");
  }));
  CHECK(breaker.state() == tenax::circuit_state::half_open);
  clock.advance(10s);
  static_cast<void>(p.try_call([] { throw tenax::permanent(not_found("no such user")); }));
  CHECK(breaker.state() == tenax::circuit_state::closed);
}

TEST_CASE("A cancelled attempt does not count as a failure, whatever error the client reports") {
  world w;
  auto const told = [&](auto failing) {
    std::stop_source user;
    w.gate.feedbacks.clear();
    auto const report =
        w.policy().when(tenax::when::any_exception || tenax::when::failed).cancel_with(user.get_token()).try_call([&] {
          user.request_stop();
          return failing();
        });
    CHECK(report.reason == stop_reason::cancelled);
    return w.gate.feedbacks.at(0).how;
  };
  CHECK(told([]() -> int { throw net_error("connection closed"); }) == kind::cancelled);
  CHECK(told([]() -> int { throw not_found("closed"); }) == kind::cancelled);
  CHECK(told([]() -> int { throw std::system_error(std::make_error_code(std::errc::operation_canceled)); }) ==
        kind::cancelled);
  CHECK(told([] { return std::make_error_code(std::errc::operation_canceled); }) == kind::cancelled);
  CHECK(told([] { return reply{.error = http::transport_error::interrupted}; }) == kind::cancelled);
  CHECK(told([] { return expected_int<int>{false, 1}; }) == kind::cancelled);
}

TEST_CASE("A success counts even if the call was cancelled during it, and so does a throttled answer") {
  world w;
  std::stop_source user;
  auto const p = w.policy().cancel_with(user.get_token());
  CHECK(w.told(p, [&] { return user.request_stop() ? 1 : 2; }) == kind::success);
  std::stop_source other;
  CHECK(w.told(w.policy().when(tenax::when::transient).cancel_with(other.get_token()), [&] {
    other.request_stop();
    return reply{.status = 429};
  }) == kind::throttled);
}

TEST_CASE("A refusal by a gate or a deadline inside an operation does not count as a failure of the server") {
  world w;
  auto const p = w.policy().when(tenax::when::any_exception);
  CHECK(w.told(p, [] { throw tenax::refused("circuit open"); }) == kind::unknown);
  CHECK(w.told(p, [] { throw tenax::expired(); }) == kind::unknown);
}

TEST_CASE("A call that retries a refusal waits for as long as the gate asks") {
  virtual_time clock;
  auto const p = tenax::retrying{}
                     .when(tenax::when::exception<tenax::refused>)
                     .wait(tenax::wait::constant(10ms))
                     .environment(std::ref(clock));
  static_cast<void>(p.try_call([] { throw tenax::refused("circuit open", 30s); }));
  CHECK(clock.sleeps() == std::vector<tenax::duration>{30s, 30s});
  auto const report = p.try_call([] { throw tenax::refused("circuit open", 30min); });
  CHECK(report.reason == stop_reason::server_wait_too_long);
  CHECK(report.attempts == 1);
}

TEST_CASE("Polling a task that is under way counts neither as a failure nor as a retry") {
  virtual_time clock;
  tenax::circuit_breaker breaker;
  tenax::retry_budget budget;
  tenax::windowed_retry_budget windowed({.ratio = 0, .min_per_second = 0.1});
  int asked = 0;
  auto const report = http::try_poll(
      http::standard_poll()
          .through(std::ref(breaker))
          .through(std::ref(budget))
          .through(std::ref(windowed))
          .environment(std::ref(clock)),
      [] { return reply{.status = 202, .headers = {{"Location", "/tasks/1"}}}; },
      [&](http::location const&) {
        return ++asked < 30 ? reply{.status = asked % 7 == 0 ? 303 : 202, .headers = {{"Location", "/tasks/1"}}}
                            : reply{};
      });
  CHECK(report.succeeded());
  CHECK(asked == 30);
  CHECK(breaker.state() == tenax::circuit_state::closed);
  CHECK(windowed.balance(clock.now()) == 1);
}

TEST_CASE("Repeating a failed status request counts as a retry for budgets") {
  virtual_time clock;
  tenax::windowed_retry_budget windowed({.ratio = 0, .min_per_second = 0.1});
  auto const report = http::try_poll(
      http::standard_poll().through(std::ref(windowed)).environment(std::ref(clock)),
      [] { return reply{.status = 202, .headers = {{"Location", "/tasks/1"}}}; },
      [](http::location const&) { return reply{.status = 503}; });
  CHECK(report.reason == stop_reason::refused_by_gate);
  CHECK(report.attempts == 3);
}

TEST_CASE("A task is started only once, whatever failure the start has") {
  virtual_time clock;
  auto const fetch = [](http::location const&) { return reply{}; };
  auto const starts_of = [&](auto const& policy, auto failing) {
    int starts = 0;
    static_cast<void>(http::try_poll(
        policy.environment(std::ref(clock)),
        [&]() -> reply {
          ++starts;
          return failing();
        },
        fetch));
    return starts;
  };
  auto const p = http::standard_poll().when(tenax::when::any_exception || tenax::when::transient);
  CHECK(starts_of(p, []() -> reply { throw tenax::retry_after(1s, net_error("busy")); }) == 1);
  CHECK(starts_of(p, []() -> reply {
          throw tenax::with_hint<net_error>(net_error("busy"), {.verdict = tenax::verdict::retry});
        }) == 1);
  CHECK(starts_of(p, [] { return reply{.status = 503, .headers = {{"x-should-retry", "true"}}}; }) == 1);
  auto const retry = [](auto const&) { return tenax::hint{.verdict = tenax::verdict::retry}; };
  CHECK(starts_of(p.read_hints_with(retry), [] { return reply{.status = 503}; }) == 1);
}

TEST_CASE("A hint to retry does not repeat a request that may not be sent twice") {
  virtual_time clock;
  auto const attempts_of = [&](auto const& p, auto f) { return p.environment(std::ref(clock)).try_call(f).attempts; };
  auto const busy = []() -> reply { throw tenax::retry_after(1s, net_error("busy")); };
  CHECK(attempts_of(http::standard_retry("POST"), busy) == 1);
  CHECK(attempts_of(http::standard_retry("GET"), busy) == 3);
  auto const retry = [](auto const&) { return tenax::hint{.verdict = tenax::verdict::retry}; };
  CHECK(attempts_of(http::standard_retry("POST").read_hints_with(retry), [] { return reply{.status = 503}; }) == 1);
  CHECK(attempts_of(http::standard_retry("POST").read_hints_with(retry), [] { return reply{.status = 408}; }) == 3);
  // If one side of an || permits the repetition and wants the attempt, that is enough.
  auto const p = tenax::retrying{}.when((tenax::when::transient && http::idempotent_only("POST")) ||
                                        tenax::when::exception<net_error>);
  CHECK(attempts_of(p, []() -> reply { throw net_error("reset"); }) == 3);
  CHECK(attempts_of(p, [] { return reply{.status = 503}; }) == 1);
}

TEST_CASE("Gates learn of an outage even if the request may not be repeated") {
  world w;
  auto const p =
      w.policy().when((tenax::when::transient || tenax::when::exception<net_error>) && http::idempotent_only("POST"));
  CHECK(w.told(p, []() -> reply { throw net_error("reset"); }) == kind::failure);
  CHECK(w.told(p, [] { return reply{.status = 503}; }) == kind::failure);
  CHECK(w.told(p, [] { return reply{.status = 404}; }) == kind::answered);
}

TEST_CASE("If a hint reader finds nothing, the hints of the failure itself count") {
  virtual_time clock;
  auto const silent = [](auto const&) { return tenax::hint{}; };
  auto const eager = [](auto const&) { return tenax::hint{.verdict = tenax::verdict::retry}; };
  auto const p = tenax::retrying{}.when(tenax::when::any_exception).environment(std::ref(clock));
  auto const attempts_of = [&](auto const& policy, auto f) { return policy.try_call(f).attempts; };
  CHECK(attempts_of(p.read_hints_with(silent), []() -> int { throw tenax::cancelled(); }) == 1);
  CHECK(attempts_of(p.read_hints_with(eager), []() -> int { throw tenax::cancelled(); }) == 1);
  CHECK(attempts_of(p.read_hints_with(silent), []() -> int { throw tenax::permanent(1); }) == 1);
  CHECK(attempts_of(p.read_hints_with(eager), []() -> int { throw tenax::permanent(1); }) == 3);
  virtual_time other;
  static_cast<void>(attempts_of(p.read_hints_with(silent).environment(std::ref(other)),
                                []() -> int { throw tenax::retry_after(7s, 1); }));
  CHECK(other.sleeps() == std::vector<tenax::duration>{7s, 7s});
}

TEST_CASE("A profile applies to predicates, gates and waits alike") {
  world w;
  reply const told_to_retry{.status = 409, .headers = {{"x-should-retry", "true"}}};
  auto const p = w.policy().when(tenax::when::transient).stop(tenax::stop::after_attempts(3));
  auto const strict = p.read_hints_with(http::hint_reader{}.headers(http::profile::strict));
  CHECK(p.try_call([&] { return told_to_retry; }).attempts == 3);
  CHECK(strict.try_call([&] { return told_to_retry; }).attempts == 1);
  CHECK(w.told(p, [&] { return told_to_retry; }) == kind::failure);
  CHECK(w.told(strict, [&] { return told_to_retry; }) == kind::answered);

  reply const with_fraction{.status = 503, .headers = {{"Retry-After", "1.5"}}};
  auto const throttled = w.policy().when(tenax::when::throttled);
  CHECK(throttled.try_call([&] { return with_fraction; }).attempts == 3);
  CHECK(throttled.read_hints_with(http::hint_reader{}.headers(http::profile::strict))
            .try_call([&] { return with_fraction; })
            .attempts == 1);

  reply const with_quota{.headers = {{"X-RateLimit-Limit", "60"}, {"X-RateLimit-Remaining", "7"}}};
  static_cast<void>(w.told(p, [&] { return with_quota; }));
  CHECK(w.gate.feedbacks.at(0).left.remaining == 7);
  static_cast<void>(w.told(strict, [&] { return with_quota; }));
  CHECK_FALSE(w.gate.feedbacks.at(0).left.known());
}

TEST_CASE("A status can be declared to mean too fast") {
  world w;
  auto const p = w.policy().when(tenax::when::throttled).read_hints_with(http::hint_reader{}.throttled(503));
  CHECK(p.try_call([] { return reply{.status = 503}; }).attempts == 3);
  CHECK(w.told(p, [] { return reply{.status = 503}; }) == kind::throttled);
  CHECK(w.told(p, [] { return reply{.status = 502}; }) == kind::failure);
  CHECK_THROWS_WITH(http::hint_reader{}.throttled(5030), Catch::Contains("throttled") && Catch::Contains("5030"));
}

TEST_CASE("Observers and predicates see the hint") {
  virtual_time clock;
  std::vector<tenax::optional_duration> seen;
  auto const p = tenax::retrying{}
                     .when([](auto const& a) { return a.hint.throttled; })
                     .after_attempt([&](auto const& a) { seen.push_back(a.hint.wait); })
                     .environment(std::ref(clock));
  static_cast<void>(p.try_call([] { return reply{.status = 429, .headers = {{"Retry-After", "3"}}}; }));
  CHECK(seen == std::vector<tenax::optional_duration>(3, tenax::optional_duration(3s)));
}

TEST_CASE("A server's wait reaches gates only as far as the policy obeys it") {
  world w;
  reply const absurd{.status = 429, .headers = {{"Retry-After", "86400"}}};
  auto const heard = [&](auto const& p) {
    static_cast<void>(w.told(p, [&] { return absurd; }));
    return w.gate.feedbacks.at(0).server_wait;
  };
  auto const p = w.policy().when(tenax::when::transient).stop(tenax::stop::after_attempts(1));
  using tenax::optional_duration;
  CHECK(heard(p) == optional_duration(5min));
  CHECK(heard(p.max_server_wait(10s, tenax::too_long::clamp)) == optional_duration(10s));
  CHECK(heard(p.max_server_wait(10s, tenax::too_long::ignore)) == optional_duration());
  CHECK(heard(p.max_server_wait(48h)) == optional_duration(24h));
}

TEST_CASE("A call gives up at a gate whose wait for a server is longer than the call would wait") {
  virtual_time clock;
  auto const call = [&](tenax::admission answer, tenax::too_long action) {
    tests::test_gate gate({answer});
    return tenax::retrying{}
        .max_server_wait(1min, action)
        .through(std::ref(gate))
        .environment(std::ref(clock))
        .try_call([] {});
  };
  auto const paused = tenax::admission::wait_for_server(2min);
  auto const report = call(paused, tenax::too_long::give_up);
  CHECK(report.reason == stop_reason::server_wait_too_long);
  CHECK(report.server_wait == tenax::optional_duration(2min));
  CHECK(report.attempts == 0);
  CHECK_THROWS_AS(std::rethrow_exception(report.exception()), tenax::refused);
  CHECK_FALSE(report.has_value());
  auto const* const why = report.result.exception_as<tenax::refused>();
  REQUIRE(why != nullptr);
  CHECK(std::string(why->what()) == "a gate waits for longer than max_server_wait, as a server asked");
  CHECK(why->retry_after() == tenax::optional_duration(2min));
  CHECK(call(tenax::admission::wait_for_server(1min), tenax::too_long::give_up).succeeded());
  CHECK(call(paused, tenax::too_long::clamp).succeeded());
  CHECK(call(tenax::admission::wait(2min), tenax::too_long::give_up).succeeded());
}
