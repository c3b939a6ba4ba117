// SPDX-License-Identifier: MIT
// async/asio.hpp: retries and hedged requests for standalone Asio (for Boost.Asio: boost_asio.hpp). Tested with Asio
// 1.22.
#pragma once

#include <tenax/platform/cplusplus.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/associated_allocator.hpp>
#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/basic_waitable_timer.hpp>
#include <asio/bind_executor.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/cancellation_state.hpp>
#include <asio/co_spawn.hpp>
#include <asio/dispatch.hpp>
#include <asio/error.hpp>
#include <asio/execution/executor.hpp>
#include <asio/execution/outstanding_work.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>
#include <asio/prefer.hpp>
#include <asio/strand.hpp>
#include <asio/system_error.hpp>
#include <asio/system_executor.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#if !defined(ASIO_HAS_CO_AWAIT) || !defined(ASIO_HAS_STD_COROUTINE)
#error \
    "tenax: this Asio does not know that the compiler has coroutines; define ASIO_HAS_CO_AWAIT=1 and ASIO_HAS_STD_COROUTINE=1"
#endif

#include <tenax/async/detail/asio_retry.hpp>
#include <tenax/async/detail/asio_start_hedged.hpp>

namespace tenax {

namespace detail {

/// The parts of standalone Asio that the driver uses.
struct standalone_asio {
  static constexpr bool has_cancellation = true;

  using error_code = ::asio::error_code;
  using system_error = ::asio::system_error;
  using no_executor = ::asio::system_executor;
  using any_executor = ::asio::any_io_executor;
  using use_awaitable = ::asio::use_awaitable_t<>;
  using executor_query = ::asio::this_coro::executor_t;
  using cancellation_query = ::asio::this_coro::cancellation_state_t;
  using cancellation_signal = ::asio::cancellation_signal;
  using cancellation_state = ::asio::cancellation_state;
  using cancellation_slot = ::asio::cancellation_slot;
  using cancellation_type = ::asio::cancellation_type_t;

  template <class T, class Executor>
  using awaitable = ::asio::awaitable<T, Executor>;
  template <class Executor>
  using use_awaitable_on = ::asio::use_awaitable_t<Executor>;
  template <class Clock, class Executor>
  using timer = ::asio::basic_waitable_timer<Clock, ::asio::wait_traits<Clock>, Executor>;

  static error_code aborted() { return ::asio::error::operation_aborted; }
  static error_code timed_out() { return ::asio::error::timed_out; }
  static error_code try_again() { return ::asio::error::try_again; }
  static auto terminal() { return ::asio::cancellation_type::terminal; }
  /// To be awaited: from then on, the coroutine reacts to every type of cancellation.
  static auto hear_every_cancellation() {
    return ::asio::this_coro::reset_cancellation_state(::asio::enable_total_cancellation());
  }

