// SPDX-License-Identifier: MIT
// platform/stop_token.hpp: std::stop_token, where the standard library has it.
//
// TENAX_WITHOUT_STOP_TOKEN, given to the compiler, pretends that it has not.
#pragma once

#include <tenax/platform/threads.hpp>

#if __has_include(<stop_token>)
#include <stop_token>
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
