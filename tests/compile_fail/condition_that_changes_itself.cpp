// expect: tenax: the condition given to .stop() must be callable when const: policies are shared; keep what changes outside, behind a reference
// SPDX-License-Identifier: MIT
// condition_that_changes_itself.cpp: a stop condition that changes its own state.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

int ask();

#ifdef CORRECTED
int const got = tenax::retrying{}.stop([](tenax::attempt_info const& a) { return a.number > 3; })(ask);
#else
int const got = tenax::retrying{}.stop([n = 0](tenax::attempt_info const&) mutable { return ++n > 3; })(ask);
#endif
