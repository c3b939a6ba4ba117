// expect: tenax: .before_attempt() and .before_gate_wait() are called before there is an outcome; let the function take a `tenax::attempt_info const&`
// SPDX-License-Identifier: MIT
// hook_of_a_gate_wait_that_wants_an_outcome.cpp: a hook for a gate's wait, when there is no outcome yet.
#include <tenax/tenax.hpp>

#ifdef CORRECTED
auto const p = tenax::retrying{}.before_gate_wait([](tenax::attempt_info const&) {});
#else
auto const p = tenax::retrying{}.before_gate_wait([](tenax::attempt<int> const&) {});
#endif
