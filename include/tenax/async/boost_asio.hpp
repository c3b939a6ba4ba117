// SPDX-License-Identifier: MIT
// async/boost_asio.hpp: retry and hedged requests for Boost.Asio; asio.hpp is the same for standalone Asio. Tested with
// Boost 1.74 and 1.81; cancellation slots and `.attempt_timeout()` need 1.77.
#pragma once

#include <tenax/platform/cplusplus.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/execution/executor.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/system_executor.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/version.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#if BOOST_ASIO_VERSION >= 101900
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_state.hpp>
#endif

#if !defined(BOOST_ASIO_HAS_CO_AWAIT) || !defined(BOOST_ASIO_HAS_STD_COROUTINE)
#error \
    "tenax: this Asio does not know that the compiler has coroutines; define ASIO_HAS_CO_AWAIT=1 and ASIO_HAS_STD_COROUTINE=1"
#endif

#include <tenax/async/detail/asio_retry.hpp>
#include <tenax/async/detail/asio_start_hedged.hpp>

namespace tenax {

namespace detail {

#if BOOST_ASIO_VERSION >= 101900
/// Cancellation of operations, from Boost 1.77 on.
struct boost_cancellation {
  static constexpr bool has_cancellation = true;

  using cancellation_query = ::boost::asio::this_coro::cancellation_state_t;
  using cancellation_signal = ::boost::asio::cancellation_signal;
  using cancellation_state = ::boost::asio::cancellation_state;
  using cancellation_slot = ::boost::asio::cancellation_slot;
  using cancellation_type = ::boost::asio::cancellation_type_t;

  static auto terminal() { return ::boost::asio::cancellation_type::terminal; }
  /// To be awaited: from then on, the coroutine reacts to every type of cancellation.
  static auto hear_every_cancellation() {
    return ::boost::asio::this_coro::reset_cancellation_state(::boost::asio::enable_total_cancellation());
  }

  template <class Type>
  static void emit(cancellation_signal& signal, Type type) {
    signal.emit(type);
  }
  static cancellation_slot slot_of_signal(cancellation_signal& signal) noexcept { return signal.slot(); }
  template <class Handler>
  static auto slot_of(Handler const& handler) {
    return ::boost::asio::get_associated_cancellation_slot(handler);
  }
};
#else
/// Before Boost 1.77, operations cannot be cancelled; a wait is cancelled through its timer.
struct boost_cancellation {
  static constexpr bool has_cancellation = false;

  struct cancellation_slot {};
  struct cancellation_signal {};
  struct cancellation_type {};

  static cancellation_type terminal() { return {}; }
  static void emit(cancellation_signal&, cancellation_type) {}
  static cancellation_slot slot_of_signal(cancellation_signal&) noexcept { return {}; }
};
#endif

/// The parts of Boost.Asio that the driver uses.
struct boost_asio : boost_cancellation {
  using error_code = ::boost::system::error_code;
  using system_error = ::boost::system::system_error;
  using no_executor = ::boost::asio::system_executor;
  using any_executor = ::boost::asio::any_io_executor;
  using use_awaitable = ::boost::asio::use_awaitable_t<>;
  using executor_query = ::boost::asio::this_coro::executor_t;

  template <class T, class Executor>
  using awaitable = ::boost::asio::awaitable<T, Executor>;
  template <class Executor>
  using use_awaitable_on = ::boost::asio::use_awaitable_t<Executor>;
  template <class Clock, class Executor>
  using timer = ::boost::asio::basic_waitable_timer<Clock, ::boost::asio::wait_traits<Clock>, Executor>;

  static error_code aborted() { return ::boost::asio::error::operation_aborted; }
  static error_code timed_out() { return ::boost::asio::error::timed_out; }
  static error_code try_again() { return ::boost::asio::error::try_again; }

  template <class Signature, class Token, class Initiation>
  static auto initiate(Initiation initiation, Token token) {
    return ::boost::asio::async_initiate<Token, Signature>(std::move(initiation), token);
  }
  template <class Executor, class Awaitable, class Token>
  static auto spawn(Executor const& executor, Awaitable awaitable, Token&& token) {
    return ::boost::asio::co_spawn(executor, std::move(awaitable), std::forward<Token>(token));
  }
  template <class Executor, class F>
  static void post(Executor const& executor, F f) {
    ::boost::asio::post(executor, std::move(f));
  }
  template <class Executor, class F>
  static void dispatch(Executor const& executor, F f) {
    ::boost::asio::dispatch(executor, std::move(f));
  }
  template <class Executor>
  static auto strand_of(Executor const& executor) {
    return ::boost::asio::make_strand(executor);
  }
  /// Keeps an executor's event loop running. Asio's work guard does not compile for a strand on an any_io_executor.
  template <class Executor>
  static auto work_on(Executor const& executor) {
    if constexpr (::boost::asio::execution::is_executor<Executor>::value) {
      return ::boost::asio::prefer(executor, ::boost::asio::execution::outstanding_work.tracked);
    } else {
      return ::boost::asio::make_work_guard(executor);
    }
  }
  template <class Handler, class Default>
  static auto executor_of(Handler const& handler, Default const& otherwise) {
    return ::boost::asio::get_associated_executor(handler, otherwise);
  }
  template <class Handler>
  static auto allocator_of(Handler const& handler) {
    return ::boost::asio::get_associated_allocator(handler);
  }
};

}  // namespace detail

/// Retries with Boost.Asio. The same as `tenax::asio` for standalone Asio.
namespace boost_asio {

/// See `tenax::asio::async_retry`.
inline constexpr detail::asio_function<detail::boost_asio, false> async_retry{};

/// See `tenax::asio::async_try_retry`.
inline constexpr detail::asio_function<detail::boost_asio, true> async_try_retry{};

/// See `tenax::asio::async_hedged`.
inline constexpr detail::asio_hedged_function<detail::boost_asio> async_hedged{};

}  // namespace boost_asio
}  // namespace tenax

/// Makes the signature of an initiating function available in `decltype`.
template <class R, class... Args>
class boost::asio::async_result<tenax::detail::signature_probe, R(Args...)> {
 public:
  using return_type = tenax::detail::probed<R(Args...)>;

  template <class Initiation, class Token, class... Given>
  static return_type initiate(Initiation&&, Token&&, Given&&...) {
    return {};
  }
};
