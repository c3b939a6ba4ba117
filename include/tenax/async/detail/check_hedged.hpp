// SPDX-License-Identifier: MIT
// async/detail/check_hedged.hpp: mistakes in hedged calls that block their thread, each explained by one sentence.
#pragma once

#include <type_traits>

#include <tenax/async/detail/kept_hedging.hpp>
#include <tenax/cancel.hpp>
#include <tenax/driver/detail/check_result.hpp>
#include <tenax/driver/detail/operation.hpp>
#include <tenax/gate/waking.hpp>

namespace tenax::detail {

/// Whether an operation can be hedged; if not, a static_assert says why.
template <class Hedging, class F, class... Args>
constexpr bool check_hedged() {
  constexpr bool callable = callable_operation<F const, Args const...>;
  constexpr bool changes = !callable && callable_operation<F, Args...>;
  static_assert(!changes,
                "tenax: a hedged call calls the operation in two threads at the same time, so it is called as a const "
                "object with const arguments; write it without `mutable`, and take arguments by value or by const "
                "reference");
  static_assert(callable || changes,
                "tenax: the callable of a hedged call cannot be called with these arguments, which are passed as "
                "const lvalues");
  using environment = unwrapped<typename Hedging::environment_type>;
  constexpr bool sleeps = requires(environment& e, duration d, wake_token<no_token> const& t) { e.sleep(d, t); };
  static_assert(
      sleeps, "tenax: a hedged call needs an environment whose sleep can be ended: give it a function sleep(d, token)");
  if constexpr (callable) {
    using result = result_or_void<F const, Args const...>;
    constexpr bool can_move = returnable<result>;
    static_assert(can_move, "tenax: the callable returns a type that cannot be moved; return a pointer to it instead");
    constexpr bool runs_at_once = !to_be_awaited<result>;
    static_assert(runs_at_once,
                  "tenax: the callable of a hedged call returns something to co_await, which has not run yet; use "
                  "tenax::asio::async_hedged(hedging, f), or tenax::coroutine::hedged<task>(hedging, sleep, f)");
    return sleeps && can_move && runs_at_once;
  } else {
    return false;
  }
}

template <class Policy, class Hedging, class F, class... Args>
constexpr bool check_hedged_policy() {
  if constexpr (!check_hedged<Hedging, F, Args...>()) {
    return false;
  } else {
    constexpr bool in_time = keeps_time<Policy, F const, Args const...>;
    static_assert(in_time,
                  "tenax: .attempt_timeout() cannot interrupt a blocking call; let the callable take a "
                  "`tenax::attempt_info const&` and obey its time_left, or use an asynchronous call");
    if constexpr (in_time) return check_result<Policy, result_or_void<F const, Args const...>>();
    return false;
  }
}

/// The type of the result. For an operation that is not const, which is a mistake, it is that of the operation, so that
/// the compiler prints one error.
template <class F, class... Args>
struct hedged_result_of : operation_result<F const, Args const...> {};
template <class F, class... Args>
  requires(!callable_operation<F const, Args const...>)
struct hedged_result_of<F, Args...> : operation_result<F, Args...> {};
template <class F, class... Args>
using hedged_result = typename hedged_result_of<std::remove_reference_t<F>, std::remove_reference_t<Args>...>::type;

}  // namespace tenax::detail
