// SPDX-License-Identifier: MIT
// async/detail/asio_retry.hpp: the driver for Asio, as templates for both standalone Asio and Boost.Asio.
#pragma once

#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

#include <tenax/async/detail/asio_call.hpp>
#include <tenax/async/detail/asio_end.hpp>
#include <tenax/async/detail/asio_environment.hpp>
#include <tenax/async/detail/drive_coroutine.hpp>
#include <tenax/retrying.hpp>

namespace tenax::detail {

/// The executor on which the steps of a call run.
template <class Asio, class Policy, class Executor>
auto steps_of(Executor const& executor) {
  if constexpr (interrupts<Policy>) {
    return stranded<Asio>(executor);
  } else {
    return executor;
  }
}

/// Starts a call whose result goes to `token`. `given`: an executor, or null for the handler's own.
template <class Asio, class T, class Signature, class Policy, class Env, class F, class End, class Given, class Token>
auto initiate_call(Policy const& policy, Env const& environment, F operation, End end, Given given, Token token) {
  return Asio::template initiate<Signature>(
      [=, operation = std::move(operation)](auto&& handler) mutable {
        using handler_type = std::decay_t<decltype(handler)>;
        auto const base = [&] {
          if constexpr (std::is_null_pointer_v<Given>) {
            return Asio::executor_of(handler, typename Asio::no_executor());
          } else {
            return given;
          }
        }();
        constexpr bool knows_executor =
            !std::is_same_v<std::remove_const_t<decltype(base)>, typename Asio::no_executor>;
        static_assert(knows_executor,
                      "tenax: async_retry() has to know where its timers run: pass an io_context or an executor first, "
                      "async_retry(io, policy, operation, token), or bind one to the token with bind_executor");
        if constexpr (knows_executor) {
          using base_type = std::remove_const_t<decltype(base)>;
          auto const go = [&]<class Own>(Own const& own) {
            auto const executor = steps_of<Asio, Own>(base);
            using steps = std::remove_const_t<decltype(executor)>;
            using call_type = asio_call<Asio, T, Own, Env, F, End, base_type, steps, handler_type>;
            auto call = std::allocate_shared<call_type>(Asio::allocator_of(handler), own, environment,
                                                        std::move(operation), end, base, executor,
                                                        handler_type(std::forward<decltype(handler)>(handler)));
            call->listen();
            if constexpr (interrupts<Own>) {
              call->post(asio_step::start);
            } else {
              call->start_inside();
            }
          };
          call_with_best_type(policy, go);
        }
      },
      std::move(token));
}

/// A coroutine that waits for a call that can be interrupted from outside of its executor.
template <class Asio, class T, bool WantsReport, class Task, class Policy, class Env, class F>
Task await_call(Policy policy, Env environment, F operation) {
  using executor = typename Task::executor_type;
  typename end_in_frame<T, WantsReport>::place result;
  executor here = co_await typename Asio::executor_query();
  typename Asio::template use_awaitable_on<executor> token;
  co_await initiate_call<Asio, T, void(std::exception_ptr)>(policy, environment, std::move(operation),
                                                            end_in_frame<T, WantsReport>(result), here, token);
  if constexpr (WantsReport) {
    co_return std::move(*result);
  } else if constexpr (std::is_void_v<T>) {
    std::move(*result).get();
  } else {
    co_return std::move(*result).get();
  }
}

/// Starts an operation that returns an awaitable.
template <class Asio, bool WantsReport, class Policy, class Env, class F>
auto await_operation(retrying<Policy, Env> const& policy, F operation) {
  using executor = typename result_or_void<F>::executor_type;
  using result = awaited_result<F>;
  using task = typename Asio::template awaitable<std::conditional_t<WantsReport, report<result>, result>, executor>;
  return call_with_best_type(policy.policy(), [&]<class Own>(Own own) {
    if constexpr (interrupts<Own>) {
      return await_call<Asio, result, WantsReport, task, Own, Env, F>(std::move(own), policy.environment(),
                                                                      std::move(operation));
    } else {
      using world = asio_call_environment<Asio, Env, executor, Own::gates_type::wakes>;
      if constexpr (Asio::has_cancellation) {
        using token = linked_token<no_token, typename Asio::cancellation_state>;
        return drive_coroutine<result, WantsReport, task>(with_token(std::move(own), token{}),
                                                          world(policy.environment()), std::move(operation));
      } else {
        return drive_coroutine<result, WantsReport, task>(std::move(own), world(policy.environment()),
                                                          std::move(operation));
      }
    }
  });
}

template <class Asio, class Executor, class Token>
auto executor_or_bound(Executor const& given, Token const& token) {
  if constexpr (std::is_null_pointer_v<Executor>) {
    return Asio::executor_of(token, typename Asio::no_executor());
  } else {
    return given;
  }
}

/// Whether a token is a handler that can take a report. (Completion tokens of other kinds pass.)
template <class Token, class T>
constexpr bool check_report_handler() {
  constexpr bool fits = !wrong_handler<std::decay_t<Token>, void(report<T>)>;
  static_assert(fits,
                "tenax: the handler of async_try_retry() has the signature void(tenax::report<T>), where T is the "
                "value of an awaitable, or the tenax::completion of an initiating function");
  return fits;
}

/// Whether an operation returns an awaitable of Asio.
template <class F>
constexpr bool check_asio_awaitable() {
  constexpr bool fits = requires { typename result_or_void<F>::executor_type; };
  static_assert(fits,
                "tenax: async_retry() cannot await what this operation returns, which is not an awaitable of Asio; for "
                "coroutines of another library write tenax::coroutine::retry<task>(policy, sleep, f)");
  return fits;
}

/// Starts an operation that returns an awaitable, with a token.
template <class Asio, bool WantsReport, class Executor, class Policy, class Env, class F, class Token>
auto start_awaitable(Executor const& given, retrying<Policy, Env> const& policy, F operation, Token&& token) {
  if constexpr (!check_async_operation<Policy, F, true>() || !check_asio_environment<Env>()) {
    return;
  } else if constexpr (check_asio_awaitable<F>()) {
    using executor = typename result_or_void<F>::executor_type;
    using result = awaited_result<F>;
    if constexpr (std::is_same_v<std::decay_t<Token>, typename Asio::template use_awaitable_on<executor>> &&
                  std::is_null_pointer_v<Executor>) {
      return await_operation<Asio, WantsReport>(policy, std::move(operation));
    } else if constexpr (WantsReport) {
      // co_spawn would need a default-constructible report.
      if constexpr (check_report_handler<Token, result>()) {
        return initiate_call<Asio, result, void(report<result>)>(policy.policy(), policy.environment(),
                                                                 std::move(operation), end_in_report<result>(), given,
                                                                 std::forward<Token>(token));
      }
    } else {
      constexpr bool handler_fits = !wrong_handler<std::decay_t<Token>, typename coroutine_signature<result>::type>;
      static_assert(
          handler_fits,
          "tenax: the handler of an operation that returns an awaitable<T> has the signature "
          "void(std::exception_ptr, T), or void(std::exception_ptr) for an awaitable<void>, as with co_spawn");
      auto const where = executor_or_bound<Asio>(given, token);
      constexpr bool knows_executor = !std::is_same_v<std::remove_const_t<decltype(where)>, typename Asio::no_executor>;
      static_assert(
          !handler_fits || knows_executor,
          "tenax: async_retry() has to know where the coroutine runs: pass an io_context or an executor first, "
          "async_retry(io, policy, operation, token), or bind one to the token with bind_executor");
      if constexpr (handler_fits && knows_executor) {
        // Not with co_spawn, whose coroutines react only to terminal cancellation.
        return initiate_call<Asio, result, typename coroutine_signature<result>::type>(
            policy.policy(), policy.environment(), std::move(operation), end_as_spawned<result>(), where,
            std::forward<Token>(token));
      }
    }
  }
}

/// Starts an initiating function, with a token.
template <class Asio, bool WantsReport, class Executor, class Policy, class Env, class F, class Token>
auto start_initiating(Executor const& given, retrying<Policy, Env> const& policy, F operation, Token&& token) {
  using signature = typename asio_signature<shape_of<F>(), F>::type;
  if constexpr (check_signature<Asio, WantsReport, signature>() && check_asio_environment<Env>()) {
    using result = typename asio_outcome<signature>::type;
    if constexpr (!check_result<Policy, result>()) {
      return;
    } else if constexpr (WantsReport) {
      if constexpr (check_report_handler<Token, result>()) {
        return initiate_call<Asio, result, void(report<result>)>(policy.policy(), policy.environment(),
                                                                 std::move(operation), end_in_report<result>(), given,
                                                                 std::forward<Token>(token));
      }
    } else if constexpr (wrong_handler<std::decay_t<Token>, signature>) {
      static_assert(always_false<Token>,
                    "tenax: the handler of async_retry() has the signature of the operation's own handler: "
                    "void(error_code, values...)");
    } else {
      return initiate_call<Asio, result, signature>(policy.policy(), policy.environment(), std::move(operation),
                                                    end_in_handler<Asio, result>(), given, std::forward<Token>(token));
    }
  }
}

/// `async_retry` and `async_try_retry` with a token. `given`: an executor, or null.
template <class Asio, bool WantsReport, class Executor, class Policy, class Env, class F, class Token>
auto start_asio(Executor const& given, retrying<Policy, Env> const& policy, F operation, Token&& token) {
  constexpr auto shape = shape_of<F>();
  if constexpr (shape == asio_shape::awaitable || shape == asio_shape::awaitable_with_info) {
    return start_awaitable<Asio, WantsReport>(given, policy, std::move(operation), std::forward<Token>(token));
  } else if constexpr (shape == asio_shape::initiating || shape == asio_shape::initiating_with_info) {
    return start_initiating<Asio, WantsReport>(given, policy, std::move(operation), std::forward<Token>(token));
  } else {
    static_assert(
        shape != asio_shape::unknown,
        "tenax: async_retry() needs an operation that returns an awaitable, as in [&] { return fetch(url); }, "
        "or one that takes a completion token, as in [&](auto token) { return socket.async_connect(address, "
        "std::move(token)); }");
  }
}

/// Returns the completion token to use for an operation.
template <class Asio, class F>
auto own_token_of() {
  using awaited = result_or_void<F>;
  if constexpr (requires { typename awaited::executor_type; }) {
    return typename Asio::template use_awaitable_on<typename awaited::executor_type>();
  } else {
    return typename Asio::use_awaitable();
  }
}

/// Whether an operation blocks: it returns nothing to await. Does not call one that needs a token.
template <class F>
inline constexpr bool returns_at_once = false;
template <class F>
  requires called_directly<F>
inline constexpr bool returns_at_once<F> = !awaitable<result_or_void<F>>;

/// Without a token: returns something to await.
template <class Asio, bool WantsReport, class Policy, class Env, class F>
auto start_asio(retrying<Policy, Env> const& policy, F operation) {
  constexpr auto shape = shape_of<F>();
  if constexpr (returns_at_once<F>) {
    check_async_operation<Policy, F, true>();
    // Returns the expected awaitable, so that the compiler prints no further errors.
    using result = std::decay_t<result_or_void<F>>;
    return typename Asio::template awaitable<std::conditional_t<WantsReport, report<result>, result>,
                                             typename Asio::any_executor>();
  } else if constexpr (shape == asio_shape::awaitable || shape == asio_shape::awaitable_with_info) {
    return start_awaitable<Asio, WantsReport>(nullptr, policy, std::move(operation), own_token_of<Asio, F>());
  } else {
    return start_asio<Asio, WantsReport>(nullptr, policy, std::move(operation), typename Asio::use_awaitable());
  }
}

/// An executor, or that of a context.
template <class ExecutorOrContext>
auto executor_in(ExecutorOrContext& where) {
  if constexpr (requires { where.get_executor(); }) {
    return where.get_executor();
  } else {
    return where;
  }
}

/// `async_retry` and `async_try_retry` of one Asio.
template <class Asio, bool WantsReport>
struct asio_function {
  template <class Policy, class Environment, class Operation>
  [[nodiscard]] auto operator()(retrying<Policy, Environment> const& policy, Operation operation) const {
    return start_asio<Asio, WantsReport>(policy, std::move(operation));
  }

  template <class Policy, class Environment, class Operation, class Token>
  auto operator()(retrying<Policy, Environment> const& policy, Operation operation, Token&& token) const {
    return start_asio<Asio, WantsReport>(nullptr, policy, std::move(operation), std::forward<Token>(token));
  }

  template <class ExecutorOrContext, class Policy, class Environment, class Operation, class Token>
  auto operator()(ExecutorOrContext&& where, retrying<Policy, Environment> const& policy, Operation operation,
                  Token&& token) const {
    return start_asio<Asio, WantsReport>(executor_in(where), policy, std::move(operation), std::forward<Token>(token));
  }
};

}  // namespace tenax::detail
