// expect: tenax: .when() was given a stop condition; did you mean .stop(...)?
// SPDX-License-Identifier: MIT
// stop_condition_as_predicate.cpp: a stop condition as a retry predicate.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.stop(tenax::stop::after_attempts(3));
#else
auto const policy = tenax::retrying{}.when(tenax::stop::after_attempts(3));
#endif
