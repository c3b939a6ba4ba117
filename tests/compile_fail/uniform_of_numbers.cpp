// expect: tenax: wait::uniform() was given a plain number; write wait::uniform(0s, 500ms), with units
// SPDX-License-Identifier: MIT
// uniform_of_numbers.cpp: an interval without a unit.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const w = tenax::wait::uniform(0s, 500ms);
#else
auto const w = tenax::wait::uniform(0, 0.5);
#endif
