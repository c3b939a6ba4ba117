// expect: tenax: a wait strategy was combined with a plain number; write wait::constant(5s), with a unit
// SPDX-License-Identifier: MIT
// chain_of_a_number.cpp: a number in place of a wait strategy.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const wait = tenax::wait::chain(tenax::wait::none, tenax::wait::constant(1s));
#else
auto const wait = tenax::wait::chain(tenax::wait::none, 1);
#endif
