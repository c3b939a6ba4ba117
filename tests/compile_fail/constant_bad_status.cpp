// expect in output: when::status: code", "must be a number of three digits, such as 429"
// SPDX-License-Identifier: MIT
// constant_bad_status.cpp: an impossible status in a constant expression.
#include <tenax/http/when.hpp>

#ifdef CORRECTED
constexpr auto predicate = tenax::when::status(503);
#else
constexpr auto predicate = tenax::when::status(50);
#endif
