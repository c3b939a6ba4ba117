// expect: tenax: the callable given to .when() must be callable when const: policies are shared; keep what changes outside, behind a reference
// SPDX-License-Identifier: MIT
// predicate_that_changes_itself.cpp: a predicate that changes its own state.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

int ask();
int seen = 0;

#ifdef CORRECTED
int const got = tenax::retrying{}.when([](tenax::attempt_info const&) { return ++seen < 3; })(ask);
#else
int const got = tenax::retrying{}.when([n = 0](tenax::attempt_info const&) mutable { return ++n < 3; })(ask);
#endif
