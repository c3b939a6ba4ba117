// SPDX-License-Identifier: MIT
// async/coroutine.hpp: the driver for coroutines of any library: a call that waits costs a timer, not a thread.
#pragma once

#include <concepts>
#include <system_error>
#include <type_traits>
#include <utility>

#include <tenax/async/detail/drive_coroutine.hpp>
#include <tenax/platform/compiler.hpp>
#include <tenax/retrying.hpp>

namespace tenax {

namespace detail {

/// A call's environment: time, sleep and randomness of the coroutine's library, as far as they are given.
template <class Env, class Sleep>
class coroutine_environment {
 public:
  coroutine_environment(Env environment, Sleep sleep)
      : environment_(std::move(environment)), sleep_(std::move(sleep)) {}

  [[nodiscard]] time_point now() const {
    if constexpr (requires { unwrap(sleep_).now(); }) {
      return time_point(unwrap(sleep_).now());
    } else {
      return time_point(unwrap(environment_).now());
    }
  }

  [[nodiscard]] random_source& random() const
    requires(requires(Sleep const& s) { unwrap(s).random(); } ||
             (!std::same_as<Env, real_time> && requires(Env const& e) { unwrap(e).random(); }))
  {
    if constexpr (requires { unwrap(sleep_).random(); }) {
      return unwrap(sleep_).random();
    } else {
      return unwrap(environment_).random();
    }
  }

  /// An exception as one with an error code, null if it is none; and whether that says that the operation was cancelled.
  [[nodiscard]] static std::system_error const* system_error_in([[maybe_unused]] std::exception const& e) noexcept {
#if defined(__cpp_rtti)
    return dynamic_cast<std::system_error const*>(&e);
#else
    return nullptr;
#endif
  }
  [[nodiscard]] static bool says_cancelled(std::system_error const& e) noexcept {
    return e.code() == std::errc::operation_canceled;
  }

  /// Something to await.
  template <class Token>
  auto pause(duration d, Token const& token) {
    if constexpr (can_stop<Token> && requires { unwrap(sleep_)(d, token); }) {
      return unwrap(sleep_)(d, token);
    } else {
      return unwrap(sleep_)(d);
    }
  }

 private:
  TENAX_NO_UNIQUE_ADDRESS Env environment_;
  TENAX_NO_UNIQUE_ADDRESS Sleep sleep_;
};

template <template <class> class Task, bool WantsReport, class Policy, class Env, class Sleep, class F>
auto start_coroutine(retrying<Policy, Env> const& policy, Sleep sleep, F operation) {
  if constexpr (check_async_operation<Policy, F, false>()) {
    using result = awaited_result<F>;
    using world = coroutine_environment<Env, Sleep>;
    using task = Task<std::conditional_t<WantsReport, report<result>, result>>;
    return drive_coroutine<result, WantsReport, task, Policy, world, F>(
        policy.policy(), world(policy.environment(), std::move(sleep)), std::move(operation));
  }
}

}  // namespace detail

/// Retries in coroutines of any library.
namespace coroutine {

/// Awaits what `operation()` returns, or `operation(info)` if it takes the attempt's numbers, until the policy accepts the
/// outcome or gives up: a coroutine of the type `Task<T>`, where `T` is what the awaiting gives. It returns what the last
/// attempt returned and throws what that threw; `tenax::cancelled`, `tenax::refused` or `tenax::expired` if there was none.
/// ```
/// auto const sleep = [&](tenax::duration d) { return loop.sleep(d); };
/// page const p = co_await tenax::coroutine::retry<task>(polite, sleep, [=] { return fetch(url); });
/// ```
/// `Task` is a template of one parameter; name one of more parameters by an alias. `sleep(d)` returns something that is
/// awaited for `d`. It may be given through `std::ref`. If it can also be called as `sleep(d, token)`, with the token of
/// `.cancel_with()`, that wakes it; otherwise a cancellation is seen when the sleep ends. If it has a function `now()`,
/// that is the clock, and if it has `random()`, that is the source of randomness; otherwise the policy's environment is.
///
/// A `sleep(d)` that ends early is called again for the rest. `d` may be `duration::max()`, which is a wait without end. A
/// `std::system_error` with `std::errc::operation_canceled` ends the call: it was cancelled.
///
/// The policy, the sleep and the operation are copied into the coroutine: nothing has to outlive it but what they refer
/// to. Nobody can interrupt an attempt: for `.attempt_timeout()` the operation has to take the `attempt_info` and to obey its
/// `time_left`. The operation is the same object for every attempt and stays where it is, so that coroutines that it is, or
/// starts, may refer to it. A coroutine that is destroyed while it waits gives back what gates had granted.
template <template <class> class Task, class Policy, class Environment, class Sleep, class F>
auto retry(retrying<Policy, Environment> const& policy, Sleep sleep, F operation) {
  return detail::start_coroutine<Task, false>(policy, std::move(sleep), std::move(operation));
}

/// As `retry`, but a coroutine of the type `Task<tenax::report<T>>`: value or exception, why it stopped, and the numbers.
/// Throws only what a callback of the policy throws.
template <template <class> class Task, class Policy, class Environment, class Sleep, class F>
auto try_retry(retrying<Policy, Environment> const& policy, Sleep sleep, F operation) {
  return detail::start_coroutine<Task, true>(policy, std::move(sleep), std::move(operation));
}

}  // namespace coroutine
}  // namespace tenax
