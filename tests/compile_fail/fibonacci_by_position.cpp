// expect: tenax: wait::fibonacci() takes options by name; write wait::fibonacci({.unit = 1s, .max = 30s})
// SPDX-License-Identifier: MIT
// fibonacci_by_position.cpp: the options of a strategy without their names.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const w = tenax::wait::fibonacci({.unit = 1s});
#else
auto const w = tenax::wait::fibonacci(1s);
#endif
