// expect: tenax: wait::uniform() needs both ends of the interval; write wait::uniform(0s, 500ms)
// SPDX-License-Identifier: MIT
// uniform_of_one_end.cpp: an interval with only one end.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const w = tenax::wait::uniform(0s, 500ms);
#else
auto const w = tenax::wait::uniform(500ms);
#endif
