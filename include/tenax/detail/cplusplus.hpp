// SPDX-License-Identifier: MIT
// detail/cplusplus.hpp: stops the compilation if the compiler is not in C++20 mode. All headers include it first.
#pragma once

#if __cplusplus < 202002L
#error "tenax needs C++20: compile with -std=c++20"
// Including a header that does not exist ends the compilation here, before hundreds of errors hide the one above.
#include <tenax needs C++20>
#endif
