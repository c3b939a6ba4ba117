// expect: tenax: when::result_is() was given a function; it compares results with a value: did you mean when::result(...)?
// SPDX-License-Identifier: MIT
// result_is_of_a_lambda.cpp: a condition, given to the predicate that takes a value.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

int ask();

#ifdef CORRECTED
int const got = tenax::retrying{}.when(tenax::when::result([](int v) { return v < 0; }))(ask);
#else
int const got = tenax::retrying{}.when(tenax::when::result_is([](int v) { return v < 0; }))(ask);
#endif
