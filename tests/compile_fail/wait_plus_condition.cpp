// expect: tenax: an operator was given policies of two roles; it combines those of one: give predicates to .when(...), waits to .wait(...) and conditions to .stop(...)
// SPDX-License-Identifier: MIT
// wait_plus_condition.cpp: a wait and a stop condition in one operator.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy =
    tenax::retrying{}.wait(tenax::wait::constant(1s) + tenax::wait::uniform(0s, 1s)).stop(tenax::stop::deadline(9s));
#else
auto const policy = tenax::retrying{}.wait(tenax::wait::constant(1s) + tenax::stop::deadline(9s));
#endif
