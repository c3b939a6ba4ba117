// expect: tenax: the strategy given to .wait() cannot be called for what this callable returns, or does not return a duration
// SPDX-License-Identifier: MIT
// wait_of_another_type.cpp: a wait strategy for a type that the callable does not return.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

int ask();

#ifdef CORRECTED
int const status = tenax::retrying{}.wait([](tenax::attempt<int> const&) { return 1s; })(ask);
#else
int const status = tenax::retrying{}.wait([](tenax::attempt<bool> const&) { return 1s; })(ask);
#endif
