// SPDX-License-Identifier: MIT
// cancel.hpp: cancellation by `std::stop_token`: wakes a sleeping retry immediately.
//
// libc++ has `std::stop_token` from version 20 on, and before that with -fexperimental-library. Without it, tokens of
// other libraries that name their `callback_type` still work.
#pragma once

#include <condition_variable>
#include <mutex>

#include <tenax/environment.hpp>
#include <tenax/platform/chrono.hpp>
#include <tenax/platform/stop_token.hpp>

namespace tenax {

namespace detail {

template <class Token, class F>
struct callback_of {
  using type = typename Token::template callback_type<F>;
};
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

    struct {
      std::mutex mutex;
      std::condition_variable changed;
      bool stopped = false;
    } state;
    auto const wake = [&state] {
      std::lock_guard const lock(state.mutex);
      state.stopped = true;
      state.changed.notify_one();
    };
    // The destructor waits for a callback that is running, so `state` outlives every use.
    typename callback_of<Token, decltype(wake)>::type const callback(token, wake);

    // Condition variables wait on the steady clock, whatever `Clock` is. So each wait is short enough for `Clock`, and
    // `Clock` decides when the sleep is over.
    std::unique_lock lock(state.mutex);
    for (auto now = Clock::now(); now < end && !state.stopped; now = Clock::now()) {
      auto const slice = shorter(saturating_between(now, end), Clock::look_again);
      state.changed.wait_until(lock, std::chrono::steady_clock::now() + slice);
    }
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
