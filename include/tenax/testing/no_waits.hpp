// SPDX-License-Identifier: MIT
// testing/no_waits.hpp: makes a whole program retry without waiting, for tests of code that one cannot reach into.
#pragma once

#include <tenax/detail/skipped_sleep.hpp>

namespace tenax::testing {

/// While one is alive, sleeps of the real environment return at once, in all threads of the process. Decisions stay as
/// they are: to a thread's policies it looks as if it had slept, deadlines included, because `real_time::now()` runs ahead
/// by what the thread skipped. When the last one goes, `real_time::now()` is the steady clock again, in every thread.
///
/// A gate keeps what it noted while the clock ran ahead: use a new gate in each test.
///
/// Thread safety: safe. Several may be alive at the same time.
class no_waits {
 public:
  no_waits() noexcept { __atomic_add_fetch(&tenax::detail::no_waits_state, 1, __ATOMIC_RELAXED); }
  ~no_waits() {
    using tenax::detail::no_waits_period;
    auto state = tenax::detail::read_no_waits();
    std::uintptr_t less = 0;
    do {
      bool const last = state % no_waits_period == 1;
      less = last ? state - 1 + no_waits_period : state - 1;
    } while (!__atomic_compare_exchange_n(&tenax::detail::no_waits_state, &state, less, true, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED));
    if (less % no_waits_period == 0) tenax::detail::skipped.forget();
  }

  no_waits(no_waits const&) = delete;
  no_waits& operator=(no_waits const&) = delete;
};

}  // namespace tenax::testing
