// expect: tenax: wait::exponential() was given two durations without names, and its second option is the factor; write wait::exponential({.base = 100ms, .max = 5s})
// SPDX-License-Identifier: MIT
// exponential_of_two_durations.cpp: a duration as the second option, which is the factor.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const w = tenax::wait::exponential({.base = 100ms, .max = 5s}).full();
#else
auto const w = tenax::wait::exponential({100ms, 5s}).full();
#endif
