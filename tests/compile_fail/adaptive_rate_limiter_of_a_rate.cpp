// expect: tenax: adaptive_rate_limiter takes options by name; write adaptive_rate_limiter({.start = per_second(5)}), or {.limit = per_second(5)} for a limit that was announced
// SPDX-License-Identifier: MIT
// adaptive_rate_limiter_of_a_rate.cpp: a rate that may be the first guess or the limit.
#include <tenax/gate/adaptive_rate_limiter.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
tenax::adaptive_rate_limiter limiter({.start = tenax::per_second(5)});
#else
tenax::adaptive_rate_limiter limiter(tenax::per_second(5));
#endif
