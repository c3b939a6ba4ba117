// SPDX-License-Identifier: MIT
// windowed_retry_budget.cpp: retries are limited to a share of the recent successes, plus a few.
#include <tenax/gate/windowed_retry_budget.hpp>

#include <deque>
#include <functional>

#include <tenax/tenax.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "gates.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using tenax::windowed_retry_budget;
using tests::ask;
using tests::asked;
using tests::attempted;
using tests::kind;
using tests::tell;
using tests::verdict;
using ticket = windowed_retry_budget::ticket;

namespace {

std::string refused_options(tenax::windowed_retry_budget_options const& o) {
  return tests::rejection([&] {
    windowed_retry_budget const budget(o);
    return 0;
  });
}

std::int64_t balance(windowed_retry_budget& budget, tenax::duration now) {
  return budget.balance(tenax::time_point(now));
}

}  // namespace

static_assert(tenax::gate<windowed_retry_budget>);
static_assert(!std::is_copy_constructible_v<windowed_retry_budget>);

TEST_CASE("windowed_retry_budget: admits retries up to a fifth of the successes, and all first attempts") {
  windowed_retry_budget budget({.ratio = 0.2, .min_per_second = 0});
  ticket t;
  auto const answer = ask(budget, t, 0s, 2);
  CHECK(answer.refused());
  CHECK(answer.reason == std::string("retry budget exhausted"));
  for (int i = 0; i < 4; ++i) CHECK(attempted(budget, kind::success));
  CHECK_FALSE(attempted(budget, kind::failure, 0s, 2));
  CHECK(attempted(budget, kind::success));
  CHECK(balance(budget, 0s) == 1);
  CHECK(attempted(budget, kind::failure, 0s, 2));
  CHECK_FALSE(attempted(budget, kind::failure, 0s, 2));
  CHECK(attempted(budget, kind::failure));
  for (int i = 0; i < 50; ++i) CHECK(attempted(budget, kind::success));
  CHECK(balance(budget, 0s) == 10);
}

TEST_CASE("windowed_retry_budget: min_per_second lets clients with few calls retry") {
  windowed_retry_budget budget({.ratio = 0, .window = 10s, .min_per_second = 0.3});
  for (int i = 0; i < 3; ++i) CHECK(attempted(budget, kind::failure, 0s, 2));
  CHECK_FALSE(attempted(budget, kind::failure, 9999ms, 2));
  CHECK(attempted(budget, kind::failure, 10s, 2));
  CHECK(balance(budget, 10s) == 2);

  windowed_retry_budget by_default;  // one retry in ten seconds
  CHECK(balance(by_default, 0s) == 1);
}

TEST_CASE("windowed_retry_budget: a hundred times 0.29 is 29, despite binary rounding") {
  windowed_retry_budget budget({.ratio = 0.29, .min_per_second = 0});
  for (int i = 0; i < 100; ++i) budget.count(kind::success, tenax::time_point(0s));
  CHECK(balance(budget, 0s) == 29);
  for (int i = 0; i < 29; ++i) CHECK(budget.withdraw(tenax::time_point(0s)));
  CHECK_FALSE(budget.withdraw(tenax::time_point(0s)));
}

TEST_CASE("windowed_retry_budget: successes older than the window do not count") {
  windowed_retry_budget budget({.ratio = 1, .window = 10s, .min_per_second = 0});
  for (int i = 0; i < 3; ++i) CHECK(attempted(budget, kind::success, 0s));
  for (int i = 0; i < 2; ++i) CHECK(attempted(budget, kind::success, 5s));
  CHECK(balance(budget, 9999ms) == 5);
  CHECK(balance(budget, 10s) == 2);
  CHECK(balance(budget, 15s) == 0);
  CHECK(balance(budget, 1h) == 0);
  CHECK(attempted(budget, kind::success, 1h));
  CHECK(balance(budget, 1h) == 1);
  CHECK(balance(budget, 2s) == 1);  // a thread that reports late does not move time back
}

