// SPDX-License-Identifier: MIT
// platform/cplusplus.hpp: refuses to be compiled as C++17. Every header includes this one before it says anything that
// C++17 does not understand.
#pragma once

// MSVC calls every language C++98 unless it is given /Zc:__cplusplus.
#if defined(_MSVC_LANG) ? _MSVC_LANG < 202002L : __cplusplus < 202002L
#error "tenax needs C++20: compile with -std=c++20"
// A header that does not exist ends the compilation here, before hundreds of errors bury the one above.
#include <tenax needs C++20>
#endif
