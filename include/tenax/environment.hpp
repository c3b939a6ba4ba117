// SPDX-License-Identifier: MIT
// environment.hpp: `real_time`: the steady clock, the sleep of this thread, and real random numbers, as one value.
#pragma once

#include <tenax/concepts.hpp>
#include <tenax/detail/skipped_sleep.hpp>
#include <tenax/platform/clock.hpp>
#include <tenax/random.hpp>

namespace tenax {

namespace detail {

/// Sleeps until `Clock` has reached `end`. The clock decides when the sleep is over, whatever the number of slices and
/// signals.
// Uses counts, because comparing points in time would make compilers instantiate more than the rest of this header.
template <class Clock>
void sleep_until(time_point end) {
  for (;;) {
    auto const now = Clock::now();
    auto const left = saturating_between(now, end);
    if (left.count() <= 0) return;
    Clock::sleep_once(now, left);
  }
}

/// Sleeps until `Clock` says `end`, and looks every few milliseconds whether `token` is triggered.
template <class Clock, class Token>
void poll_until(time_point end, Token const& token) {
  constexpr duration look_again = std::chrono::milliseconds(5);
  for (;;) {
    auto const now = Clock::now();
    auto const left = saturating_between(now, end);
    if (left.count() <= 0 || token.stop_requested()) return;
    detail::sleep_until<Clock>(time_point(saturating_add(now.time_since_epoch(), shorter(left, look_again))));
  }
}

/// How a thread sleeps until a token of a given type is triggered. Specialize it for a token that can wake a sleeper;
/// <tenax/cancel.hpp> does so for `std::stop_token` and tokens like it. This primary template checks the token every
/// few milliseconds.
template <class Token>
struct interruptible_sleep {
  static constexpr bool polls = true;

  template <class Clock>
  static void sleep_until(time_point end, Token const& token) {
    poll_until<Clock>(end, token);
  }
};

/// The type of a callback that a token calls when it is triggered. <tenax/cancel.hpp> specializes it for
/// `std::stop_token`.
template <class Token, class F>
struct callback_of {
  using type = typename Token::template callback_type<F>;
};

/// A token with callbacks for which `interruptible_sleep` is not specialized.
template <class Token>
concept left_polling = requires(Token const& t) {
  t.stop_possible();
  interruptible_sleep<Token>::polls;
};

/// The blocking environment on a clock. Its time is that of the clock, plus the sleeps that a `testing::no_waits`
/// skips.
template <class Clock>
struct clock_environment {
  /// The time of the clock. While a `testing::no_waits` is alive, as if this thread had slept the skipped sleeps.
  [[nodiscard]] static time_point now() noexcept {
    auto const real = Clock::now();
    auto const* const skips = find_skipper();
    if (skips != nullptr) [[unlikely]]
      return skips->shown(real);
    return real;
  }

  /// Sleeps until the clock has advanced by `d`. Signals and a busy machine do not end a sleep early, and their delays
  /// do not add up. `duration::max()` sleeps for ever. Returns immediately if `d` is not more than zero.
  static void sleep(duration d) {
    if (!detail::skips_sleep(d)) detail::sleep_until<Clock>(end_of(d));
  }

  /// As `sleep(d)`, but ends when `token.stop_requested()`: immediately for a `std::stop_token` (see
  /// <tenax/cancel.hpp>), within 5 ms for a token that cannot wake a sleeper.
  template <cancellation_token Token>
  static void sleep(duration d, Token const& token) {
    constexpr bool wakes = !detail::left_polling<Token>;
    static_assert(wakes,
                  "tenax: to wake a sleep, a std::stop_token (or a token like it) needs #include <tenax/cancel.hpp>");
    if (!detail::skips_sleep(d)) {
      detail::interruptible_sleep<Token>::template sleep_until<Clock>(end_of(d), token);
    }
  }

  /// This thread's own random source.
  [[nodiscard]] static random_source& random() noexcept { return tenax::this_thread_random(); }

 private:
  static time_point end_of(duration d) noexcept {
    return time_point(saturating_add(Clock::now().time_since_epoch(), d));
  }
};

}  // namespace detail

/// The environment of a blocking call: the steady clock, a sleep of this thread, and this thread's random source.
///
/// On Linux the steady clock stands still while the machine is suspended: see <tenax/suspend_aware_time.hpp>.
///
/// Thread safety: safe.
struct real_time : detail::clock_environment<platform::steady_time> {};

}  // namespace tenax
