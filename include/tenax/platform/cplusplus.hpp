// SPDX-License-Identifier: MIT
// platform/cplusplus.hpp: stops the compilation if the compiler is not in C++20 mode. All headers include it first.
#pragma once

// MSVC calls every language C++98 unless it is given /Zc:__cplusplus.
#if defined(_MSVC_LANG) ? _MSVC_LANG < 202002L : __cplusplus < 202002L
#error "tenax needs C++20: compile with -std=c++20"
// Including a header that does not exist ends the compilation here, before hundreds of errors hide the one above.
#include <tenax needs C++20>
#endif
