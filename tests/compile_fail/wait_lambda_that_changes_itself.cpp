// expect: tenax: the strategy given to .wait() must be callable when const: policies are shared; keep what changes outside, behind a reference
// SPDX-License-Identifier: MIT
// wait_lambda_that_changes_itself.cpp: a generic wait strategy that changes its own state.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

int ask();

#ifdef CORRECTED
int const got = tenax::retrying{}.wait([](auto const& a) { return a.number * 1ms; })(ask);
#else
int const got = tenax::retrying{}.wait([d = 1ms](auto const&) mutable { return d *= 2; })(ask);
#endif
