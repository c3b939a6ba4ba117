// expect: tenax: wait::exponential() takes options by name; write wait::exponential({.base = 100ms, .max = 5s})
// SPDX-License-Identifier: MIT
// exponential_of_a_number.cpp: a number without a name and without a unit.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const w = tenax::wait::exponential({.base = 100ms});
#else
auto const w = tenax::wait::exponential(100);
#endif
