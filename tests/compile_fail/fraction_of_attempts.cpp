// expect: tenax: stop::after_attempts() was given a fraction, but counts attempts; write a whole number, as in stop::after_attempts(3)
// SPDX-License-Identifier: MIT
// fraction_of_attempts.cpp: a fraction as a number of attempts.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const s = tenax::stop::after_attempts(3);
#else
auto const s = tenax::stop::after_attempts(2.5);
#endif
