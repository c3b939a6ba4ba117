// SPDX-License-Identifier: MIT
// platform/system.hpp: which operating system it is: that of the user's own header, Windows, or a POSIX system.
#pragma once

#include <cstddef>
#include <cstdint>

#include <tenax/platform/compiler.hpp>

#if defined(TENAX_PLATFORM)

#include TENAX_PLATFORM

#elif defined(_WIN32)

#if defined(__MINGW32__) && defined(__GLIBCXX__) && !defined(_GLIBCXX_HAS_GTHREADS)
#error \
    "tenax: this MinGW has no std::mutex, and its steady_clock jumps with the wall clock; use the compiler with posix threads (x86_64-w64-mingw32-g++-posix)"
// A header that does not exist ends the compilation here, before other errors bury the one above.
#include <tenax needs MinGW with posix threads>
#endif

#elif __has_include(<sys/mman.h>)

#define TENAX_POSIX

#else

#error \
    "tenax: this system is neither POSIX nor Windows; put now(), sleep() and random_bytes() into a header of your own and compile with -DTENAX_PLATFORM='<my_platform.hpp>', see docs/reference/platforms.md"
#include <tenax needs TENAX_PLATFORM>

#endif

namespace tenax::platform {

#if defined(TENAX_POSIX)
inline constexpr bool is_posix = true;
#else
inline constexpr bool is_posix = false;
#endif

}  // namespace tenax::platform
