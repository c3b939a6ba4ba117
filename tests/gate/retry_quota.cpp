// SPDX-License-Identifier: MIT
// retry_quota.cpp: the prices of retries, and the presets against the specifications of AWS and MongoDB.
#include <tenax/gate/retry_quota.hpp>

#include <algorithm>
#include <functional>
#include <optional>

#include <tenax/gate/keyed.hpp>
#include <tenax/tenax.hpp>
#include <tenax/testing/script.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "gates.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using Catch::Approx;
using tenax::retry_quota;
using tenax::retry_quota_options;
using tests::ask;
using tests::asked;
using tests::attempted;
using tests::kind;
using tests::tell;
using tests::verdict;
using ticket = retry_quota::ticket;

namespace {

std::string refused_options(retry_quota_options const& o) {
  return tests::rejection([&] {
    retry_quota const quota(o);
    return 0;
  });
}

/// Makes a retry after a failure of this kind, which ends as given. Returns whether it was admitted.
bool retried(retry_quota& quota, kind after, kind how) {
  ticket t;
  if (quota.reserve_retry(t, {.number = 2}, after, {}, {}).refused()) return false;
  REQUIRE(asked(quota, t, 1s, 2) == verdict::go);
  tell(quota, t, how, 2s);
  return true;
}

}  // namespace

static_assert(tenax::gate<retry_quota>);
static_assert(!std::is_copy_constructible_v<retry_quota>);

TEST_CASE("retry_quota: a retry costs tokens by the kind of failure before it, and a first attempt nothing") {
  retry_quota quota;
  CHECK(quota.tokens() == 500);
  CHECK(retried(quota, kind::failure, kind::failure));
  CHECK(quota.tokens() == 486);
  CHECK(retried(quota, kind::throttled, kind::throttled));
  CHECK(quota.tokens() == 481);
  for (auto const how : {kind::failure, kind::throttled, kind::answered, kind::cancelled, kind::unknown}) {
    CHECK(attempted(quota, how));
  }
  CHECK(quota.tokens() == 481);
  for (int i = 0; i < 34; ++i) CHECK(retried(quota, kind::failure, kind::failure));
  CHECK(quota.tokens() == 5);
  ticket t;
  auto const answer = quota.reserve_retry(t, {.number = 3}, kind::failure, {}, {});
  CHECK(answer.refused());
  CHECK(answer.reason == std::string("retry quota exhausted"));
  CHECK(retried(quota, kind::throttled, kind::failure));
  CHECK(quota.tokens() == 0);
  CHECK_FALSE(retried(quota, kind::throttled, kind::failure));
  CHECK(attempted(quota, kind::failure));  // a first attempt
}

TEST_CASE("retry_quota: a success gives tokens back, up to the maximum") {
  retry_quota quota;
  CHECK(attempted(quota, kind::success));
  CHECK(quota.tokens() == 500);
  CHECK(retried(quota, kind::failure, kind::success));
  CHECK(quota.tokens() == 500);
  CHECK(retried(quota, kind::failure, kind::failure));
  CHECK(retried(quota, kind::throttled, kind::success));
  CHECK(quota.tokens() == 486);
  CHECK(attempted(quota, kind::success));
  CHECK(quota.tokens() == 487);
}

TEST_CASE("retry_quota: a retry pays once, and one that never starts gives it back") {
  retry_quota quota;
  {
    ticket t;
    CHECK(quota.reserve_retry(t, {.number = 2}, kind::failure, {}, {}).admitted());
    CHECK(quota.tokens() == 486);
    CHECK(asked(quota, t, 1s, 2) == verdict::go);
    CHECK(asked(quota, t, 2s, 2) == verdict::go);
    CHECK(quota.tokens() == 486);
  }
  CHECK(quota.tokens() == 500);
  ticket hedge;  // no decision to retry before it
  CHECK(asked(quota, hedge, 0s, 2) == verdict::go);
  CHECK(quota.tokens() == 486);
  tell(quota, hedge, kind::success);
  CHECK(quota.tokens() == 500);
  ticket poll;
  CHECK(quota.reserve_retry(poll, {.number = 2, .polls = true}, kind::success, {}, {}).admitted());
  CHECK(quota.admit(poll, {.number = 2, .polls = true}, {}).admitted());
  CHECK(quota.tokens() == 500);
}

