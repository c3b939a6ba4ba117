// SPDX-License-Identifier: MIT
// async/coroutine.hpp: retries in coroutines of any library. A call that waits needs a timer, not a thread.
#pragma once

#include <type_traits>
#include <utility>

#include <tenax/async/detail/drive_coroutine.hpp>
#include <tenax/async/detail/lent_time.hpp>
#include <tenax/async/detail/timed_coroutine.hpp>
#include <tenax/platform/compiler.hpp>
#include <tenax/retrying.hpp>

namespace tenax {

class wake_signal;

namespace detail {

/// Whether a sleep can be ended by a gate.
template <class Sleep>
inline constexpr bool sleep_can_be_woken =
    requires(source_type<Sleep>& sleep, duration d, wake_signal& signal) { sleep(d, signal); };

/// Whether a call uses the sleep that can be ended: a gate may end it, or there is no other.
template <class Policy, class Sleep>
inline constexpr bool uses_signal =
    sleep_can_be_woken<Sleep> && (Policy::gates_type::wakes || !requires(source_type<Sleep>& s, duration d) { s(d); });

/// A signal in an object that moves only before its first use.
template <class Signal>
struct kept_signal {
  kept_signal() = default;
  kept_signal(kept_signal&&) noexcept : kept_signal() {}
  kept_signal& operator=(kept_signal&&) = delete;

  Signal signal{};
};
struct no_signal {};

/// A call's environment: time, sleep and randomness from the coroutine's library where it provides them. `Wakes`: gates
/// end its sleeps.
template <class Env, class Sleep, bool Wakes>
class coroutine_environment : public lent_time<Env, Sleep> {
 public:
  using lent_time<Env, Sleep>::lent_time;

  /// Lends a waker for the next wait.
  [[nodiscard]] waker lend() noexcept
    requires Wakes
  {
    return kept_.signal.lend();
  }

  /// Whether the last wait was ended by its waker.
  [[nodiscard]] bool woken() const noexcept
    requires Wakes
  {
    return kept_.signal.stop_requested();
  }

  /// The length of the next wait.
  void set_pause(duration d) noexcept { pause_ = d; }
  /// Returns something to await.
  template <class Token>
  auto pause(Token const& token) {
    if constexpr (Wakes && requires(duration d) { source_of(this->source)(d, token, kept_.signal); }) {
      return source_of(this->source)(duration(pause_), token, kept_.signal);
    } else if constexpr (Wakes) {
      return source_of(this->source)(duration(pause_), kept_.signal);
    } else if constexpr (can_stop<Token> && requires(duration d) { source_of(this->source)(d, token); }) {
      return source_of(this->source)(duration(pause_), token);
    } else {
      return source_of(this->source)(duration(pause_));
    }
  }

 private:
  duration pause_{};
  TENAX_NO_UNIQUE_ADDRESS std::conditional_t<Wakes, kept_signal<wake_signal>, no_signal> kept_{};
};

template <template <class> class Task, bool WantsReport, class Policy, class Env, class Sleep, class F>
auto start_coroutine(retrying<Policy, Env> const& policy, Sleep sleep, F operation) {
  if constexpr (check_async_operation<Policy, F, false>()) {
    using result = awaited_result<F>;
    using world = coroutine_environment<Env, Sleep, uses_signal<Policy, Sleep>>;
    using task = Task<std::conditional_t<WantsReport, report<result>, result>>;
    // An attempt ends in time if the sleep can be ended, and if the operation hears of its token.
    if constexpr (Policy::limits_type::times_attempts && sleep_can_be_woken<Sleep> && called_with_attempt<F>) {
      using timed = timed_operation<Task, coroutine_environment<Env, Sleep, true>, F>;
      timed ends_in_time({policy.environment(), sleep}, std::move(operation));
      return drive_coroutine<result, WantsReport, task, Policy, world, timed>(
          policy.policy(), world(policy.environment(), std::move(sleep)), std::move(ends_in_time));
    } else {
      return drive_coroutine<result, WantsReport, task, Policy, world, F>(
          policy.policy(), world(policy.environment(), std::move(sleep)), std::move(operation));
    }
  }
}

}  // namespace detail

/// Retries in coroutines of any library.
namespace coroutine {

/// Calls `operation()`, or `operation(info)` if it takes the attempt's numbers, and awaits the result, until the policy
/// accepts the outcome or gives up. A coroutine of the type `Task<T>`, where `T` is the type of the awaited result. It
/// returns the value of the last attempt or throws its exception; if there was no attempt, it throws
/// `tenax::cancelled`, `tenax::refused` or `tenax::expired`.
/// ```
/// auto const sleep = [&](tenax::duration d) { return loop.sleep(d); };
/// page const p = co_await tenax::coroutine::retry<task>(polite, sleep, [=] { return fetch(url); });
/// ```
/// `Task` is a template with one parameter; if yours has more, write an alias. `sleep(d)` returns something that can be
/// awaited for `d`; `std::ref` of a sleep is accepted. If `sleep(d, token)` can be called, with the token of
/// `.cancel_with()`, the token can end the sleep early; otherwise a cancellation is noticed when the sleep ends. If
/// `sleep` has a function `now()`, that is the clock, and if it has `random()`, that is the source of randomness.
/// Otherwise these come from the policy's environment.
///
/// If `sleep(d, signal)` can be called with a `wake_signal&`, or `sleep(d, token, signal)`, a gate can end the sleep:
/// see <tenax/async/wake_signal.hpp>. Otherwise the gate is asked from time to time.
///
/// A `sleep(d)` that ends early is called again for the rest. `d` may be `duration::max()`, a wait without end. A
/// `std::system_error` with `std::errc::operation_canceled` counts as a cancellation, and ends the call.
///
/// The policy, the sleep and the operation are copied into the coroutine: only the objects that they refer to have to
/// outlive it. For `.attempt_timeout()`, the operation has to take the `attempt_info`. If the sleep can be ended, as
/// `sleep(d, signal)`, the call triggers the token of the attempt when its time is over (`info.stop_requested()`,
/// `tenax::stop_token_of(info)`), and waits for its end; an attempt that fails then has failed with
/// `tenax::attempt_timed_out`. Otherwise an attempt cannot be interrupted, and the operation has to obey
/// `info.time_left`. The operation is one object for all attempts and is not moved, so that its coroutines may
/// refer to it. A coroutine that is destroyed while it waits gives the permits of gates back.
template <template <class> class Task, class Policy, class Environment, class Sleep, class F>
auto retry(retrying<Policy, Environment> const& policy, Sleep sleep, F operation) {
  return detail::start_coroutine<Task, false>(policy, std::move(sleep), std::move(operation));
}

/// As `retry`, but a coroutine of the type `Task<tenax::report<T>>`: value or exception, why the call stopped, and the
/// numbers. Throws only exceptions of the policy's callbacks.
template <template <class> class Task, class Policy, class Environment, class Sleep, class F>
auto try_retry(retrying<Policy, Environment> const& policy, Sleep sleep, F operation) {
  return detail::start_coroutine<Task, true>(policy, std::move(sleep), std::move(operation));
}

}  // namespace coroutine
}  // namespace tenax
