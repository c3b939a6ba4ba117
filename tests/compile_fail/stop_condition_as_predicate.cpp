// expect: tenax: .when() was given a stop condition; did you mean .stop(...)?
// SPDX-License-Identifier: MIT
// stop_condition_as_predicate.cpp: a stop condition where a retry predicate belongs.
#include <tenax/tenax.hpp>
namespace when = tenax::when;
namespace wait = tenax::wait;
namespace stop = tenax::stop;
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.stop(stop::after_attempts(3));
#else
auto const policy = tenax::retrying{}.when(stop::after_attempts(3));
#endif
