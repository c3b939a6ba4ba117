// expect: tenax: .stop() was given a wait strategy; did you mean .wait(...)?
// SPDX-License-Identifier: MIT
// wait_strategy_as_stop_condition.cpp: a wait strategy as a stop condition.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.wait(tenax::wait::constant(5s));
#else
auto const policy = tenax::retrying{}.stop(tenax::wait::constant(5s));
#endif
