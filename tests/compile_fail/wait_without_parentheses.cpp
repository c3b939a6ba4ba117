// expect: tenax: .wait() was given a function that takes no attempt; did you forget the parentheses, as in wait::exponential()?
// SPDX-License-Identifier: MIT
// wait_without_parentheses.cpp: the function that makes a wait strategy, instead of a strategy.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.wait(tenax::wait::exponential());
#else
auto const policy = tenax::retrying{}.wait(tenax::wait::exponential);
#endif
