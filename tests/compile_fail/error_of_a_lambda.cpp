// expect: tenax: when::error() was given a function; it compares errors with a value: did you mean when::error_if(...)?
// SPDX-License-Identifier: MIT
// error_of_a_lambda.cpp: a condition, given to the predicate that takes a value.
#include <system_error>

#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

std::error_code ask();

#ifdef CORRECTED
auto const got = tenax::retrying{}.when(tenax::when::error_if([](std::error_code e) { return e.value() == 11; }))(ask);
#else
auto const got = tenax::retrying{}.when(tenax::when::error([](std::error_code e) { return e.value() == 11; }))(ask);
#endif
