// expect: tenax: a wait strategy was combined with a function that makes one; did you forget the parentheses, as in wait::exponential()?
// SPDX-License-Identifier: MIT
// at_most_of_a_maker.cpp: a function that makes a strategy, without its parentheses.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const wait = tenax::wait::at_most(5s, tenax::wait::exponential());
#else
auto const wait = tenax::wait::at_most(5s, tenax::wait::exponential);
#endif
