// expect: tenax: .wait() needs a strategy that takes `tenax::attempt_info const&` and returns a duration
// SPDX-License-Identifier: MIT
// wait_lambda_without_attempt.cpp: a lambda that takes no attempt, given as a wait strategy.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.wait([](tenax::attempt_info const& a) { return a.number * 1s; });
#else
auto const policy = tenax::retrying{}.wait([](int number) { return number * 1s; });
#endif
