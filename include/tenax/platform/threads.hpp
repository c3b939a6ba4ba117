// SPDX-License-Identifier: MIT
// platform/threads.hpp: refuses a standard library without threads, for the headers that need std::mutex; and what is
// known about its threads.
#pragma once

#include <tenax/platform/compiler.hpp>

#if defined(__GLIBCXX__) && !defined(_GLIBCXX_HAS_GTHREADS)
#error \
    "tenax: the header that includes this one needs std::mutex, and this standard library has no threads; the gates, <tenax/cancel.hpp> and Asio are not available here, see docs/reference/platforms.md"
// A header that does not exist ends the compilation here, before other errors bury the one above.
#include <tenax needs threads here>
#endif

namespace tenax::platform {

/// Whether a `std::stop_callback` can be destroyed while another thread runs it. With g++ 12 for MinGW, a program
/// without this library was seen to hang in such a destructor.
#if defined(__MINGW32__) && defined(__GLIBCXX__)
inline constexpr bool stop_callbacks_are_sound = false;
#else
inline constexpr bool stop_callbacks_are_sound = true;
#endif

}  // namespace tenax::platform
