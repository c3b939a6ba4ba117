// expect: tenax: an observer's function must be callable when const: policies are shared; let it keep what changes outside, behind a reference, instead of being `mutable`
// SPDX-License-Identifier: MIT
// hook_that_is_mutable.cpp: a generic function that changes itself, beside one that fits.
#include <tenax/tenax.hpp>

int ask();
int seen = 0;

#ifdef CORRECTED
auto const got = tenax::retrying{}.after_attempt([](auto const&) {}).before_sleep([](auto const&) { ++seen; })(ask);
#else
auto const got = tenax::retrying{}.after_attempt([](auto const&) {}).before_sleep([n = seen](auto const&) mutable {
  seen = ++n;
})(ask);
#endif
