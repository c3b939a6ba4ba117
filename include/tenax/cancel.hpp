// SPDX-License-Identifier: MIT
// cancel.hpp: cancellation by `std::stop_token`: wakes a sleeping retry immediately.
//
// libc++ has `std::stop_token` from version 20 on, and before that with -fexperimental-library. Without it, tokens of
// other libraries that name their `callback_type` still work.
#pragma once

#include <tenax/environment.hpp>
#include <tenax/platform/stop_token.hpp>
#include <tenax/platform/wake_word.hpp>

namespace tenax {

namespace detail {

#if defined(__cpp_lib_jthread) && !defined(TENAX_WITHOUT_STOP_TOKEN)
template <class F>
struct callback_of<std::stop_token, F> {
  using type = std::stop_callback<F>;
};
#endif

/// A sleep for `std::stop_token`, and for tokens that name their `callback_type` as those of C++26 do.
template <class Token>
  requires requires(Token const& t) { t.stop_possible(); }
struct interruptible_sleep<Token> {
  template <class Clock>
  static void sleep_until(time_point end, Token const& token) {
    if (!token.stop_possible()) return detail::sleep_until<Clock>(end);
    if constexpr (!platform::stop_callbacks_are_sound) return detail::poll_until<Clock>(end, token);

    platform::wake_word word;
    auto const wake = [&word] { word.wake(); };
    // The destructor waits for a callback that is running, so `word` outlives every use.
    typename callback_of<Token, decltype(wake)>::type const callback(token, wake);
    word.sleep_until<Clock>(end);
  }
};

}  // namespace detail

#if defined(__cpp_lib_jthread) && !defined(TENAX_WITHOUT_STOP_TOKEN)
/// The `std::stop_token` given to `.cancel_with()`, for an operation that passes it on. An empty token if there is none
/// or if it is of another type.
[[nodiscard]] inline std::stop_token stop_token_of(attempt_info const& info) noexcept {
  if (info.token.type != &detail::token_type<std::stop_token>) return {};
  return *static_cast<std::stop_token const*>(info.token.token);
}
#endif

}  // namespace tenax