TEST_CASE("retry_quota: invalid options are rejected") {
  CHECK(refused_options({.tokens = 0}) == "tenax: retry_quota: tokens must be from 1 to 1000000, but is 0");
  CHECK(refused_options({.retry_cost = 501}) ==
        "tenax: retry_quota: retry_cost must be from 0 to the number of tokens, but is 501");
  CHECK(refused_options({.throttled_retry_cost = -1}) ==
        "tenax: retry_quota: throttled_retry_cost must be from 0 to the number of tokens, but is -1");
  CHECK(refused_options({.success = -1}) ==
        "tenax: retry_quota: success must be from 0 to the number of tokens, but is -1");
  CHECK(refused_options({.retry_success = 1e9}) ==
        "tenax: retry_quota: retry_success must be from 0 to the number of tokens, but is 1000000000");
  CHECK(refused_options({.retry_failure = -0.5}) ==
        "tenax: retry_quota: retry_failure must be from 0 to the number of tokens, but is -0.5");
  CHECK(refused_options({.retry_cost = 0, .throttled_retry_cost = 0}) ==
        "tenax: retry_quota: retry_cost must be more than 0 if throttled_retry_cost is 0, but is 0");
  CHECK(refused_options(retry_quota_options::mongodb()) == "accepted");
  CHECK(tests::described(retry_quota()) == "a retry quota");
}

TEST_CASE("retry_quota: in a policy, a retry pays before its wait, and the call ends at once if it cannot") {
  tenax::testing::virtual_time clock;
  retry_quota quota({.tokens = 30, .retry_cost = 14, .throttled_retry_cost = 5});
  auto const policy = tenax::retrying{}
                          .wait(tenax::wait::constant(1s))
                          .stop(tenax::stop::after_attempts(9))
                          .environment(std::ref(clock))
                          .through(std::ref(quota));
  double in_wait = 0;
  auto const report = policy.before_sleep([&](auto const&) { in_wait = quota.tokens(); }).try_call([]() -> int {
    throw std::runtime_error("down");
  });
  CHECK(in_wait == 2);
  CHECK(report.attempts == 3);
  CHECK(report.waited == 2s);
  CHECK(report.reason == tenax::stop_reason::refused_by_gate);
  CHECK(report.refusal == std::string("retry quota exhausted"));
  CHECK(quota.tokens() == 2);

  retry_quota throttled({.tokens = 30, .retry_cost = 14, .throttled_retry_cost = 5});
  auto const busy = tenax::retrying{}
                        .wait(tenax::wait::constant(1s))
                        .stop(tenax::stop::after_attempts(9))
                        .environment(std::ref(clock))
                        .through(std::ref(throttled))
                        .try_call([]() -> int { throw tenax::retry_after(1s, std::runtime_error("busy")); });
  CHECK(busy.attempts == 7);
  CHECK(throttled.tokens() == 0);
}

TEST_CASE("retry_quota: one for each key") {
  tenax::testing::virtual_time clock;
  tenax::keyed<std::string, retry_quota> quotas([] { return retry_quota({.tokens = 14}); });
  auto const calls = [&](std::string const& key) {
    return tenax::retrying{}
        .wait(tenax::wait::constant(1s))
        .environment(std::ref(clock))
        .through(quotas[key])
        .try_call([]() -> int { throw std::runtime_error("down"); })
        .attempts;
  };
  CHECK(calls("a") == 2);
  CHECK(calls("a") == 1);
  CHECK(calls("b") == 2);
}

namespace {

/// The bucket of the AWS SDKs, from a table of the AWS SDKs and Tools Reference Guide: capacity, costs, and what comes
/// back.
class aws_bucket {
 public:
  bool acquire(bool throttling) {
    int const cost = throttling ? 5 : 14;
    if (cost > left_) return false;
    left_ -= cost;
    last_ = cost;
    return true;
  }
  void succeeded(bool after_retry) { left_ = std::min(500, left_ + (after_retry ? last_ : 1)); }
  [[nodiscard]] int left() const { return left_; }

