// SPDX-License-Identifier: MIT
// async/detail/callback_world.hpp: time, randomness and other threads, for a call whose attempts and timers call back.
#pragma once

#include <concepts>
#include <memory>
#include <system_error>
#include <type_traits>
#include <utility>

#include <tenax/async/callback_reply.hpp>
#include <tenax/async/detail/callback_base.hpp>
#include <tenax/async/detail/lent_time.hpp>
#include <tenax/cancel.hpp>
#include <tenax/environment.hpp>
#include <tenax/gate/gate.hpp>
#include <tenax/platform/compiler.hpp>

namespace tenax::detail {

/// The environment of a call.
template <class Env, class Timer>
struct callback_world : lent_time<Env, Timer> {
  using lent_time<Env, Timer>::lent_time;

  /// Whether other threads can make the event loop call a function.
  static constexpr bool posts = requires(Timer& t, void (*f)()) { source_of(t).post(f); };
  using timer_result = decltype(source_of(std::declval<Timer&>())(duration(), callback_alarm()));

  decltype(auto) set_timer(duration d, callback_alarm f) { return source_of(this->source)(d, std::move(f)); }
};

/// Lets the event loop call a function of a call. Any thread may do that, as long as the call's timer lives.
template <class Timer>
struct callback_post {
  Timer& timer;
  std::weak_ptr<callback_base> call;
  void (callback_base::*step)();

  void operator()() const noexcept {
#if defined(__cpp_exceptions)
    try {
#endif
      source_of(timer).post([weak = call, what = step] {
        if (auto const self = weak.lock()) ((*self).*what)();
      });
#if defined(__cpp_exceptions)
    } catch (...) {
      // Without memory nothing is posted: the step is made when the timer fires.
      return;
    }
#endif
  }
};

/// A token that can call a function when it is triggered.
template <class Token>
concept has_callbacks = can_stop<Token> && requires(Token const& t) { t.stop_possible(); };

/// What listens to a token.
template <bool Listens, class Token, class F>
struct stop_listener {
  struct type {};
};
template <class Token, class F>
struct stop_listener<true, Token, F> : callback_of<Token, F> {};

/// Whether `Start` takes the attempt's numbers, and what it returns.
template <class T, class Start>
inline constexpr bool starts_informed = std::is_invocable_v<Start&, attempt_info const&, callback_reply<T>>;
template <class T, class Start>
using started_by = typename std::conditional_t<starts_informed<T, Start>,
                                               std::invoke_result<Start&, attempt_info const&, callback_reply<T>>,
                                               std::invoke_result<Start&, callback_reply<T>>>::type;

/// The token of a policy, and whether the call was cancelled by its handle.
template <class Token>
struct handle_token {
  TENAX_NO_UNIQUE_ADDRESS Token own;
  bool const* cancelled;
  [[nodiscard]] bool stop_requested() const { return *cancelled || asked_to_stop(own); }
  [[nodiscard]] bool const* flag() const noexcept { return cancelled; }
};
/// Operations see only their policy's token.
template <class Token>
constexpr token_view view_token(handle_token<Token> const& token) noexcept {
  if constexpr (can_stop<Token>) {
    return view_token(token.own);
  } else {
    return {};
  }
}

}  // namespace tenax::detail
