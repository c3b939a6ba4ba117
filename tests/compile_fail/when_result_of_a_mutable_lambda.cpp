// expect: tenax: the callable given to when::result() must be callable when const: policies are shared; keep what changes outside, behind a reference
// SPDX-License-Identifier: MIT
// when_result_of_a_mutable_lambda.cpp: a result predicate that changes its own state.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

int ask();
int seen = 0;

#ifdef CORRECTED
int const got = tenax::retrying{}.when(tenax::when::result([](int) { return ++seen < 3; }))(ask);
#else
int const got = tenax::retrying{}.when(tenax::when::result([n = 0](int) mutable { return ++n < 3; }))(ask);
#endif
