// SPDX-License-Identifier: MIT
// retry_budget.cpp: when retries stop and when they resume; first attempts never stop.
#include <tenax/gate/retry_budget.hpp>

#include <functional>

#include <tenax/tenax.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "gates.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using tenax::retry_budget;
using tests::ask;
using tests::asked;
using tests::attempted;
using tests::kind;
using tests::verdict;

namespace {

std::string refused_options(tenax::retry_budget_options const& o) {
  return tests::rejection([&] {
    retry_budget const budget(o);
    return 0;
  });
}

}  // namespace

static_assert(tenax::gate<retry_budget>);
static_assert(!std::is_copy_constructible_v<retry_budget> && !std::is_move_constructible_v<retry_budget>);

TEST_CASE("retry_budget: retries stop at half of the tokens, and first attempts never") {
  retry_budget budget({.tokens = 10, .ratio = 0.1});
  CHECK(budget.tokens() == 10);
  for (int i = 0; i < 4; ++i) CHECK(attempted(budget, kind::failure, 0s, 2));
  CHECK(budget.tokens() == 6);
  CHECK(budget.may_retry());
  CHECK(attempted(budget, kind::failure, 0s, 2));
  CHECK(budget.tokens() == 5);
  CHECK_FALSE(budget.may_retry());
  retry_budget::ticket t;
  auto const answer = ask(budget, t, 0s, 2);
  CHECK(answer.refused());
  CHECK(answer.reason == std::string("retry budget exhausted"));
  CHECK(asked(budget, t, 0s, 4'000'000'000) == verdict::refuse);
  for (int i = 0; i < 20; ++i) CHECK(attempted(budget, kind::failure));
  CHECK(budget.tokens() == 0);
}

TEST_CASE("retry_budget: successes add tokens up to the maximum, and retries resume") {
  retry_budget budget({.tokens = 4, .ratio = 0.5});
  for (int i = 0; i < 9; ++i) CHECK(attempted(budget, kind::failure));
  for (int i = 0; i < 4; ++i) CHECK(attempted(budget, kind::success));
  CHECK(budget.tokens() == 2);
  CHECK_FALSE(budget.may_retry());
  CHECK(attempted(budget, kind::success));
  CHECK(budget.may_retry());
  for (int i = 0; i < 99; ++i) CHECK(attempted(budget, kind::success));
  CHECK(budget.tokens() == 4);
}

TEST_CASE("retry_budget: costs by kind of failure; cancelled and abandoned attempts cost nothing") {
  retry_budget budget({.tokens = 100, .failure_cost = 2.5, .throttled_cost = 10});
  CHECK(attempted(budget, kind::failure));
  CHECK(budget.tokens() == 97.5);
  CHECK(attempted(budget, kind::throttled, 0s, 2));
  CHECK(budget.tokens() == 87.5);
  CHECK(attempted(budget, kind::cancelled, 0s, 2));
  {
    retry_budget::ticket t;
    CHECK(asked(budget, t, 0s, 2) == verdict::go);
  }
  CHECK(budget.tokens() == 87.5);
  budget.count(kind::success);
  CHECK(budget.tokens() == 87.6);
}

TEST_CASE(
    "retry_budget: a rejected request, and an exception that is not retried, change nothing; a poll is not a retry") {
  tenax::retry_budget budget({.tokens = 4});
  for (auto const how : {tests::kind::answered, tests::kind::unknown, tests::kind::cancelled}) {
    for (int i = 0; i < 9; ++i) CHECK(tests::attempted(budget, how, {}, 2));
  }
  CHECK(budget.tokens() == 4);
  budget.count(tests::kind::failure);
  budget.count(tests::kind::failure);
  CHECK_FALSE(budget.may_retry());
  tenax::retry_budget::ticket t;
  CHECK(budget.admit(t, {.number = 5, .polls = true}, {}).admitted());
  CHECK(budget.would_admit({.number = 5, .polls = true}, {}, {}).admitted());
  CHECK(budget.admit(t, {.number = 5}, {}).refused());
}

TEST_CASE("retry_budget: an odd number of tokens is halved exactly") {
  retry_budget budget({.tokens = 1, .ratio = 0.25, .failure_cost = 0.25, .throttled_cost = 0.5});
  CHECK(attempted(budget, kind::failure));
  CHECK(budget.may_retry());
  CHECK(attempted(budget, kind::failure));
  CHECK_FALSE(budget.may_retry());
}

TEST_CASE("retry_budget: ten times a tenth is one") {
  retry_budget budget({.tokens = 1000, .ratio = 0.1});
  for (int i = 0; i < 500; ++i) budget.count(kind::failure);
  for (int i = 0; i < 10; ++i) budget.count(kind::success);
  CHECK(budget.tokens() == 501);
}

TEST_CASE("retry_budget: invalid options are rejected") {
  CHECK(refused_options({}) == "accepted");
  CHECK(refused_options({.tokens = 0}) == "tenax: retry_budget: tokens must be from 1 to 1000000, but is 0");
  CHECK(refused_options({.tokens = -1}) == "tenax: retry_budget: tokens must be from 1 to 1000000, but is -1");
  CHECK(refused_options({.tokens = 1'000'001}) ==
        "tenax: retry_budget: tokens must be from 1 to 1000000, but is 1000001");
  CHECK(refused_options({.ratio = 0}) ==
        "tenax: retry_budget: ratio must be from 0.000001 to the number of tokens, but is 0");
  CHECK(refused_options({.ratio = 11}) ==
        "tenax: retry_budget: ratio must be from 0.000001 to the number of tokens, but is 11");
  CHECK(refused_options({.failure_cost = -1}) ==
        "tenax: retry_budget: failure_cost must be from 0.000001 to the number of tokens, but is -1");
  CHECK(refused_options({.throttled_cost = std::numeric_limits<double>::quiet_NaN()}) ==
        "tenax: retry_budget: throttled_cost must be from 0.000001 to the number of tokens, but is nan");
  CHECK(tests::described(retry_budget()) == "a retry budget");
}

TEST_CASE("retry_budget: an outage ends retries, and after a recovery they resume") {
  tenax::testing::virtual_time clock;
  retry_budget budget({.tokens = 10, .ratio = 0.1});
  auto const policy = tenax::retrying{}
                          .wait(tenax::wait::constant(1s))
                          .stop(tenax::stop::after_attempts(4))
                          .environment(std::ref(clock))
                          .through(std::ref(budget));
  int calls = 0;
  auto const down = [&]() -> int {
    ++calls;
    throw std::runtime_error("down");
  };
  CHECK(policy.try_call(down).reason == tenax::stop_reason::attempts);
  auto const second = policy.try_call(down);
  CHECK(second.reason == tenax::stop_reason::refused_by_gate);
  CHECK(second.attempts == 1);
  CHECK_FALSE(second.succeeded());
  for (int i = 0; i < 100; ++i) static_cast<void>(policy.try_call(down));
  CHECK(calls == 4 + 1 + 100);
  for (int i = 0; i < 61; ++i) CHECK(policy([] { return 1; }) == 1);
  CHECK(policy.try_call(down).attempts == 2);
}

TEST_CASE("retry_budget: random schedules agree with a model that counts millionths") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    tenax::seeded_random random(seed);
    auto const tokens = static_cast<std::int64_t>(1 + random() % 50);
    double const ratio = static_cast<double>(1 + random() % 100) / 100;
    double const cost = static_cast<double>(1 + random() % 100) / 100;
    retry_budget budget({.tokens = tokens, .ratio = ratio, .failure_cost = cost});
    auto const add = static_cast<std::int64_t>(ratio * 1e6 + 0.5), take = static_cast<std::int64_t>(cost * 1e6 + 0.5);
    auto left = tokens * 1'000'000;
    for (int i = 0; i < 300; ++i) {
      REQUIRE(budget.may_retry() == (2 * left > tokens * 1'000'000));
      bool const good = random() % 2 == 0;
      budget.count(good ? kind::success : kind::failure);
      left = good ? std::min(left + add, tokens * 1'000'000) : std::max<std::int64_t>(left - take, 0);
      REQUIRE(budget.tokens() == static_cast<double>(left) / 1e6);
    }
  }
}

TEST_CASE("retry_budget: eight threads lose no token") {
  constexpr int turns = 150'000;
  retry_budget budget({.tokens = 1'000'000, .ratio = 0.005, .failure_cost = 0.01});
  tests::in_eight_threads([&](int) {
    for (int i = 0; i < turns; ++i) {
      attempted(budget, kind::failure);
      attempted(budget, kind::success, 0s, 2);
      budget.count(kind::failure);
    }
  });
  // After the first failure never full again, and never near half.
  CHECK(budget.tokens() == 1'000'000 - 8 * turns * 0.015);
}
