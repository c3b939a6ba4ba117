// expect: tenax: circuit_breaker takes options by name; write circuit_breaker({.failures = 5, .open_for = 30s})
// SPDX-License-Identifier: MIT
// circuit_breaker_by_position.cpp: the options of a gate without their names.
#include <tenax/gate/circuit_breaker.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
tenax::circuit_breaker breaker({.failures = 5, .open_for = 30s});
#else
tenax::circuit_breaker breaker(5, 30s);
#endif
