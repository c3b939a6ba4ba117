// expect: tenax: wait::decorrelated() takes options by name; write wait::decorrelated({.base = 100ms, .max = 30s})
// SPDX-License-Identifier: MIT
// decorrelated_by_position.cpp: the options of a strategy without their names.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const w = tenax::wait::decorrelated({.base = 100ms, .max = 5s});
#else
auto const w = tenax::wait::decorrelated(100ms, 5s);
#endif
