// SPDX-License-Identifier: MIT
// platform/stop_token.hpp: std::stop_token, where the standard library has it.
//
// TENAX_WITHOUT_STOP_TOKEN, given to the compiler, pretends that it has not.
#pragma once

#include <tenax/platform/threads.hpp>

#if __has_include(<stop_token>)
#include <stop_token>
#endif
