// expect: tenax: wait::repeat() counts waits; write a whole number first, as in wait::repeat(3, wait::none)
// SPDX-License-Identifier: MIT
// repeat_by_duration.cpp: a duration instead of a number of waits.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const w = tenax::wait::repeat(3, tenax::wait::none);
#else
auto const w = tenax::wait::repeat(3s, tenax::wait::none);
#endif
