// expect: tenax: .wait() was given a stop condition; did you mean .stop(...)?
// SPDX-License-Identifier: MIT
// stop_condition_as_wait_strategy.cpp: a stop condition as a wait strategy.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.stop(tenax::stop::after_attempts(3) || tenax::stop::deadline(2s));
#else
auto const policy = tenax::retrying{}.wait(tenax::stop::after_attempts(3) || tenax::stop::deadline(2s));
#endif
