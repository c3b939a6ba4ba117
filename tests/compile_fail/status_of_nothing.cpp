// expect: tenax: when::status() needs status codes, such as when::status(429, 503)
// SPDX-License-Identifier: MIT
// status_of_nothing.cpp: when::status() without a status.
#include <tenax/http/when.hpp>

#ifdef CORRECTED
auto const busy = tenax::when::status(503);
#else
auto const busy = tenax::when::status();
#endif
