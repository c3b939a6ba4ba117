// expect: tenax: .through() was given a const gate, which cannot count; give it the gate itself, not const
// SPDX-License-Identifier: MIT
// gate_that_is_const.cpp: a gate that cannot count, because it is const.
#include <tenax/tenax.hpp>
//
#include <functional>

#include <tenax/gate/circuit_breaker.hpp>

tenax::circuit_breaker<> breaker;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.through(std::ref(breaker));
#else
auto const policy = tenax::retrying{}.through(std::cref(breaker));
#endif
