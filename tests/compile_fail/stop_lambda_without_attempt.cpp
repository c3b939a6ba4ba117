// expect: tenax: .stop() needs a condition that takes `tenax::attempt_info const&` and returns bool
// SPDX-License-Identifier: MIT
// stop_lambda_without_attempt.cpp: a lambda that takes no attempt, given as a stop condition.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.stop([](tenax::attempt_info const& a) { return a.number > 3; });
#else
auto const policy = tenax::retrying{}.stop([](unsigned number) { return number > 3; });
#endif
