// expect: tenax: rate_limiter was given a number or a duration, but needs a rate; write rate_limiter(per_second(10))
// SPDX-License-Identifier: MIT
// rate_limiter_of_a_number.cpp: a number without a period.
#include <tenax/gate/rate_limiter.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
tenax::rate_limiter limiter(tenax::per_second(10));
#else
tenax::rate_limiter limiter(10);
#endif
