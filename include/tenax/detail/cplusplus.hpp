// SPDX-License-Identifier: MIT
// detail/cplusplus.hpp: refuses to be compiled as C++17. Every header includes this one before it says anything that
// C++17 does not understand.
#pragma once

#if __cplusplus < 202002L
#error "tenax needs C++20: compile with -std=c++20"
// A header that does not exist ends the compilation here, before hundreds of errors bury the one above.
#include <tenax needs C++20>
#endif
