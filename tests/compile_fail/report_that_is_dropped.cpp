// expect: ignoring return
// SPDX-License-Identifier: MIT
// report_that_is_dropped.cpp: a report that is discarded.
#include <tenax/tenax.hpp>

#pragma GCC diagnostic error "-Wunused-result"

int fetch();

#ifdef CORRECTED
bool run() { return tenax::retrying{}.try_call(fetch).succeeded(); }
#else
void run() { tenax::retrying{}.try_call(fetch); }
#endif
