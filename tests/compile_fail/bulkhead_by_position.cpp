// expect: tenax: bulkhead takes options by name; write bulkhead({.at_once = 8, .queue = 16, .max_wait = 1s})
// SPDX-License-Identifier: MIT
// bulkhead_by_position.cpp: the options of a gate without their names.
#include <tenax/gate/bulkhead.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
tenax::bulkhead few({.at_once = 4, .queue = 8});
#else
tenax::bulkhead few(4, 8);
#endif
