// expect: tenax: the callable given to when::error_if() must be callable when const: policies are shared; keep what changes outside, behind a reference
// SPDX-License-Identifier: MIT
// when_error_of_a_mutable_lambda.cpp: an error predicate that changes its own state.
#include <system_error>

#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

std::error_code ask();
int seen = 0;

#ifdef CORRECTED
auto const got = tenax::retrying{}.when(tenax::when::error_if([](std::error_code) { return ++seen < 3; }))(ask);
#else
auto const got =
    tenax::retrying{}.when(tenax::when::error_if([n = 0](std::error_code) mutable { return ++n < 3; }))(ask);
#endif
