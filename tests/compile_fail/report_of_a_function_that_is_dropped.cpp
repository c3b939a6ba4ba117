// expect: ignoring return
// SPDX-License-Identifier: MIT
// report_of_a_function_that_is_dropped.cpp: a report that a user's function returns, discarded.
#include <tenax/tenax.hpp>

#pragma GCC diagnostic error "-Wunused-result"
#pragma GCC diagnostic error "-Wunused-value"

tenax::report<int> fetch();

#ifdef CORRECTED
void run() { static_cast<void>(fetch()); }
#else
void run() { fetch(); }
#endif
