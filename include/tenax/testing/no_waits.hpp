// SPDX-License-Identifier: MIT
// testing/no_waits.hpp: a whole program retries without waiting, for tests of code that you cannot change.
#pragma once

#include <cstdint>

#include <tenax/detail/skipped_sleep.hpp>
#include <tenax/environment.hpp>
#include <tenax/platform/compiler.hpp>

namespace tenax::detail {

/// The number of `testing::no_waits` that are alive in the process, in the lower half of the bits. The upper half
/// counts how often the last one was destroyed. Used through the functions of platform/atomic.hpp.
inline std::uintptr_t no_waits_state = 0;
inline constexpr std::uintptr_t no_waits_period = std::uintptr_t{1} << (sizeof(std::uintptr_t) * 4);

inline std::uintptr_t read_no_waits() noexcept { return platform::load_relaxed(no_waits_state); }
constexpr bool any_alive(std::uintptr_t state) noexcept { return state % no_waits_period != 0; }
constexpr std::uintptr_t period_of(std::uintptr_t state) noexcept { return state / no_waits_period; }

/// The sleeps that one thread has skipped: its clock runs ahead by their sum, until the last `no_waits` is destroyed.
class skipped_sleeps {
 public:
  /// Whether the thread skips a sleep of `d`, which is more than zero.
  [[nodiscard]] bool skip(duration d) noexcept {
    auto const state = read_no_waits();
    if (!any_alive(state)) [[likely]]
      return ahead_.count() != 0 && skip_rest(d);
    if (period_of(state) != period_) ahead_ = duration::zero();
    period_ = period_of(state);
    ahead_ = saturating_add(ahead_, d);
    last_ = d;
    skipped_at_ = platform::steady_time::now();
    return true;
  }

  /// The thread's time; `real` is the time of the clock.
  [[nodiscard]] time_point shown(time_point real) noexcept { return ahead_.count() == 0 ? real : shown_ahead(real); }

  /// A thread that destroys a `no_waits` is not in a sleep, so nothing has to be corrected.
  void forget() noexcept { *this = skipped_sleeps(); }

 private:
  TENAX_COLD time_point shown_ahead(time_point real) noexcept {
    auto const state = read_no_waits();
    if (any_alive(state) && period_of(state) == period_) {
      last_ = duration::zero();
      return time_point(saturating_add(real.time_since_epoch(), ahead_));
    }
    if (rest_skipped_) {
      real = time_point(saturating_add(real.time_since_epoch(), last_));
      forget();
    } else if (last_.count() == 0 || doubted_) {
      forget();
    } else {
      doubted_ = true;
    }
    return real;
  }

  /// The last `no_waits` may be destroyed after a call has skipped its sleep and before it reads the clock. The clock
  /// then shows that the wait has not passed, and the call asks to sleep for the rest. It must not sleep for a time
  /// that it was told to skip: the rest is skipped as well, and the next reading of the clock includes it.
  TENAX_COLD bool skip_rest(duration d) noexcept {
    constexpr duration::rep soon = 1'000'000'000;
    auto const passed = saturating_between(skipped_at_, platform::steady_time::now()).count();
    auto const missing = saturating_subtract(last_, d).count();
    bool const is_rest = doubted_ && !rest_skipped_ && passed < soon && missing > 0 && missing < soon;
    if (!is_rest) {
      forget();
      return false;
    }
    last_ = d;
    return rest_skipped_ = true;
  }

  duration ahead_{};
  duration last_{};  // the last sleep that was skipped, until the clock has shown it
  time_point skipped_at_{};
  std::uintptr_t period_ = 0;
  bool doubted_ = false;  // the clock was read once since, and did not show it
  bool rest_skipped_ = false;
};

inline constinit thread_local skipped_sleeps skipped;

inline constexpr sleep_skipper no_waits_skipper{
    [](duration d) noexcept { return skipped.skip(d); },
    [](time_point real) noexcept { return skipped.shown(real); },
};

}  // namespace tenax::detail

namespace tenax::testing {

/// While an object of this class is alive, sleeps of the real environment return immediately, in all threads of the
/// process. Decisions stay the same: to the policies of a thread it looks as if the thread had slept, deadlines
/// included, because `real_time::now()` runs ahead by the skipped time. After the last object is destroyed,
/// `real_time::now()` is the steady clock again, in every thread.
///
/// A gate keeps the times that it saw while the clock ran ahead: use a new gate in each test.
///
/// Thread safety: safe. Several objects may be alive at the same time.
class no_waits {
 public:
  no_waits() noexcept {
    platform::increment_relaxed(tenax::detail::no_waits_state);
    platform::store_release(tenax::detail::skipper, &tenax::detail::no_waits_skipper);
  }
  ~no_waits() {
    using tenax::detail::no_waits_period;
    auto state = tenax::detail::read_no_waits();
    std::uintptr_t less = 0;
    do {
      bool const last = state % no_waits_period == 1;
      less = last ? state - 1 + no_waits_period : state - 1;
    } while (!platform::replace_relaxed(tenax::detail::no_waits_state, state, less));
    if (less % no_waits_period == 0) tenax::detail::skipped.forget();
  }

  no_waits(no_waits const&) = delete;
  no_waits& operator=(no_waits const&) = delete;
};

}  // namespace tenax::testing
