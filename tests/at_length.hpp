// SPDX-License-Identifier: MIT
// at_length.hpp: whether this configuration is one of those in which tests take their time.
#pragma once

namespace tests {

/// For tests in which many threads run at once.
#ifdef TENAX_TEST_AT_LENGTH
inline constexpr bool at_length = true;
#else
inline constexpr bool at_length = false;
#endif

/// For tests in which threads take turns: of these, the thread sanitizer has nothing to say.
#ifdef __SANITIZE_THREAD__
inline constexpr bool in_many_schedules = false;
#else
inline constexpr bool in_many_schedules = at_length;
#endif

}  // namespace tests
