// expect: tenax: .before_attempt() and .before_gate_wait() are called before there is an outcome; let the function take a `tenax::attempt_info const&`
// SPDX-License-Identifier: MIT
// hook_before_there_is_an_outcome.cpp: a hook that takes an outcome before the attempt.
#include <tenax/tenax.hpp>

#ifdef CORRECTED
auto const p = tenax::retrying{}.before_attempt([](tenax::attempt_info const&) {});
#else
auto const p = tenax::retrying{}.before_attempt([](tenax::attempt<int> const&) {});
#endif
