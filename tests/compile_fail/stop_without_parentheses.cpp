// expect: tenax: .stop() was given a function that takes no attempt; did you forget the parentheses, as in stop::after_attempts(3)?
// SPDX-License-Identifier: MIT
// stop_without_parentheses.cpp: the function that makes a stop condition, instead of a condition.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.stop(tenax::stop::after_attempts(3));
#else
auto const policy = tenax::retrying{}.stop(tenax::stop::after_attempts);
#endif
