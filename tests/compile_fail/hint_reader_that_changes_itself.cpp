// expect: tenax: the function given to .read_hints_with() must be callable when const: policies are shared; keep what changes outside, behind a reference
// SPDX-License-Identifier: MIT
// hint_reader_that_changes_itself.cpp: a hint reader that changes its own state.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

int ask();

#ifdef CORRECTED
int const got = tenax::retrying{}.read_hints_with([](tenax::attempt<int> const&) { return tenax::hint(); })(ask);
#else
int const got = tenax::retrying{}.read_hints_with(
    [last = tenax::hint()](tenax::attempt<int> const&) mutable { return std::exchange(last, {}); })(ask);
#endif
