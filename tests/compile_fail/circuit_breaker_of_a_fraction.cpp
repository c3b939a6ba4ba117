// expect: tenax: a gate counts whole permits, attempts and places, but was given a fraction; write a whole number, or round it up
// SPDX-License-Identifier: MIT
// circuit_breaker_of_a_fraction.cpp: a fraction of a failure.
#include <tenax/gate/circuit_breaker.hpp>

#ifdef CORRECTED
tenax::circuit_breaker breaker({.failures = 3});
#else
tenax::circuit_breaker breaker({.failures = 2.5});
#endif
