// expect: tenax: the function given to .advised_by() must be callable when const: policies are shared; keep what changes outside, behind a reference
// SPDX-License-Identifier: MIT
// advisor_that_changes_itself.cpp: a reader of advice that counts.
#include <tenax/tenax.hpp>
namespace when = tenax::when;
namespace wait = tenax::wait;
namespace stop = tenax::stop;
using namespace std::chrono_literals;

int ask();

#ifdef CORRECTED
int const got = tenax::retrying{}.advised_by([](tenax::attempt<int> const&) { return tenax::hint(); })(ask);
#else
int const got = tenax::retrying{}.advised_by(
    [last = tenax::hint()](tenax::attempt<int> const&) mutable { return std::exchange(last, {}); })(ask);
#endif
