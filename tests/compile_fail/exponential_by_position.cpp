// expect: tenax: wait::exponential() takes options by name; write wait::exponential({.base = 100ms, .max = 5s})
// SPDX-License-Identifier: MIT
// exponential_by_position.cpp: the options of a strategy without their names.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const w = tenax::wait::exponential({.base = 100ms, .max = 5s});
#else
auto const w = tenax::wait::exponential(100ms, 5s);
#endif
