// expect in output: when::status: code", "must be a number of three digits, such as 429"
// SPDX-License-Identifier: MIT
// constant_bad_status.cpp: a status that cannot be, in a constant.
#include <tenax/http/when.hpp>
namespace when = tenax::when;

#ifdef CORRECTED
constexpr auto predicate = when::status(503);
#else
constexpr auto predicate = when::status(50);
#endif
