// SPDX-License-Identifier: MIT
// testing/no_waits.hpp: makes a whole program retry without waiting, for tests of code that one cannot reach into.
#pragma once

#include <tenax/environment.hpp>

namespace tenax::testing {

/// While one is alive, sleeps of the real environment return at once, in all threads of the process. Decisions stay as
/// they are: to a thread's policies it looks as if it had slept, deadlines included.
///
/// Thread safety: safe. Several may be alive at the same time.
class no_waits {
 public:
  no_waits() noexcept { __atomic_add_fetch(&tenax::detail::skip_sleeps, 1, __ATOMIC_RELAXED); }
  ~no_waits() { __atomic_sub_fetch(&tenax::detail::skip_sleeps, 1, __ATOMIC_RELAXED); }

  no_waits(no_waits const&) = delete;
  no_waits& operator=(no_waits const&) = delete;
};

}  // namespace tenax::testing
