// expect: tenax: wait::polynomial() takes options by name; write wait::polynomial({.base = 100ms, .exponent = 2, .max = 10s})
// SPDX-License-Identifier: MIT
// polynomial_by_position.cpp: the options of a strategy without their names.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const w = tenax::wait::polynomial({.base = 100ms, .exponent = 3});
#else
auto const w = tenax::wait::polynomial(100ms, 3);
#endif
