// SPDX-License-Identifier: MIT
// async/detail/asio_environment.hpp: the shapes of operations in Asio, and the clock and the timers of a call.
#pragma once

#include <chrono>
#include <exception>
#include <ratio>
#include <type_traits>
#include <utility>

#include <tenax/async/completion.hpp>
#include <tenax/async/detail/asio_scope.hpp>
#include <tenax/async/detail/woken_timer.hpp>
#include <tenax/driver/detail/operation.hpp>
#include <tenax/environment.hpp>
#include <tenax/platform/compiler.hpp>
#include <tenax/policy.hpp>

namespace tenax::detail {

/// Completion token that yields the signature of an initiating function, in `decltype` only. Derives from
/// `attempt_info`, because a generic function with one parameter may want that instead.
struct signature_probe : attempt_info {};
template <class Signature>
struct probed {
  using signature = Signature;
};

/// The shapes of operations.
enum class asio_shape : unsigned char { unknown, awaitable, awaitable_with_info, initiating, initiating_with_info };

template <class F>
constexpr asio_shape shape_of() {
  if constexpr (requires(F& f) { f(); }) {
    return asio_shape::awaitable;
  } else if constexpr (requires(F& f) { typename decltype(f(signature_probe{}))::signature; }) {
    return asio_shape::initiating;
  } else if constexpr (requires(F& f, attempt_info const& i) {
                         typename decltype(f(i, signature_probe{}))::signature;
                       }) {
    return asio_shape::initiating_with_info;
  } else if constexpr (requires(F& f, attempt_info const& i) { f(i); }) {
    return asio_shape::awaitable_with_info;
  } else {
    return asio_shape::unknown;
  }
}

template <asio_shape Shape, class F>
struct asio_signature {};
template <class F>
struct asio_signature<asio_shape::initiating, F> {
  using type = typename decltype(std::declval<F&>()(signature_probe{}))::signature;
};
template <class F>
struct asio_signature<asio_shape::initiating_with_info, F> {
  using type = typename decltype(std::declval<F&>()(std::declval<attempt_info const&>(), signature_probe{}))::signature;
};

/// Whether a handler of one signature cannot be called with the other. A type that is not known to be a handler may be
/// a completion token, and is accepted.
template <class Handler, class Signature>
inline constexpr bool wrong_handler = false;
template <class Handler, class... Args>
  requires(requires { &Handler::operator(); } || std::is_function_v<std::remove_pointer_t<Handler>>)
inline constexpr bool wrong_handler<Handler, void(Args...)> =
    !std::is_invocable_v<Handler, Args...> && !std::is_invocable_v<Handler&, Args...>;

/// The signature of the handler of a coroutine that returns `T`.
template <class T>
struct coroutine_signature : std::type_identity<void(std::exception_ptr, T)> {};
template <>
struct coroutine_signature<void> : std::type_identity<void(std::exception_ptr)> {};

/// The policy's view of an operation's completion arguments.
template <class Signature>
struct asio_outcome {};
template <class ErrorCode, class... Values>
struct asio_outcome<void(ErrorCode, Values...)> {
  using type = completion<std::remove_cvref_t<ErrorCode>, std::remove_cvref_t<Values>...>;
};

/// Whether a call can complete with a signature: it needs an error code and, without a report, default-constructible
/// values.
template <class Asio, class Signature>
struct own_end {
  static constexpr bool takes_error = false;
  static constexpr bool needs_no_values = true;
};
template <class Asio, class ErrorCode, class... Values>
struct own_end<Asio, void(ErrorCode, Values...)> {
  static constexpr bool takes_error = std::is_convertible_v<typename Asio::error_code, std::remove_cvref_t<ErrorCode>>;
  static constexpr bool needs_no_values = (std::is_default_constructible_v<std::remove_cvref_t<Values>> && ...);
};

/// Whether an initiating function can be retried; if not, a static_assert says why.
template <class Asio, bool WantsReport, class Signature>
constexpr bool check_signature() {
  constexpr bool takes_error = own_end<Asio, Signature>::takes_error;
  constexpr bool can_end = !takes_error || WantsReport || own_end<Asio, Signature>::needs_no_values;
  static_assert(takes_error,
                "tenax: the handler of the operation has to take an error code first; for one that does not, let the "
                "operation return an awaitable, as in [&] { return start(asio::use_awaitable); }");
  static_assert(
      can_end,
      "tenax: a call that ends before its first attempt has to make values for its handler, and one of them has "
      "no default constructor; use async_try_retry(), whose handler takes a report");
  return takes_error && can_end;
}

/// Whether a token or the attempt's timer can interrupt a call of this policy from outside of its executor.
template <class Policy>
inline constexpr bool interrupts = can_stop<typename Policy::token_type> || Policy::limits_type::times_attempts;

/// Combines a policy's token with the cancellation state of Asio.
template <class Token, class State>
struct linked_token {
  TENAX_NO_UNIQUE_ADDRESS Token own;
  State state{};

