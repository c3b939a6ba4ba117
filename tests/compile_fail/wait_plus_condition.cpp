// expect: tenax: an operator was given policies of two roles; it combines those of one: give predicates to .when(...), waits to .wait(...) and conditions to .stop(...)
// SPDX-License-Identifier: MIT
// wait_plus_condition.cpp: a wait and a stop condition in one operator.
#include <tenax/tenax.hpp>
namespace when = tenax::when;
namespace wait = tenax::wait;
namespace stop = tenax::stop;
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.wait(wait::constant(1s) + wait::uniform(0s, 1s)).stop(stop::deadline(9s));
#else
auto const policy = tenax::retrying{}.wait(wait::constant(1s) + stop::deadline(9s));
#endif
