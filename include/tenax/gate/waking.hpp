// SPDX-License-Identifier: MIT
// gate/waking.hpp: how a thread waits at a gate that wakes it. For gates of your own that have `admit` with a waker.
#pragma once

#include <tenax/environment.hpp>
#include <tenax/gate/detail/gate_waits.hpp>
#include <tenax/platform/threads.hpp>
#include <tenax/platform/wake_word.hpp>

namespace tenax::detail {

/// A token that stops a sleep when its thread is woken, or when the call's own token is triggered.
template <class Token>
struct wake_token {
  platform::wake_word* word;
  Token const* token;

  [[nodiscard]] bool stop_requested() const { return word->woken() || asked_to_stop(*token); }
};

/// A token with callbacks, for which <tenax/cancel.hpp> was included.
template <class Token>
concept wakes_sleepers = requires(Token const& t) { t.stop_possible(); } && !left_polling<Token>;

template <class Token>
struct interruptible_sleep<wake_token<Token>> {
  template <class Clock>
  static void sleep_until(time_point end, wake_token<Token> const& t) {
    auto& word = *t.word;
    if constexpr (!can_stop<Token>) {
      word.template sleep_until<Clock>(end);
    } else if constexpr (wakes_sleepers<Token> && platform::stop_callbacks_are_sound) {
      auto const wake = [&word] { word.wake(); };
      // The destructor waits for a callback that is running.
      typename callback_of<Token, decltype(wake)>::type const callback(*t.token, wake);
      word.template sleep_until<Clock>(end);
    } else {
      constexpr duration look_again = std::chrono::milliseconds(5);
      for (;;) {
        auto const now = Clock::now();
        if (now >= end || t.stop_requested()) return;
        word.template sleep_until<Clock>(
            time_point(saturating_add(now.time_since_epoch(), shorter(saturating_between(now, end), look_again))));
      }
    }
  }
};

template <class Env, class Token>
class gate_waiter {
  using token = wake_token<Token>;
  static constexpr bool can_be_woken = requires(Env& e, duration d, token const& t) { e.sleep(d, t); };

 public:
  /// Lends the caller's waker for the next wait. None if the environment's sleep cannot be ended.
  [[nodiscard]] waker lend() noexcept {
    if constexpr (can_be_woken) {
      if (lent_) word_.reset();
      lent_ = true;
      return {[](void* self) noexcept { static_cast<gate_waiter*>(self)->word_.wake(); }, this};
    } else {
      return {};
    }
  }

  void sleep(Env& environment, duration d, Token const& t) {
    constexpr bool wakes = !left_polling<Token>;
    static_assert(wakes,
                  "tenax: to wake a sleep, a std::stop_token (or a token like it) needs #include <tenax/cancel.hpp>");
    if constexpr (can_be_woken) {
      environment.sleep(d, token{&word_, &t});
    } else {
      sleep_for_call(environment, d, t);
    }
  }

 private:
  platform::wake_word word_;
  bool lent_ = false;
};

}  // namespace tenax::detail