TEST_CASE("windowed_retry_budget: an abandoned retry gives back what it took; a started one does not") {
  windowed_retry_budget budget({.ratio = 0, .window = 10s, .min_per_second = 0.3});
  {
    ticket a, b;
    CHECK(asked(budget, a, 0s, 2) == verdict::go);
    CHECK(asked(budget, a, 0s, 2) == verdict::go);  // asked again: takes nothing more
    CHECK(asked(budget, b, 0s, 3) == verdict::go);
    CHECK(balance(budget, 0s) == 1);
    ticket moved = std::move(a);
    CHECK(balance(budget, 0s) == 1);
    b = {};
    CHECK(balance(budget, 0s) == 2);
  }
  CHECK(balance(budget, 0s) == 3);
  for (auto const how : {kind::success, kind::failure, kind::cancelled}) CHECK(attempted(budget, how, 0s, 2));
  CHECK(balance(budget, 0s) == 0);

  // Given back to the part of the window in which it was taken; not at all if that part has left the window.
  ticket t;
  CHECK(asked(budget, t, 10s, 2) == verdict::go);
  CHECK(balance(budget, 19s) == 2);
  t = {};
  CHECK(balance(budget, 19s) == 3);
  CHECK(balance(budget, 20s) == 3);
  CHECK(asked(budget, t, 20s, 2) == verdict::go);
  CHECK(balance(budget, 30s) == 3);
  t = {};
  CHECK(balance(budget, 30s) == 3);
  // A first attempt holds nothing.
  CHECK(asked(budget, t, 30s, 1) == verdict::go);
  t = {};
  CHECK(balance(budget, 30s) == 3);
}

TEST_CASE("windowed_retry_budget: throttled attempts may cost more") {
  windowed_retry_budget budget({.ratio = 1, .min_per_second = 0, .throttled_cost = 2});
  for (int i = 0; i < 9; ++i) CHECK(attempted(budget, kind::success));
  CHECK(attempted(budget, kind::failure, 0s, 2));
  CHECK(balance(budget, 0s) == 8);
  CHECK(attempted(budget, kind::throttled, 0s, 2));
  CHECK(balance(budget, 0s) == 5);
  CHECK(attempted(budget, kind::throttled, 0s, 1));
  CHECK(balance(budget, 0s) == 3);
}

TEST_CASE("windowed_retry_budget: polls, and answers that say nothing about the server's health, take nothing") {
  windowed_retry_budget budget({.ratio = 0, .window = 10s, .min_per_second = 0.1});
  for (int i = 0; i < 9; ++i) {
    ticket t;
    tenax::attempt_info const poll{.number = 2, .polls = true};
    CHECK(budget.admit(t, poll, tenax::time_point(0s)).admitted());
    CHECK(budget.would_admit(poll, tenax::time_point(0s), tenax::time_point(1s)).admitted());
    tell(budget, t, i % 2 == 0 ? kind::answered : kind::unknown, 0s);
  }
  CHECK(budget.balance(tenax::time_point(0s)) == 1);
}

TEST_CASE("windowed_retry_budget: a clock that is set back, and keep_until") {
  windowed_retry_budget budget({.ratio = 0, .window = 10s, .min_per_second = 0.1});
  CHECK(budget.keep_until(tenax::time_point(1h)) <= tenax::time_point(1h));
  CHECK(attempted(budget, kind::success, 1h));
  CHECK(budget.keep_until(tenax::time_point(1h)) <= tenax::time_point(1h));
  CHECK(attempted(budget, kind::failure, 1h, 2));
  CHECK(budget.keep_until(tenax::time_point(1h)) == tenax::time_point(1h + 10s));
  CHECK_FALSE(attempted(budget, kind::failure, 1s, 2));
  CHECK(attempted(budget, kind::failure, 11s, 2));
}

TEST_CASE("windowed_retry_budget: invalid options are rejected") {
  CHECK(refused_options({}) == "accepted");
  CHECK(refused_options({.ratio = -0.1}) == "tenax: windowed_retry_budget: ratio must be from 0 to 1000, but is -0.1");
  CHECK(refused_options({.ratio = std::numeric_limits<double>::infinity()}) ==
        "tenax: windowed_retry_budget: ratio must be from 0 to 1000, but is inf");
  CHECK(refused_options({.window = 0s}) == "tenax: windowed_retry_budget: window must be more than zero, but is 0s");
  CHECK(refused_options({.min_per_second = -1}) ==
        "tenax: windowed_retry_budget: min_per_second must be from 0 to 1000000, but is -1");
  CHECK(refused_options({.throttled_cost = -1}) ==
        "tenax: windowed_retry_budget: throttled_cost must be at least 0, but is -1");
  CHECK(refused_options({.ratio = 0, .window = 1s, .min_per_second = 0.5}) ==
        "tenax: windowed_retry_budget: min_per_second must allow one retry in a window if ratio is 0, but is 0.5");
  CHECK(tests::described(windowed_retry_budget()) == "a windowed retry budget");
}

