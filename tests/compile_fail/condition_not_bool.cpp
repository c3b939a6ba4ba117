// expect: tenax: the condition given to .stop() cannot be called for what this callable returns, or does not return bool
// SPDX-License-Identifier: MIT
// condition_not_bool.cpp: a stop condition that returns a number.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

int ask();

#ifdef CORRECTED
int const status = tenax::retrying{}.stop([](tenax::attempt_info const& a) { return a.number > 3; })(ask);
#else
int const status = tenax::retrying{}.stop([](tenax::attempt_info const& a) { return a.number; })(ask);
#endif
