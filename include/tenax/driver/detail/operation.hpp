// SPDX-License-Identifier: MIT
// driver/detail/operation.hpp: how a policy calls the user's operation, and which type the operation returns.
#pragma once

#include <type_traits>
#include <utility>

#include <tenax/attempt.hpp>
#include <tenax/driver/detail/check_result.hpp>
#include <tenax/platform/compiler.hpp>

namespace tenax::detail {

/// The object that a member pointer of class `C` applies to: given directly, in a reference wrapper or by a pointer.
template <class C, class Object>
constexpr decltype(auto) target_of(Object& object) {
  using given = std::remove_cv_t<Object>;
  if constexpr (std::is_base_of_v<C, given>) {
    return (object);
  } else if constexpr (requires {
                         typename given::type;
                         object.get();
                       }) {
    return object.get();
  } else {
    return *object;
  }
}

template <class M, class C, class Object, class... Args>
constexpr decltype(auto) call_member(M C::* member, Object& object, Args&... args) {
  if constexpr (std::is_function_v<M>) {
    return (target_of<C>(object).*member)(args...);
  } else {
    return (target_of<C>(object).*member);
  }
}

template <class F, class... Args>
concept called_directly = requires(F& f, Args&... args) { f(args...); };

template <class F, class... Args>
concept called_as_member = std::is_member_pointer_v<std::remove_cv_t<F>> && std::is_invocable_v<F&, Args&...>;

template <class F, class... Args>
concept called_with_attempt = !called_directly<F, Args...> && !called_as_member<F, Args...> &&
                              requires(F& f, attempt_info const& info, Args&... args) { f(info, args...); };

/// Calls the operation like `std::invoke`, without the cost of <functional>. Passes every argument as an lvalue, and
/// the attempt's numbers first if the operation takes them: then `info` is an `attempt_info`. A callable that can be
/// called both ways is called without them.
template <class Info, class F, class... Args>
TENAX_ALWAYS_INLINE constexpr decltype(auto) call_operation([[maybe_unused]] Info const& info, F& f, Args&... args) {
  if constexpr (called_with_attempt<F, Args...>) {
    return f(info, args...);
  } else if constexpr (called_directly<F, Args...>) {
    return f(args...);
  } else {
    return call_member(f, args...);
  }
}

template <class F, class... Args>
concept callable_operation =
    called_directly<F, Args...> || called_as_member<F, Args...> || called_with_attempt<F, Args...>;

template <class F, class... Args>
struct operation_result {
  using type = void;
};
template <class F, class... Args>
  requires called_directly<F, Args...>
struct operation_result<F, Args...> {
  using type = decltype(std::declval<F&>()(std::declval<Args&>()...));
};
template <class F, class... Args>
  requires(callable_operation<F, Args...> && !called_directly<F, Args...>)
struct operation_result<F, Args...> {
  using type =
      decltype(call_operation(std::declval<attempt_info const&>(), std::declval<F&>(), std::declval<Args&>()...));
};

/// The return type of a call; `void` if the call is a mistake, so that the compiler prints one sentence only.
template <class F, class... Args>
using result_or_void = typename operation_result<std::remove_reference_t<F>, std::remove_reference_t<Args>...>::type;

/// Whether a type can be called with some arguments, as far as this is known without them.
template <class F>
constexpr bool is_callable() {
  if constexpr (std::is_final_v<F>) {
    return true;
  } else if constexpr (std::is_class_v<F>) {
    return has_call_operator<F>;
  } else {
    return std::is_function_v<std::remove_pointer_t<F>> || std::is_member_pointer_v<F>;
  }
}

template <class T>
inline constexpr bool returnable = std::is_void_v<T> || std::is_reference_v<T> || std::is_move_constructible_v<T>;

/// The type that a coroutine returns: nothing has run yet.
template <class T>
concept to_be_awaited = requires(std::remove_reference_t<T>& t) { t.await_ready(); } ||
                        requires(std::remove_reference_t<T>& t) { static_cast<T&&>(t).operator co_await(); } ||
                        requires(std::remove_reference_t<T>& t) { operator co_await(static_cast<T&&>(t)); };

/// Whether results of type `T` come from a client whose adapter obeys `current_attempt()`; their traits say so.
template <class T>
inline constexpr bool obeys_limits = false;
template <class T>
  requires(!std::is_void_v<T>)
inline constexpr bool obeys_limits<T> = requires { requires traits_of<T>::obeys_attempt_limits; };

/// Whether it is known to the compiler that a policy limits the time of an attempt.
template <class Limits>
inline constexpr bool surely_times = Limits::times_attempts && !requires(Limits const& l) { l.times_attempts_now; };

/// Whether an operation can obey the time limit of an attempt in a call that cannot interrupt it.
template <class Policy, class F, class... Args>
concept keeps_time = !surely_times<typename Policy::limits_type> || called_with_attempt<F, Args...> ||
                     obeys_limits<typename operation_result<F, Args...>::type>;

template <class Policy, class F, class... Args>
concept right_call = callable_operation<F, Args...> && returnable<typename operation_result<F, Args...>::type> &&
                     keeps_time<Policy, F, Args...> && !to_be_awaited<typename operation_result<F, Args...>::type> &&
                     policy_fits<Policy, typename operation_result<F, Args...>::type>;

/// Whether a policy and an operation go together.
template <class Policy, class F, class... Args>
concept call_fits = right_call<Policy, std::remove_reference_t<F>, std::remove_reference_t<Args>...>;

/// Takes the place of a call that cannot be made, and explains why in one sentence. Uses variables instead of concepts,
/// and is called directly, because compilers print every step on the way and every reason below it.
template <class T, class Policy, class F, class... Args>
[[noreturn]] T explain_call() {
  constexpr bool callable = callable_operation<F, Args...>;
  constexpr bool result_given = !callable && !is_callable<std::remove_cv_t<F>>();
  constexpr bool const_given = !callable && callable_operation<std::remove_const_t<F>, Args...>;
  static_assert(!result_given,
                "tenax: a policy is called with a callable and then its arguments, but was given a value; write "
                "policy(f, 1) instead of policy(f(1))");
  static_assert(!const_given,
                "tenax: the callable is const here, but changes itself when it is called, as a `mutable` lambda does; "
                "make it, or the wrap that holds it, not const");
  static_assert(callable || result_given || const_given,
                "tenax: the callable cannot be called with these arguments; they are passed again on every attempt, so "
                "as lvalues: take them by value or by const reference");
  if constexpr (callable) {
    using result = typename operation_result<F, Args...>::type;
    static_assert(returnable<result>,
                  "tenax: the callable returns a type that cannot be moved; return a pointer to it instead");
    constexpr bool in_time = keeps_time<Policy, F, Args...>;
    static_assert(in_time,
                  "tenax: .attempt_timeout() cannot interrupt a blocking call; let the callable take a "
                  "`tenax::attempt_info const&` and obey its time_left, or use an asynchronous call");
    constexpr bool runs_at_once = !to_be_awaited<result>;
    static_assert(runs_at_once,
                  "tenax: the callable returns something to co_await, which has not run yet; write co_await "
                  "tenax::asio::async_retry(policy, f), or co_await tenax::coroutine::retry<task>(policy, sleep, f)");
    if constexpr (returnable<result> && in_time && runs_at_once) check_result<Policy, result>();
  }
  platform::unreachable();
}

}  // namespace tenax::detail
