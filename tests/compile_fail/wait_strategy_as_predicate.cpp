// expect: tenax: .when() was given a wait strategy; did you mean .wait(...)?
// SPDX-License-Identifier: MIT
// wait_strategy_as_predicate.cpp: a wait strategy as a retry predicate.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.wait(tenax::wait::exponential());
#else
auto const policy = tenax::retrying{}.when(tenax::wait::exponential());
#endif
