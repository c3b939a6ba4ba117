// SPDX-License-Identifier: MIT
// at_length.hpp: whether tests in this configuration run the long variants.
#pragma once

namespace tests {

/// For tests in which many threads run at the same time.
#ifdef TENAX_TEST_AT_LENGTH
inline constexpr bool at_length = true;
#else
inline constexpr bool at_length = false;
#endif

/// For tests in which threads take turns: the thread sanitizer finds nothing in these.
#if defined(__SANITIZE_THREAD__)
inline constexpr bool in_many_schedules = false;
#elif defined(__has_feature)
inline constexpr bool in_many_schedules = at_length && !__has_feature(thread_sanitizer);
#else
inline constexpr bool in_many_schedules = at_length;
#endif

/// For simulations on one thread, which are slow under sanitizers: those find in a part of them what they find in all.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
inline constexpr bool every_simulation = false;
#elif defined(__has_feature)
inline constexpr bool every_simulation = !__has_feature(thread_sanitizer) && !__has_feature(address_sanitizer);
#else
inline constexpr bool every_simulation = true;
#endif

/// For tests that count allocations: the thread sanitizer of clang has an operator new, which wins.
#if defined(__has_feature)
inline constexpr bool own_operator_new = !__has_feature(thread_sanitizer);
#else
inline constexpr bool own_operator_new = true;
#endif

}  // namespace tests
