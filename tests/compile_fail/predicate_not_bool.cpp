// expect: tenax: the predicate given to .when() must return bool
// SPDX-License-Identifier: MIT
// predicate_not_bool.cpp: a predicate that returns a number.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

int ask();

#ifdef CORRECTED
int const status = tenax::retrying{}.when([](auto const& a) { return a.number == 1; })(ask);
#else
int const status = tenax::retrying{}.when([](auto const& a) { return a.number; })(ask);
#endif
