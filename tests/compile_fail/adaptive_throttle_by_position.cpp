// expect: tenax: adaptive_throttle takes options by name; write adaptive_throttle({.k = 2, .window = 2min})
// SPDX-License-Identifier: MIT
// adaptive_throttle_by_position.cpp: the options of a gate without their names.
#include <tenax/gate/adaptive_throttle.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
tenax::adaptive_throttle throttle({.k = 1.5});
#else
tenax::adaptive_throttle throttle(1.5);
#endif
