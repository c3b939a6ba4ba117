// expect: tenax: a stop condition was combined with a number; write stop::after_attempts(...) for a limit on attempts
// SPDX-License-Identifier: MIT
// number_and_condition.cpp: a number as the operand of a stop condition.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.stop(tenax::stop::after_attempts(3) && tenax::stop::deadline(30s));
#else
auto const policy = tenax::retrying{}.stop(3 && tenax::stop::deadline(30s));
#endif
