// SPDX-License-Identifier: MIT
// async/detail/asio_start_hedged.hpp: `async_hedged`: chooses how to start a hedged call in Asio.
#pragma once

#include <type_traits>
#include <utility>

#include <tenax/async/detail/asio_hedge.hpp>
#include <tenax/async/detail/asio_retry.hpp>
#include <tenax/async/detail/kept_hedging.hpp>

namespace tenax::detail {

/// An operation that returns an awaitable: the call is one as well.
template <class Asio, class Hedging, class F>
auto start_hedged_awaitable(Hedging& hedging, F operation) {
  constexpr bool awaits = awaitable<result_or_void<F>>;
  static_assert(awaits,
                "tenax: async_hedged() needs an operation that returns an awaitable, as in [=] { return fetch(url); }, "
                "or one that takes a completion token, as in [&](auto token) { return socket.async_connect(address, "
                "std::move(token)); }; for one that blocks, use tenax::hedged(hedging, f)");
  if constexpr (Asio::has_cancellation && awaits) {
    using result = awaited_result<F>;
    using task = typename Asio::template awaitable<result, typename result_or_void<F>::executor_type>;
    return await_hedged<Asio, result, task, Hedging, F>(hedging, std::move(operation), inherit_limits());
  } else {
    // Returns an awaitable, so that the compiler prints no further errors.
    return typename Asio::template awaitable<void, typename Asio::any_executor>();
  }
}

/// An initiating function: the call is one with the same signature. `given`: an executor, or null for the handler's.
template <class Asio, class Executor, class Hedging, class F, class Token>
auto start_hedged_initiating(Executor const& given, Hedging& hedging, F operation, Token&& token) {
  using signature = typename asio_signature<shape_of<F>(), F>::type;
  if constexpr (check_signature<Asio, false, signature>()) {
    constexpr bool fits = !wrong_handler<std::decay_t<Token>, signature>;
    static_assert(fits,
                  "tenax: the handler of async_hedged() has the signature of the operation's own handler: "
                  "void(error_code, values...)");
    if constexpr (Asio::has_cancellation && fits) {
      using result = typename asio_outcome<signature>::type;
      auto start = [&hedging, given, operation = std::move(operation),
                    limits = inherit_limits()](auto&& handler) mutable {
        using handler_type = std::decay_t<decltype(handler)>;
        auto const where = executor_or_bound<Asio>(given, handler);
        constexpr bool knows_executor =
            !std::is_same_v<std::remove_const_t<decltype(where)>, typename Asio::no_executor>;
        static_assert(
            knows_executor,
            "tenax: async_hedged() has to know where its timers run: pass an io_context or an executor first, "
            "async_hedged(io, hedging, operation, token), or bind one to the token with bind_executor");
        if constexpr (knows_executor) {
          begin_hedged<Asio, result, Hedging, F>(hedging, std::move(operation), std::move(limits),
                                                 end_in_handler<Asio, result>(), where,
                                                 handler_type(std::forward<decltype(handler)>(handler)));
        }
      };
      return Asio::template initiate<signature>(std::move(start), std::decay_t<Token>(std::forward<Token>(token)));
    }
  }
}

/// `async_hedged` of one Asio.
template <class Asio>
struct asio_hedged_function {
  template <any_hedging Hedging, class Operation>
  [[nodiscard]] auto operator()(Hedging&& hedging, Operation operation) const {
    check_version();
    auto& kept = kept_hedging<Hedging>(hedging);
    constexpr auto shape = shape_of<Operation>();
    if constexpr (shape == asio_shape::initiating || shape == asio_shape::initiating_with_info) {
      return start_hedged_initiating<Asio>(nullptr, kept, std::move(operation), typename Asio::use_awaitable());
    } else {
      return start_hedged_awaitable<Asio>(kept, std::move(operation));
    }
  }

  template <any_hedging Hedging, class Operation, class Token>
  auto operator()(Hedging&& hedging, Operation operation, Token&& token) const {
    return start(nullptr, kept_hedging<Hedging>(hedging), std::move(operation), std::forward<Token>(token));
  }

  template <class ExecutorOrContext, any_hedging Hedging, class Operation, class Token>
  auto operator()(ExecutorOrContext&& where, Hedging&& hedging, Operation operation, Token&& token) const {
    return start(executor_in(where), kept_hedging<Hedging>(hedging), std::move(operation), std::forward<Token>(token));
  }

 private:
  static constexpr void check_version() {
    static_assert(Asio::has_cancellation,
                  "tenax: async_hedged() needs an Asio that can cancel an operation: 1.19 or newer, in Boost 1.77");
  }

  template <class Executor, class Hedging, class Operation, class Token>
  static auto start(Executor const& given, Hedging& hedging, Operation operation, Token&& token) {
    check_version();
    constexpr auto shape = shape_of<Operation>();
    constexpr bool initiates = shape == asio_shape::initiating || shape == asio_shape::initiating_with_info;
    static_assert(initiates,
                  "tenax: async_hedged() takes a completion token for initiating functions only; for an operation that "
                  "returns an awaitable, co_spawn the call: co_spawn(io, async_hedged(reads, f), token)");
    if constexpr (initiates) {
      return start_hedged_initiating<Asio>(given, hedging, std::move(operation), std::forward<Token>(token));
    }
  }
};

}  // namespace tenax::detail
