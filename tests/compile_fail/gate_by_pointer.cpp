// expect: tenax: .through() was given a pointer to a gate; write .through(std::ref(*gate))
// SPDX-License-Identifier: MIT
// gate_by_pointer.cpp: a gate that is held by a smart pointer.
#include <tenax/tenax.hpp>
//
#include <functional>
#include <memory>

#include <tenax/gate/circuit_breaker.hpp>

auto const breaker = std::make_shared<tenax::circuit_breaker<>>();

#ifdef CORRECTED
auto const policy = tenax::retrying{}.through(std::ref(*breaker));
#else
auto const policy = tenax::retrying{}.through(breaker);
#endif
