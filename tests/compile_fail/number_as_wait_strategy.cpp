// expect: tenax: .wait() was given a plain number; write .wait(wait::constant(5s)), with a unit
// SPDX-License-Identifier: MIT
// number_as_wait_strategy.cpp: a plain number as a wait strategy.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.wait(tenax::wait::constant(5s));
#else
auto const policy = tenax::retrying{}.wait(5);
#endif
