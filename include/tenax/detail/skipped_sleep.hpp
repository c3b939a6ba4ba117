// SPDX-License-Identifier: MIT
// detail/skipped_sleep.hpp: sleeps that `testing::no_waits` skips, and the clock of a thread that skipped them.
#pragma once

#include <cstdint>

#include <tenax/duration.hpp>

namespace tenax::detail {

/// The `testing::no_waits` that are alive in the process: their number in the lower half of the bits. The upper half
/// counts how often the last one went. Used through atomic builtins, because <atomic> would make every user's translation
/// unit a tenth dearer for a test helper.
inline std::uintptr_t no_waits_state = 0;
inline constexpr std::uintptr_t no_waits_period = std::uintptr_t{1} << (sizeof(std::uintptr_t) * 4);

inline std::uintptr_t read_no_waits() noexcept { return __atomic_load_n(&no_waits_state, __ATOMIC_RELAXED); }
constexpr bool any_alive(std::uintptr_t state) noexcept { return state % no_waits_period != 0; }
constexpr std::uintptr_t period_of(std::uintptr_t state) noexcept { return state / no_waits_period; }

inline time_point steady_now() noexcept { return time_point(std::chrono::steady_clock::now().time_since_epoch()); }

/// What one thread has skipped: its clock runs ahead by that, until the last `no_waits` goes.
class skipped_sleeps {
 public:
  /// Whether the thread does not have to sleep for `d`, which is more than zero.
  [[nodiscard]] bool skip(duration d) noexcept {
    auto const state = read_no_waits();
    if (!any_alive(state)) [[likely]]
      return ahead_ != duration::zero() && skip_rest(d);
    if (period_of(state) != period_) ahead_ = duration::zero();
    period_ = period_of(state);
    ahead_ = saturating_add(ahead_, d);
    last_ = d;
    skipped_at_ = steady_now();
    return true;
  }

  /// The thread's time, where `real` is what the clock says.
  [[nodiscard]] time_point shown(time_point real) noexcept {
    return ahead_ == duration::zero() ? real : shown_ahead(real);
  }

  /// The thread that ends a `no_waits` is in no sleep, so it has nothing to make up for.
  void forget() noexcept { *this = skipped_sleeps(); }

 private:
  [[gnu::noinline, gnu::cold]] time_point shown_ahead(time_point real) noexcept {
    auto const state = read_no_waits();
    if (any_alive(state) && period_of(state) == period_) {
      last_ = duration::zero();
      return time_point(saturating_add(real.time_since_epoch(), ahead_));
    }
    if (rest_skipped_) {
      real = time_point(saturating_add(real.time_since_epoch(), last_));
      forget();
    } else if (last_ == duration::zero() || doubted_) {
      forget();
    } else {
      doubted_ = true;
    }
    return real;
  }

  /// The last `no_waits` may go after a call has skipped its sleep and before it reads the clock. The clock then says that
  /// the wait has not passed, and the call asks to sleep for the rest. It must not sleep for what it was told to skip: the
  /// rest is skipped as well, and the next reading of the clock shows it.
  [[gnu::noinline, gnu::cold]] bool skip_rest(duration d) noexcept {
    constexpr duration soon = std::chrono::seconds(1);
    auto const passed = saturating_between(skipped_at_, steady_now());
    bool const is_rest =
        doubted_ && !rest_skipped_ && passed < soon && d < last_ && d > saturating_subtract(last_, soon);
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

/// Whether this thread does not have to sleep for `d`: because it is not more than zero, or because a `no_waits` is alive.
inline bool skips_sleep(duration d) noexcept { return d <= duration::zero() || skipped.skip(d); }

}  // namespace tenax::detail
