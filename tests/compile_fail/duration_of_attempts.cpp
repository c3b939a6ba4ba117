// expect: tenax: stop::after_attempts() was given a duration, but counts attempts; write stop::deadline(...) for a limit on time
// SPDX-License-Identifier: MIT
// duration_of_attempts.cpp: a duration instead of a number of attempts.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const s = tenax::stop::deadline(5s);
#else
auto const s = tenax::stop::after_attempts(5s);
#endif
