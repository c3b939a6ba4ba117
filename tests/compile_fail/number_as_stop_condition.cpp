// expect: tenax: .stop() was given a number; write .stop(stop::after_attempts(...))
// SPDX-License-Identifier: MIT
// number_as_stop_condition.cpp: a number as a stop condition.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.stop(tenax::stop::after_attempts(3));
#else
auto const policy = tenax::retrying{}.stop(3);
#endif
