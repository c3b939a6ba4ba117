// SPDX-License-Identifier: MIT
// policies.cpp: whole policies are constants, and calls by them can be made at compile time.
#include <tenax/tenax.hpp>

using namespace std::chrono_literals;
namespace stop = tenax::stop;
namespace wait = tenax::wait;
namespace when = tenax::when;

namespace {

struct network_error {};

constexpr auto polite =
    tenax::retrying{}
        .when(when::exception<network_error> || when::result([](int status) { return status == 429; }))
        .wait(wait::first_of(wait::only_if(when::exception<network_error>, wait::none), wait::retry_after + wait::uniform(0s, 500ms),
                             wait::exponential({.base = 1s, .max = 30s}).full()))
        .stop(stop::after_attempts(5) || stop::deadline(2min).clip_last_wait())
        .max_server_wait(1min, tenax::too_long::clamp);

// Varying a policy gives another constant.
constexpr auto eager = polite.stop(stop::after_attempts(2));
static_assert(eager.condition.attempts == 2 && polite.condition.left.attempts == 5);
static_assert(polite.server_limit.max == 1min && eager.server_limit.action == tenax::too_long::clamp);
static_assert(tenax::worst_case(polite).attempts == 5 && tenax::worst_case(polite).total_wait == 2min);

// A policy without a part that looks at time says so.
static_assert(polite.uses_time && !eager.uses_time && !tenax::retrying{}.uses_time);

// The table of defaults.
constexpr tenax::retrying<> safe;
static_assert(safe.condition.attempts == 3);
static_assert(safe.strategy.strategy.base == 100ms && safe.strategy.strategy.factor == 2.0 && safe.strategy.strategy.max == 5s);
static_assert(safe.strategy({.number = 1}) == 50ms && safe.strategy({.number = 99}) == 2500ms);
static_assert(safe.server_limit.max == 5min && safe.server_limit.action == tenax::too_long::give_up);

// A call: 429 twice, then 200.
constexpr int calls_until_200() {
  int calls = 0;
  auto const at_once = tenax::retrying{}.when(when::result([](int s) { return s == 429; })).wait(wait::none);
  int const status = at_once([&] { return ++calls < 3 ? 429 : 200; });
  return status == 200 ? calls : -1;
}
static_assert(calls_until_200() == 3);

// The engine by hand: two retries and the waits that it asks for, then the limit.
constexpr bool waits_then_gives_up() {
  auto const policy = tenax::retrying{}
                          .when(when::result([](int n) { return n < 0; }))
                          .wait(wait::fibonacci({.unit = 1s}))
                          .stop(stop::after_attempts(3) || stop::deadline(1h));
  auto now = tenax::time_point(100s);
  tenax::retry_loop<decltype(policy) const&> loop(policy, now);
  tenax::outcome<int> const bad(-1);
  duration_check:
  if (!loop.start_attempt(now).starts()) return false;
  auto next = loop.finish_attempt(bad, now);
  if (loop.attempts() < 3) {
    if (!next.waits() || next.delay != 1s) return false;
    now += next.delay;
    goto duration_check;
  }
  return next.stops() && next.reason == tenax::stop_reason::attempts && loop.info().waited == 2s;
}
static_assert(waits_then_gives_up());

}  // namespace