 private:
  int left_ = 500;
  int last_ = 0;
};

/// The bucket of MongoDB's specification: `consume` and `deposit`, in tenths of a token.
class mongo_bucket {
 public:
  bool consume(int n) {
    if (left_ < n) return false;
    left_ -= n;
    return true;
  }
  void deposit(int n) { left_ = std::min(10'000, left_ + n); }
  [[nodiscard]] int left() const { return left_; }

 private:
  int left_ = 10'000;
};

constexpr kind failures[] = {kind::failure, kind::throttled};

}  // namespace

TEST_CASE("retry_quota: the preset for AWS counts as the specification does") {
  constexpr auto preset = retry_quota_options::aws_2026();
  STATIC_REQUIRE(preset.tokens == 500);
  STATIC_REQUIRE(preset.retry_cost == 14);
  STATIC_REQUIRE(preset.throttled_retry_cost == 5);
  STATIC_REQUIRE(preset.success == 1);
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    INFO("seed " << seed);
    tenax::seeded_random random(seed);
    auto const share_of_failures = random() % 100;
    retry_quota quota(preset);
    aws_bucket bucket;
    for (int call = 0; call < 300; ++call) {
      ticket t;
      REQUIRE(asked(quota, t) == verdict::go);
      for (std::uint32_t n = 1;; ++n) {
        if (random() % 100 >= share_of_failures) {
          tell(quota, t, kind::success);
          bucket.succeeded(n > 1);
          break;
        }
        auto const how = failures[random() % 2];
        tell(quota, t, how);
        if (n == 3) break;
        bool const in = quota.reserve_retry(t, {.number = n + 1}, how, {}, {}).admitted();
        REQUIRE(in == bucket.acquire(how == kind::throttled));
        if (!in) break;
        REQUIRE(asked(quota, t, 0s, n + 1) == verdict::go);
      }
      REQUIRE(quota.tokens() == bucket.left());
    }
  }
}

TEST_CASE("retry_quota: the preset for MongoDB counts as the specification does") {
  constexpr auto preset = retry_quota_options::mongodb();
  STATIC_REQUIRE(preset.tokens == 1000);
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    INFO("seed " << seed);
    tenax::seeded_random random(seed);
    auto const share_of_failures = 50 + random() % 50;
    retry_quota quota(preset);
    mongo_bucket bucket;
    for (int call = 0; call < 600; ++call) {
      ticket t;
      REQUIRE(asked(quota, t) == verdict::go);
      for (std::uint32_t n = 1;; ++n) {
        if (random() % 100 >= share_of_failures) {
          tell(quota, t, kind::success);
          bucket.deposit(n > 1 ? 11 : 1);
          break;
        }
        bool const overload = random() % 4 != 0;
        auto const how = overload ? kind::throttled : random() % 2 == 0 ? kind::failure : kind::answered;
        tell(quota, t, how);
        if (n > 1 && !overload) bucket.deposit(10);
        if (n == 6 || how == kind::answered) break;
        bool const in = quota.reserve_retry(t, {.number = n + 1}, how, {}, {}).admitted();
        REQUIRE(in == (!overload || bucket.consume(10)));
        if (!in) break;
        REQUIRE(asked(quota, t, 0s, n + 1) == verdict::go);
      }
      REQUIRE(quota.tokens() == Approx(bucket.left() / 10.0));
    }
  }
}

TEST_CASE("retry_quota: the waits of AWS: the server's wait, between the own wait and 5 s more") {
  // The largest own waits: 50 ms, 100 ms; after a throttled attempt 1 s, 2 s.
  auto const transient = tenax::wait::exponential({.base = 50ms, .max = 20s}).full();
  auto const waits = [&](tenax::duration asked) {
    tenax::testing::virtual_time clock;
    retry_quota quota(retry_quota_options::aws_2026());
    auto const policy = tenax::retrying{}
                            .wait(transient)
                            .max_server_wait(5s, tenax::too_long::lengthen)
                            .stop(tenax::stop::after_attempts(3))
                            .environment(std::ref(clock))
                            .through(std::ref(quota));
    static_cast<void>(policy.try_call([&]() -> int { throw tenax::retry_after(asked, std::runtime_error("busy")); }));
    return clock.slept();
  };
  CHECK(waits(700ms) == 1400ms);
  CHECK(waits(5s) == 10s);
  auto const longest = waits(1h);  // own wait + 5 s, twice
  CHECK(longest >= 10s);
  CHECK(longest <= 10s + 150ms);
  auto const shortest = waits(0s);
  CHECK(shortest <= 150ms);
}

TEST_CASE("retry_quota: eight threads lose no token") {
  retry_quota quota;
  tests::in_eight_threads([&](int thread) {
    tenax::seeded_random random(static_cast<std::uint64_t>(thread));
    for (int i = 0; i < 60'000; ++i) {
      ticket t;
      auto const how = failures[random() % 2];
      if (quota.reserve_retry(t, {.number = 2}, how, {}, {}).refused()) continue;
      if (random() % 2 == 0) tell(quota, t, kind::success);  // otherwise it never starts
    }
  });
  CHECK(quota.tokens() == 500);
}
