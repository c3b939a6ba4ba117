// SPDX-License-Identifier: MIT
// coming_from_rows.cpp: the code in the tables of docs/coming-from/ compiles, see tables.sh.
#include <tenax/asio.hpp>

#include <asio/awaitable.hpp>
#include <tenax/coroutine.hpp>
#include <tenax/gate/circuit_breaker.hpp>

#include <system_error>
#include <vector>

#include "../scheduler.hpp"
#include "docs.hpp"

namespace {

using E = network_error;
using tests::task;

// Here, as in the tables, the names of the roles stand for those in tenax.
namespace rows {
namespace stop = tenax::stop;
namespace wait = tenax::wait;
namespace when = tenax::when;

constexpr tenax::duration d = 1s, a_moment = 1s;

auto waits() {
  tenax::duration const a = 1s, b = 2s;
  auto const wait_a = wait::constant(d), wait_b = wait::constant(a_moment);
  return std::vector<tenax::duration>{
      tenax::worst_case(tenax::retrying{}.wait(wait_a + wait_b)).own_wait,
      tenax::worst_case(tenax::retrying{}.wait(wait::uniform(a, b))).own_wait,
      tenax::worst_case(tenax::retrying{}.wait(wait::uniform(1s, 2s))).own_wait,
      tenax::worst_case(tenax::retrying{}.wait(wait::fibonacci({.unit = d}))).own_wait,
      tenax::worst_case(tenax::retrying{}.wait(wait::linear({.first = d, .step = d}))).own_wait,
      tenax::worst_case(tenax::retrying{}.wait(wait::linear({.first = 1s, .step = 2s}))).own_wait,
      tenax::worst_case(tenax::retrying{}.wait(wait::exponential({.base = d}).additive(d)))
          .own_wait,
      tenax::worst_case(
          tenax::retrying{}.wait(wait::exponential({.base = d, .factor = 3, .max = 9s})))
          .own_wait};
}

/// Any argument fits; as a hook, an observer of nothing.
struct any_function {
  tenax::hint operator()(tenax::attempt<int> const&) const { return {}; }
  bool operator()(E const&) const { return true; }
  bool operator()(int) const { return false; }
};

auto policies(any_function f, tenax::time_point t) {
  auto const a = when::exception<E>;
  auto const b = when::result([](int n) { return n < 0; });
  auto const e = tenax::real_time();
  auto const sink = stderr;
  auto const either = tenax::retrying{}.when(a || b);
  auto const both = either.when(a && b).when(a && !b);
  auto const results = both.when(when::exception<E> || when::result(f));
  auto const errors = results.when(when::exception<E>.where(f));
  auto const stops = errors.stop(stop::after_elapsed(30s)).stop(stop::deadline_at(t));
  auto const timed = stops.stop(stop::deadline(d)).attempt_timeout(d);
  return timed.before_sleep(tenax::log_to(sink)).before_sleep(f).read_hints_with(f).environment(e);
}

}  // namespace rows

auto policy_for_codes() {
  auto const f = [](std::error_code e) { return e == std::errc::timed_out; };
  return tenax::retrying{}.when(tenax::when::error_if(f));
}

template <class Policy, class Sleep>
task<int> fetch_in_a_coroutine(Policy policy, Sleep sleep) {
  auto const fetch = []() -> task<int> { co_return 7; };
  co_return co_await tenax::coroutine::retry<task>(policy, sleep, fetch);
}

template <class Policy>
asio::awaitable<int> fetch_with_asio(Policy policy) {
  auto const fetch = []() -> asio::awaitable<int> { co_return 7; };
  co_return co_await tenax::asio::async_retry(policy, fetch);
}

template <class Error>
void fail(int how, Error const& error) {
  if (how == 0) throw tenax::permanent(error);
  if (how == 1) throw tenax::retry_after(5s, error);
  throw tenax::with_hint(error, {.verdict = tenax::verdict::retry});
}

}  // namespace

TEST_CASE("coming from: rows") {
  CHECK(rows::waits().size() == 8);
  auto const obeys = [](tenax::attempt_info const&) { return 7; };
  CHECK(rows::policies({}, {}).try_call(obeys).succeeded());
  auto const policy = tenax::retrying{}.wait(tenax::wait::none);
  auto const f = [] { return 7; };
  CHECK(policy(f) == 7);
  CHECK(policy.try_call(f).succeeded());
  tenax::circuit_breaker<> breaker;
  auto const retry = policy;
  CHECK(retry.through(std::ref(breaker))(f) == 7);
  for (auto& attempt : policy.attempts()) attempt([&] { CHECK(f() == 7); });
  CHECK(policy_for_codes().try_call([] { return std::error_code(); }).succeeded());
  tests::scheduler loop;
  CHECK(loop.run(fetch_in_a_coroutine(policy, [&loop](tenax::duration d) { return loop(d); })) ==
        7);
  static_cast<void>(fetch_with_asio<tenax::retrying<>>);
}

TEST_CASE("coming from tenacity: an attempt that asks for another one is not taken for too fast") {
  auto const throttled = [](int how) {
    try {
      fail(how, network_error("not yet"));
    } catch (tenax::error_with_hint const& e) {
      return e.hint().throttled;
    }
    return false;
  };
  CHECK(throttled(1));
  CHECK_FALSE(throttled(2));
  int calls = 0;
  auto const never = tenax::retrying{}.when(tenax::when::never).wait(tenax::wait::none);
  never([&] {
    if (++calls < 3) fail(2, network_error("not yet"));
  });
  CHECK(calls == 3);
}
