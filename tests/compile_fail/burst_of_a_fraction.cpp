// expect: tenax: a gate counts whole permits, attempts and places, but was given a fraction; write a whole number, or round it up
// SPDX-License-Identifier: MIT
// burst_of_a_fraction.cpp: a fraction of a permit.
#include <tenax/gate/rate.hpp>

#ifdef CORRECTED
auto const burst = tenax::per_second(2.5).with_burst(3);
#else
auto const burst = tenax::per_second(2.5).with_burst(2.5);
#endif
