// SPDX-License-Identifier: MIT
// environment.hpp: the real clock, the real sleep and the real randomness, as one value.
#pragma once

#include <cerrno>

#include <tenax/concepts.hpp>
#include <tenax/detail/chrono.hpp>
#include <tenax/random.hpp>

#include <time.h>

namespace tenax {

namespace detail {

/// Counts the `testing::no_waits` that are alive in the process. Used through atomic builtins, because <atomic> would
/// make every user's translation unit a tenth dearer for a test helper.
inline int skip_sleeps = 0;

/// What this thread would have slept, had it not been told to skip: its clock runs ahead by that.
inline constinit thread_local duration skipped_sleep{};

inline bool skipping_sleeps() noexcept { return __atomic_load_n(&skip_sleeps, __ATOMIC_RELAXED) != 0; }

/// Whether this thread does not have to sleep for `d`: because it is nothing, or because it was told to skip.
inline bool skips_sleep(duration d) noexcept {
  if (d <= duration::zero()) return true;
  if (!skipping_sleeps()) return false;
  skipped_sleep = saturating_add(skipped_sleep, d);
  return true;
}

// The sleeps are not noexcept: a thread that pthread_cancel ends in its sleep unwinds its stack through here.
inline void sleep_for(duration d) {
  auto const seconds = std::chrono::duration_cast<std::chrono::seconds>(d);
  ::timespec left{};
  left.tv_sec = seconds.count();
  left.tv_nsec = (d - seconds).count();
  while (::nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
}

/// How a thread sleeps until a token of a given type is triggered. Specialize it for a token that can wake a sleeper;
/// <tenax/cancel.hpp> does so for `std::stop_token` and tokens like it. This one looks at the token now and then.
template <class Token>
struct interruptible_sleep {
  static constexpr duration look_again = std::chrono::milliseconds(5);

  static void sleep_for(duration d, Token const& token) {
    while (d > duration::zero() && !token.stop_requested()) {
      auto const slice = d < look_again ? d : look_again;
      detail::sleep_for(slice);
      d -= slice;
    }
  }
};

/// A token that could wake a sleeper, of whom nobody has said how.
template <class Token>
concept left_polling = requires(Token const& t) {
  t.stop_possible();
  interruptible_sleep<Token>::look_again;
};

}  // namespace detail

/// The environment of a blocking call: the steady clock, a sleep of this thread, and this thread's random source.
///
/// Thread safety: safe.
struct real_time {
  [[nodiscard]] static time_point now() noexcept {
    return time_point(std::chrono::steady_clock::now().time_since_epoch()) + detail::skipped_sleep;
  }

  /// Sleeps for `d`, also through signals. Returns at once if `d` is not more than zero.
  static void sleep(duration d) {
    if (!detail::skips_sleep(d)) detail::sleep_for(d);
  }

  /// Sleeps for `d`, or until `token.stop_requested()`: at once for a `std::stop_token` (see <tenax/cancel.hpp>), within
  /// 5 ms for a token that cannot wake a sleeper.
  template <cancellation_token Token>
  static void sleep(duration d, Token const& token) {
    constexpr bool wakes = !detail::left_polling<Token>;
    static_assert(wakes,
                  "tenax: to wake a sleep, a std::stop_token (or a token like it) needs #include <tenax/cancel.hpp>");
    if (!detail::skips_sleep(d)) detail::interruptible_sleep<Token>::sleep_for(d, token);
  }

  [[nodiscard]] static random_source& random() noexcept { return this_thread_random(); }
};

}  // namespace tenax
