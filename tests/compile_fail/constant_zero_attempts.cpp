// expect in output: invalid_parameter("stop::after_attempts: n", "must be at least 1
// SPDX-License-Identifier: MIT
// constant_zero_attempts.cpp: a constant policy without an attempt.
#include <tenax/tenax.hpp>
namespace when = tenax::when;
namespace wait = tenax::wait;
namespace stop = tenax::stop;
using namespace std::chrono_literals;

#ifdef CORRECTED
constexpr auto policy = tenax::retrying{}.stop(stop::after_attempts(1));
#else
constexpr auto policy = tenax::retrying{}.stop(stop::after_attempts(0));
#endif
