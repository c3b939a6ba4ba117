// SPDX-License-Identifier: MIT
// policies.cpp: whole policies are constants, and calls with them can be made at compile time.
#include <tenax/tenax.hpp>

#include <optional>
#include <system_error>

using namespace std::chrono_literals;

struct own_status {
  bool ok() const;
};
struct own_maybe {
  bool has_value() const;
};
struct own_future {
  bool valid() const;
  void wait();
  int get();
};
struct own_value {
  int error() const;
};
template <>
struct tenax::result_traits<own_value> {
  static constexpr bool can_fail = false;
};

namespace {

struct network_error {};

constexpr auto polite =
    tenax::retrying{}
        .when(tenax::when::exception<network_error> || tenax::when::result([](int status) { return status == 429; }))
        .wait(tenax::wait::first_of(tenax::wait::only_if(tenax::when::exception<network_error>, tenax::wait::none),
                                    tenax::wait::retry_after + tenax::wait::uniform(0s, 500ms),
                                    tenax::wait::exponential({.base = 1s, .max = 30s}).full()))
        .stop(tenax::stop::after_attempts(5) || tenax::stop::deadline(2min).clip_last_wait())
        .max_server_wait(1min, tenax::too_long::clamp);

// Varying a policy gives another constant.
constexpr auto eager = polite.stop(tenax::stop::after_attempts(2));
static_assert(eager.condition.attempts == 2 && polite.condition.left.attempts == 5);
static_assert(polite.limits.server.max == 1min && eager.limits.server.action == tenax::too_long::clamp);
static_assert(tenax::worst_case(polite).attempts == 5 && tenax::worst_case(polite).total_wait == 2min);

// A policy without a part that uses time declares it.
static_assert(polite.uses_time && !eager.uses_time && !tenax::retrying{}.uses_time);

// The documented defaults.
constexpr tenax::retrying<> safe;
static_assert(safe.condition.attempts == 3);
static_assert(safe.strategy.strategy.base == 100ms && safe.strategy.strategy.factor == 2.0 &&
              safe.strategy.strategy.max == 5s);
static_assert(safe.strategy({.number = 1}) == 50ms && safe.strategy({.number = 99}) == 2500ms);
static_assert(safe.limits.server.max == 5min && safe.limits.server.action == tenax::too_long::give_up);

// Numbers, pointers and optional-like types are plain values. A future is not a value yet, and a status type has to be
// read.
template <class Policy, class T>
constexpr bool fits = tenax::detail::policy_fits<Policy, T>;
using by_default = tenax::default_policy;
static_assert(fits<by_default, int> && fits<by_default, bool> && fits<by_default, int*> && fits<by_default, void>);
static_assert(fits<by_default, std::optional<int>> && fits<by_default, std::optional<int>&>);
static_assert(fits<by_default, std::error_code> && fits<by_default, network_error>);
static_assert(!fits<by_default, own_status> && !fits<by_default, own_status const&> && !fits<by_default, own_maybe>);
static_assert(!fits<by_default, own_future> && !fits<by_default, own_future&>);
constexpr auto reads_status = tenax::retrying{}.when(tenax::when::result([](own_status const& s) { return !s.ok(); }));
static_assert(fits<std::remove_cvref_t<decltype(reads_status.policy())>, own_status>);
constexpr auto advised =
    tenax::retrying{}.read_hints_with([](tenax::attempt<own_status> const&) { return tenax::hint{}; });
static_assert(fits<std::remove_cvref_t<decltype(advised.policy())>, own_status>);
static_assert(fits<by_default, own_value>);  // its traits say that it cannot fail

// The engine decides at compile time: two retries with the waits of the strategy, then the limit.
constexpr bool waits_then_gives_up() {
  auto const policy = tenax::retrying{}
                          .when(tenax::when::result([](int n) { return n < 0; }))
                          .wait(tenax::wait::linear({.first = 1s, .step = 2s}))
                          .stop(tenax::stop::after_attempts(3) || tenax::stop::deadline(1h));
  auto now = tenax::time_point(100s);
  tenax::retry_loop<decltype(policy) const&> loop(policy, now);
  tenax::outcome<int> const bad(-1);
  tenax::duration waits[3] = {};
  for (auto next = loop.start_attempt(now); next.starts(); next = loop.start_attempt(now)) {
    next = loop.finish_attempt(bad, now);
    if (next.stops()) break;
    waits[loop.attempts() - 1] = next.delay;
    now += next.delay;
  }
  return waits[0] == 1s && waits[1] == 3s && waits[2] == 0s && loop.attempts() == 3 && loop.info().waited == 4s &&
         loop.info().elapsed == 4s && loop.reason() == tenax::stop_reason::attempts;
}
static_assert(waits_then_gives_up());

constexpr bool gives_up_before_a_deadline() {
  auto const policy =
      tenax::retrying{}.when(tenax::when::always).wait(tenax::wait::constant(4s)).stop(tenax::stop::deadline(10s));
  tenax::retry_loop<decltype(policy) const&> loop(policy, {});
  tenax::time_point now;
  auto next = loop.start_attempt(now);
  while (next.starts()) {
    now += 1s;
    next = loop.finish_attempt(tenax::outcome<void>(), now);
    if (next.stops()) break;
    now += next.delay;
    next = loop.start_attempt(now);
  }
  // Attempts end after 1 s and 6 s; another wait would end exactly on the deadline.
  return loop.attempts() == 2 && loop.info().elapsed == 6s && loop.reason() == tenax::stop_reason::deadline;
}
static_assert(gives_up_before_a_deadline());

}  // namespace
