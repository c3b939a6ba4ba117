// SPDX-License-Identifier: MIT
// async/coroutine_hedged.hpp: `coroutine::hedged`: hedged calls in coroutines of any library.
#pragma once

#include <type_traits>
#include <utility>

#include <tenax/async/coroutine.hpp>
#include <tenax/async/detail/hedge_coroutine.hpp>
#include <tenax/async/detail/kept_hedging.hpp>
#include <tenax/async/wake_signal.hpp>
#include <tenax/cancel.hpp>
#include <tenax/detail/reject.hpp>

namespace tenax {
namespace detail {

/// Whether an operation can be hedged in coroutines; if not, a static_assert says why.
template <class Sleep, class F>
constexpr bool check_hedged_coroutine() {
  constexpr bool callable = callable_operation<F>;
  constexpr bool awaits = awaitable<result_or_void<F>>;
  static_assert(callable && awaits,
                "tenax: coroutine::hedged() needs an operation that returns something to co_await, and takes no "
                "arguments or a `tenax::attempt_info const&`, as in [=] { return fetch(url); }");
  constexpr bool woken = sleep_can_be_woken<Sleep>;
  static_assert(
      woken,
      "tenax: coroutine::hedged() needs a sleep that can be ended: one that is called as sleep(d, signal), with "
      "a tenax::wake_signal&; see <tenax/async/wake_signal.hpp>");
  return callable && awaits && woken;
}

template <class Hedging>
void require_no_abandoning(Hedging const& hedging) {
  if (hedging.abandons_losers()) {
    invalid_parameter("hedging: abandon_losers", "must be false in coroutine::hedged()", "true");
  }
}

template <template <class> class Task, class Hedging, class Sleep, class F>
auto start_hedged_coroutine(Hedging& hedging, Sleep sleep, F operation, inherited_limits limits) {
  using result = awaited_result<F>;
  using environment = typename Hedging::environment_type;
  using world = coroutine_environment<environment, Sleep, true>;
  require_no_abandoning(hedging);
  return drive_hedged<result, Task<result>, Hedging, world, F>(hedging, world(hedging.environment(), std::move(sleep)),
                                                               std::move(operation), std::move(limits));
}

/// The operation of a policy whose attempts are hedged calls.
template <template <class> class Task, class Policy, class Hedging, class Sleep, class F>
struct hedged_coroutine_attempt {
  Policy policy;
  Hedging* hedging;
  Sleep sleep;
  F operation;

  auto operator()(attempt_info const& info) {
    struct same_operation {
      F* f;
      decltype(auto) operator()(attempt_info const& i) const { return call_operation(i, *f); }
    };
    return start_hedged_coroutine<Task>(*hedging, sleep, same_operation{&operation}, limits_of(policy, info));
  }
};

}  // namespace detail

namespace coroutine {

/// Makes a hedged call: calls `operation()`, or `operation(info)` if it takes the attempt's numbers, and calls it once
/// more if the first attempt takes too long, as `hedging` says. A coroutine of the type `Task<T>`, which returns the
/// first result that is not a failure. If all attempts fail, it throws what the last one threw.
/// ```
/// page const p = co_await tenax::coroutine::hedged<task>(reads, sleep, [=] { return fetch(url); });
/// ```
/// `Task` and `sleep` are those of `coroutine::retry`; it has to be possible to end the sleep, as `sleep(d, signal)`.
///
/// The other attempts are cancelled by the token of their `attempt_info`: an operation that takes it looks at
/// `info.stop_requested()`, or passes `tenax::stop_token_of(info)` on. The call ends when all attempts have ended. So
/// `.abandon_losers` is rejected with `std::invalid_argument`. Each attempt is a coroutine of its own, which is
/// destroyed with the call. `hedging` outlives the call.
template <template <class> class Task, detail::any_hedging Hedging, class Sleep, class F>
auto hedged(Hedging&& hedging, Sleep sleep, F operation) {
  auto& kept = detail::kept_hedging<Hedging>(hedging);
  if constexpr (detail::check_hedged_coroutine<Sleep, F>()) {
    return detail::start_hedged_coroutine<Task>(kept, std::move(sleep), std::move(operation), {});
  }
}

/// As `retry<Task>(policy, sleep, operation)`, but every attempt is a hedged call. Hedges have the token and the time
/// limit of the attempt, and pass the gates of the policy.
template <template <class> class Task, class Policy, class Env, detail::any_hedging Hedging, class Sleep, class F>
auto hedged(retrying<Policy, Env> const& policy, Hedging&& hedging, Sleep sleep, F operation) {
  auto& kept = detail::kept_hedging<Hedging>(hedging);
  if constexpr (detail::check_hedged_coroutine<Sleep, F>()) {
    using attempt = detail::hedged_coroutine_attempt<Task, Policy, std::remove_cvref_t<Hedging>, Sleep, F>;
    detail::require_no_abandoning(kept);  // here, so that the policy does not retry the mistake
    auto own = sleep;
    return retry<Task>(policy, std::move(own), attempt{policy.policy(), &kept, std::move(sleep), std::move(operation)});
  }
}

}  // namespace coroutine
}  // namespace tenax
