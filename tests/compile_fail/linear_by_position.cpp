// expect: tenax: wait::linear() takes options by name; write wait::linear({.first = 1s, .step = 2s, .max = 10s})
// SPDX-License-Identifier: MIT
// linear_by_position.cpp: the options of a strategy without their names.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const w = tenax::wait::linear({.first = 1s, .max = 10s});
#else
auto const w = tenax::wait::linear(1s, 10s);
#endif