TEST_CASE("windowed_retry_budget: an outage ends the retries of a policy within a window") {
  tenax::testing::virtual_time clock;
  windowed_retry_budget budget({.ratio = 0.2, .window = 10s, .min_per_second = 0.1});
  auto const policy = tenax::retrying{}
                          .wait(tenax::wait::constant(10ms))
                          .stop(tenax::stop::after_attempts(4))
                          .environment(std::ref(clock))
                          .through(std::ref(budget));
  for (int i = 0; i < 100; ++i) CHECK(policy([] { return 1; }) == 1);
  int calls = 0;
  auto const down = [&]() -> int {
    ++calls;
    throw std::runtime_error("down");
  };
  for (int i = 0; i < 50; ++i) static_cast<void>(policy.try_call(down));
  CHECK(calls == 50 + 20 + 1);
}

TEST_CASE("windowed_retry_budget: a retry that never starts costs nothing, whatever prevents it") {
  tenax::testing::virtual_time clock;
  windowed_retry_budget budget({.ratio = 0, .window = 1h, .min_per_second = 1});
  auto const all = balance(budget, 0s);
  auto const base = tenax::retrying{}.wait(tenax::wait::none).environment(std::ref(clock)).through(std::ref(budget));
  auto const down = []() -> int { throw std::runtime_error("down"); };
  tests::test_gate refusing({tenax::admission::go(), tenax::admission::refuse("no")});
  CHECK(base.through(std::ref(refusing)).try_call(down).attempts == 1);
  CHECK(balance(budget, 0s) == all);
  tests::test_gate slow({tenax::admission::go(), tenax::admission::wait(1h)});
  CHECK(base.stop(tenax::stop::deadline(1min)).through(std::ref(slow)).try_call(down).attempts == 1);
  CHECK(balance(budget, 0s) == all);
  auto const throwing = [](tenax::attempt_info const& a) {
    if (a.number == 2) throw std::logic_error("observer");
  };
  CHECK_THROWS_AS(base.before_attempt(throwing)(down), std::logic_error);
  CHECK(balance(budget, 0s) == all);
}

TEST_CASE("windowed_retry_budget: random schedules agree with counts over nine tenths of a window to a whole window") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    tenax::seeded_random random(seed);
    double const ratio = static_cast<double>(random() % 5) / 4;
    windowed_retry_budget budget({.ratio = ratio, .window = 10s, .min_per_second = 0.5});
    std::deque<tenax::duration> successes, retries;
    tenax::duration now{};
    auto const since = [](std::deque<tenax::duration> const& d, tenax::duration from) {
      return static_cast<double>(std::count_if(d.begin(), d.end(), [&](auto t) { return t > from; }));
    };
    for (int i = 0; i < 300; ++i) {
      now += std::chrono::milliseconds(random() % 300);
      if (random() % 2 == 0) {
        budget.count(kind::success, tenax::time_point(now));
        successes.push_back(now);
        continue;
      }
      // All successes of the window with few of its retries give the upper bound, the other way round the lower bound.
      auto const most = 5 + ratio * since(successes, now - 10s) - since(retries, now - 9s);
      auto const least = 5 + ratio * since(successes, now - 9s) - since(retries, now - 10s);
      if (budget.withdraw(tenax::time_point(now))) {
        REQUIRE(most >= 1);
        retries.push_back(now);
      } else {
        REQUIRE(least < 1);
      }
    }
  }
}

TEST_CASE("windowed_retry_budget: eight threads take the whole budget, and not more") {
  windowed_retry_budget budget({.ratio = 0.5, .window = 1h, .min_per_second = 10});
  std::atomic<std::int64_t> taken{0};
  tests::in_eight_threads([&](int thread) {
    tenax::seeded_random random(static_cast<std::uint64_t>(thread));
    for (int i = 0; i < 50'000; ++i) {
      attempted(budget, kind::success);
      ticket t;
      if (asked(budget, t, 0s, 2) == verdict::go && random() % 2 == 0) {
        tell(budget, t, kind::failure);
        ++taken;
      }
    }
  });
  CHECK(balance(budget, 0s) == 36'000 + 8 * 50'000 / 2 - taken);
}