  template <class Signature, class Token, class Initiation>
  static auto initiate(Initiation initiation, Token token) {
    return ::asio::async_initiate<Token, Signature>(std::move(initiation), token);
  }
  template <class Executor, class Awaitable, class Token>
  static auto spawn(Executor const& executor, Awaitable awaitable, Token&& token) {
    return ::asio::co_spawn(executor, std::move(awaitable), std::forward<Token>(token));
  }
  template <class Executor, class F>
  static void post(Executor const& executor, F f) {
    ::asio::post(executor, std::move(f));
  }
  template <class Executor, class F>
  static void dispatch(Executor const& executor, F f) {
    ::asio::dispatch(executor, std::move(f));
  }
  template <class Executor>
  static auto strand_of(Executor const& executor) {
    return ::asio::make_strand(executor);
  }
  /// Keeps an executor's event loop running. Asio's work guard does not compile for a strand on an any_io_executor.
  template <class Executor>
  static auto work_on(Executor const& executor) {
    if constexpr (::asio::execution::is_executor<Executor>::value) {
      return ::asio::prefer(executor, ::asio::execution::outstanding_work.tracked);
    } else {
      return ::asio::make_work_guard(executor);
    }
  }
  template <class Handler, class Default>
  static auto executor_of(Handler const& handler, Default const& otherwise) {
    return ::asio::get_associated_executor(handler, otherwise);
  }
  template <class Handler>
  static auto allocator_of(Handler const& handler) {
    return ::asio::get_associated_allocator(handler);
  }
  template <class Type>
  static void emit(cancellation_signal& signal, Type type) {
    signal.emit(type);
  }
  static cancellation_slot slot_of_signal(cancellation_signal& signal) noexcept { return signal.slot(); }
  template <class Handler>
  static auto slot_of(Handler const& handler) {
    return ::asio::get_associated_cancellation_slot(handler);
  }
};

}  // namespace detail

/// Retries with standalone Asio. `<tenax/async/boost_asio.hpp>` has the same in `tenax::boost_asio`.
namespace asio {

/// Retries an asynchronous operation by a policy. `operation` is called for every attempt, with the attempt's
/// `attempt_info const&` first if it takes that. There are two kinds of operations:
///   1. it returns an `asio::awaitable<T>`: `[&] { return fetch(socket); }`. The call is an awaitable that returns the
///      value of the last attempt, or throws its exception;
///   2. it is an initiating function, with a completion token of any type:
///      `[&](auto token) { return socket.async_connect(address, std::move(token)); }`. Its handler's signature is
///      `void(error_code, Values...)`. The call has the same signature: its handler gets the arguments of the last
///      attempt. The policy sees a `tenax::completion`: `when::error(asio::error::connection_refused)`.
///
/// The forms of the call:
///   - `async_retry(policy, operation)` is awaited: `co_await async_retry(polite, [&] { return fetch(socket); })`;
///   - `async_retry(policy, operation, token)` takes a completion token, such as `use_awaitable`, a callback or
///     `use_future`, and runs on the executor that is bound to the token. For a coroutine, the handler's signature is
///     `void(std::exception_ptr, T)`, as for `co_spawn`;
///   - `async_retry(where, policy, operation, token)` runs on `where`: an executor, or the executor of a context.
///
/// The policy and the operation are copied into the call; the operation stays at one address until the call has ended.
/// A wait needs a timer of the `clock` that the policy's environment names, otherwise of the steady clock.
///
/// Like every composed operation, a call keeps work on its executor and on its handler's executor.
///
/// The call can be cancelled through its cancellation slot, with any type of cancellation, or through the token of
/// `.cancel_with()`, from any thread. This cancels the wait or the operation that is under way, and ends the call with
/// the last outcome. So does an operation that fails with `operation_aborted` without being cancelled. A token without
/// callbacks, such as a plain flag, is only checked when the wait or the operation has ended.
///
/// A call without an outcome throws `tenax::cancelled`, or completes with `asio::error::operation_aborted`. A call that
/// a gate refused throws `tenax::refused`, or completes with `try_again`. A call whose deadline passed before the first
/// attempt throws `tenax::expired`, or completes with `timed_out`. An exception of an initiating function leaves
/// through the function that called it, and ends the call; the handler is not called.
inline constexpr detail::asio_function<detail::standalone_asio, false> async_retry{};

/// As `async_retry`, but the result is a `tenax::report`: value or exception, why the call stopped, and the numbers.
/// The handler's signature is `void(tenax::report<T>)`.
inline constexpr detail::asio_function<detail::standalone_asio, true> async_try_retry{};

/// Hedged requests: `async_hedged(hedging, operation)` makes an attempt, and starts another one in parallel if the
/// first takes too long, as `hedging` says. It takes the first successful result, and cancels the other attempts. If
/// all fail, the call ends with the failure of the last one. `operation` is of the same kinds as for `async_retry`:
///   1. it returns an `asio::awaitable<T>`, and so does the call: `co_await async_hedged(hedging, operation)`. To use a
///      completion token, `co_spawn` the call;
///   2. it is an initiating function, and so is the call, with the same signature:
///      `async_hedged(hedging, operation, token)`, or `async_hedged(where, hedging, operation, token)`.
///
/// One attempt of a retry may be a hedged call:
/// `async_retry(polite, [&] { return async_hedged(hedging, [=] { return fetch(url); }); })`.
///
/// The call ends when its last attempt has ended, so that no attempt outlives the objects that it refers to. With
/// `.abandon_losers`, it ends with the first result. Cancelling the call cancels all attempts, and results are ignored
/// from then on: the call throws the exception of an attempt that failed before, or `tenax::cancelled`. If the budget
/// or a gate refuses the first attempt, it throws `tenax::refused`; exceptions of budget and gates pass through. A
/// handler gets the same error codes as from `async_retry`; exceptions leave through the event loop, and the handler is
/// not called. `hedging` must outlive the call and its attempts.
///
/// Attempts pass the gates of the hedging. If the hedged call is made in the operation of a call whose policy has
/// gates, hedges pass those gates as well.
inline constexpr detail::asio_hedged_function<detail::standalone_asio> async_hedged{};

}  // namespace asio
}  // namespace tenax

/// Makes the signature of an initiating function available in `decltype`.
template <class R, class... Args>
class asio::async_result<tenax::detail::signature_probe, R(Args...)> {
 public:
  using return_type = tenax::detail::probed<R(Args...)>;

  template <class Initiation, class Token, class... Given>
  static return_type initiate(Initiation&&, Token&&, Given&&...) {
    return {};
  }
};
