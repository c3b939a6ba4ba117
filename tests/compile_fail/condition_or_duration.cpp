// expect: tenax: a stop condition was combined with a duration; write stop::deadline(...) for a limit on time
// SPDX-License-Identifier: MIT
// condition_or_duration.cpp: a duration as the operand of a stop condition.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.stop(tenax::stop::after_attempts(3) || tenax::stop::deadline(30s));
#else
auto const policy = tenax::retrying{}.stop(tenax::stop::after_attempts(3) || 30s);
#endif
