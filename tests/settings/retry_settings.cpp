// SPDX-License-Identifier: MIT
// retry_settings.cpp: settings make policies of one type, which can be members and be assigned.
#include <tenax/settings/retry_settings.hpp>

#include <functional>
#include <stdexcept>

#include <tenax/settings.hpp>
#include <tenax/tenax.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "catch.hpp"

using namespace std::chrono_literals;
using tenax::retry_settings;
using tenax::wait_kind;

namespace {

/// A client whose policy comes from a configuration that may change.
class client {
 public:
  explicit client(retry_settings const& s) : retry_(s.policy()) {}
  void configure(retry_settings const& s) { retry_ = s.policy(); }
  int calls_until_failure(tenax::testing::virtual_time& clock) const {
    int calls = 0;
    auto const report = retry_.environment(std::ref(clock)).try_call([&]() -> int {
      ++calls;
      throw std::runtime_error("down");
    });
    CHECK_FALSE(report.succeeded());
    return calls;
  }

 private:
  tenax::configured_retrying<> retry_;
};

}  // namespace

TEST_CASE("Settings without a change make the policy of retrying{}") {
  tenax::testing::virtual_time clock, other;
  auto const down = []() -> int { throw std::runtime_error("down"); };
  auto const configured = retry_settings{}.policy().environment(std::ref(clock)).try_call(down);
  auto const written = tenax::retrying{}.environment(std::ref(other)).try_call(down);
  CHECK(configured.attempts == written.attempts);
  CHECK(configured.waited == written.waited);
  CHECK(configured.reason == written.reason);
  CHECK(tenax::worst_case(retry_settings{}.policy().policy()).total_wait ==
        tenax::worst_case(tenax::retrying{}.policy()).total_wait);
}

TEST_CASE("A class has a policy from a configuration as a member, and takes a new one") {
  tenax::testing::virtual_time clock;
  client c({.attempts = 2});
  CHECK(c.calls_until_failure(clock) == 2);
  c.configure({.attempts = 7, .wait = {.kind = wait_kind::none}});
  CHECK(c.calls_until_failure(clock) == 7);
  c.configure({.attempts = retry_settings::unlimited,
               .wait = {.kind = wait_kind::constant, .jitter = tenax::jitter_kind::none, .first = 2s},
               .deadline = 9s});
  CHECK(c.calls_until_failure(clock) == 5);
}

TEST_CASE("The code adds a predicate and everything else to the policy of settings") {
  tenax::testing::virtual_time clock;
  retry_settings const settings{.attempts = 4, .wait = {.kind = wait_kind::none}};
  auto const zero = tenax::when::result([](int n) { return n == 0; });
  int calls = 0;
  auto const count = [&] { return ++calls < 3 ? 0 : calls; };
  CHECK(settings.policy(zero).environment(std::ref(clock))(count) == 3);
  calls = 0;
  CHECK(settings.policy().when(zero).environment(std::ref(clock))(count) == 3);
}

TEST_CASE("The longest server wait and what happens above it come from settings") {
  tenax::testing::virtual_time clock;
  auto const asks = [](tenax::attempt_info const& a) {
    if (a.number == 1) throw tenax::retry_after(10s, std::runtime_error("busy"));
  };
  retry_settings settings{.server_wait = {.max = 5s}};
  auto const gave_up = settings.policy().environment(std::ref(clock)).try_call(asks);
  CHECK(gave_up.reason == tenax::stop_reason::server_wait_too_long);
  settings.server_wait.action = tenax::too_long::clamp;
  auto const clamped = settings.policy().environment(std::ref(clock)).try_call(asks);
  CHECK(clamped.succeeded());
  CHECK(clamped.waited == 5s);
}

TEST_CASE("Settings with an attempt timeout make a policy that limits attempts, and no other") {
  retry_settings const settings{.attempts = 1, .attempt_timeout = 2s};
  CHECK_THROWS_WITH(settings.policy(),
                    "tenax: these settings have an attempt_timeout; write settings.timed_policy() "
                    "instead of settings.policy()");
  tenax::duration left{};
  settings.timed_policy()([&](tenax::attempt_info const& a) { left = a.time_left; });
  CHECK(left == 2s);
  retry_settings{}.timed_policy()([&](tenax::attempt_info const& a) { left = a.time_left; });
  CHECK(left == (tenax::duration::max)());
}

TEST_CASE("Settings that make no policy are rejected when the policy is made") {
  CHECK_THROWS_AS(retry_settings{.attempts = 0}.policy(), std::invalid_argument);
  CHECK_THROWS_AS(retry_settings{.deadline = 0s}.policy(), std::invalid_argument);
  CHECK_THROWS_AS((retry_settings{.server_wait = {.max = -1s}}.policy()), std::invalid_argument);
  CHECK_THROWS_AS(retry_settings{.attempt_timeout = -1s}.timed_policy(), std::invalid_argument);
}