  [[nodiscard]] bool stop_requested() const {
    if (asked_to_stop(own)) return true;
    if constexpr (std::is_pointer_v<State>) {
      return *state;
    } else {
      return state.cancelled() != decltype(state.cancelled()){};
    }
  }
  [[nodiscard]] bool const* flag() const noexcept
    requires std::is_pointer_v<State>
  {
    return state;
  }
};

template <class Token, class State>
inline constexpr bool shows_token<linked_token<Token, State>> = can_stop<Token>;

/// Operations see only their policy's token.
template <class Token, class State>
constexpr token_view view_token(linked_token<Token, State> const& token) noexcept {
  if constexpr (can_stop<Token>) {
    return view_token(token.own);
  } else {
    return {};
  }
}

/// The clock that timers run on: the environment's, if it names one.
template <class Env>
struct clock_of {
  using type = std::chrono::steady_clock;
};
template <class Env>
  requires requires { typename unwrapped<Env>::clock; }
struct clock_of<Env> {
  using type = typename unwrapped<Env>::clock;
};

template <class Env>
constexpr bool check_asio_environment() {
  constexpr bool usable = std::is_same_v<Env, real_time> || requires { typename unwrapped<Env>::clock; };
  static_assert(usable,
                "tenax: Asio's timers cannot use the time of this environment; give it a member type `clock` that the "
                "timers can use");
  return usable;
}

/// The environment of a call in Asio, without a sleep function.
template <class Asio, class Env>
class asio_environment {
 public:
  using clock = typename clock_of<Env>::type;

  explicit asio_environment(Env environment) : environment_(std::move(environment)) {}

  /// The time of the timers.
  [[nodiscard]] time_point now() const {
    if constexpr (requires { unwrap(environment_).timer_now(); }) {
      return unwrap(environment_).timer_now();
    } else {
      return time_point(unwrap(environment_).now());
    }
  }
  [[nodiscard]] random_source& random() const
    requires(!std::is_same_v<Env, real_time> && requires(Env const& e) { unwrap(e).random(); })
  {
    return unwrap(environment_).random();
  }
  /// Returns the timer's duration for a wait of `d`, limited to the longest duration of its clock.
  [[nodiscard]] static typename clock::duration timed(duration d) noexcept {
    using ticks = typename clock::duration;
    if (skips_sleep(d)) return ticks::zero();
    if constexpr (std::ratio_less_v<typename ticks::period, duration::period> ||
                  sizeof(typename ticks::rep) < sizeof(duration::rep)) {
      using any = std::chrono::duration<long double>;
      if (any(d) >= any((ticks::max)())) return (ticks::max)();
    }
    return std::chrono::ceil<ticks>(d);
  }
  /// Returns an exception as one with an error code, or null if it is none; and whether the code means a cancellation.
  [[nodiscard]] static auto system_error_in([[maybe_unused]] std::exception const& e) noexcept {
#if defined(__cpp_rtti)
    return dynamic_cast<typename Asio::system_error const*>(&e);
#else
    return static_cast<typename Asio::system_error const*>(nullptr);
#endif
  }
  [[nodiscard]] static bool says_cancelled(typename Asio::system_error const& e) noexcept {
    return e.code() == Asio::aborted();
  }

 private:
  TENAX_NO_UNIQUE_ADDRESS Env environment_;
};

/// The query for the cancellation state of a coroutine, in versions of Asio that have one.
template <class Asio>
struct cancellation_query {};
template <class Asio>
  requires Asio::has_cancellation
struct cancellation_query<Asio> {
  using cancellation_query_type = typename Asio::cancellation_query;
};

/// A handler that is called when a wait has ended for any reason. Its associated properties are those of its base.
template <class Handler>
struct wait_handler : Handler {
  explicit wait_handler(Handler&& handler) : Handler(std::move(handler)) {}
  template <class ErrorCode>
  void operator()(ErrorCode const&) {
    Handler::operator()();
  }
};

/// The environment of a coroutine of Asio. `Wakes`: its gates wake it.
template <class Asio, class Env, class Executor, bool Wakes>
class asio_call_environment : public asio_environment<Asio, Env>, public cancellation_query<Asio> {
 public:
  using asio_environment<Asio, Env>::asio_environment;

  /// Calls the operation.
  template <class Call, class Info, class F>
  static decltype(auto) make_attempt(Call const& call, Info const& info, F& f) {
    return call_in_scope(call, [&]() -> decltype(auto) { return call_operation(info, f); });
  }

  /// Lends a waker for the next wait.
  [[nodiscard]] waker lend() noexcept
    requires Wakes
  {
    return timer_.lend();
  }

  /// The length of the next wait.
  void set_pause(duration d) { timer_.set(this->timed(d)); }
  template <class Token>
  auto pause(Token const&) {
    return Asio::template initiate<void()>(
        [this](auto handler) {
          // The handler knows the coroutine's executor. A query of the coroutine would enlarge its frame.
          auto const executor = handler.get_executor();
          timer_.wait(executor, wait_handler<decltype(handler)>(std::move(handler)));
        },
        typename Asio::template use_awaitable_on<Executor>());
  }

 private:
  using timer = typename Asio::template timer<typename asio_environment<Asio, Env>::clock, Executor>;

  timer_for<Wakes, timer> timer_{};
};

/// Whether an executor type can hold a strand on itself. For a strand, the answer is that of its inner executor.
template <class Asio, class Executor>
constexpr bool holds_strands() {
  if constexpr (requires { typename Executor::inner_executor_type; }) {
    return holds_strands<Asio, typename Executor::inner_executor_type>();
  } else {
    return std::is_convertible_v<decltype(Asio::strand_of(std::declval<Executor const&>())), Executor>;
  }
}

/// Returns a strand on an executor; of the executor's own type, if that can hold any executor.
template <class Asio, class Executor>
auto stranded(Executor const& executor) {
  if constexpr (holds_strands<Asio, Executor>()) {
    return Executor(Asio::strand_of(executor));
  } else {
    return Asio::strand_of(executor);
  }
}

}  // namespace tenax::detail
