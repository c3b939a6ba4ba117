// SPDX-License-Identifier: MIT
// platform/stop_token.hpp: std::stop_token, where the standard library has it.
//
// TENAX_WITHOUT_STOP_TOKEN pretends that it has not.
#pragma once

#include <tenax/platform/threads.hpp>

#if __has_include(<stop_token>)
#include <stop_token>
#endif

#if defined(__cpp_lib_jthread) && !defined(TENAX_WITHOUT_STOP_TOKEN)
#define TENAX_HAS_STOP_TOKEN 1
#else
#define TENAX_HAS_STOP_TOKEN 0
#endif
