// expect in output: invalid_parameter("stop::after_attempts: n", "must be at least 1
// SPDX-License-Identifier: MIT
// constant_zero_attempts.cpp: a constant policy with zero attempts.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
constexpr auto policy = tenax::retrying{}.stop(tenax::stop::after_attempts(1));
#else
constexpr auto policy = tenax::retrying{}.stop(tenax::stop::after_attempts(0));
#endif
