// expect: tenax: a wait strategy was combined with a duration; write wait::constant(...)
// SPDX-License-Identifier: MIT
// wait_plus_duration.cpp: a duration as the operand of a wait strategy.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.wait(tenax::wait::exponential() + tenax::wait::constant(1s));
#else
auto const policy = tenax::retrying{}.wait(tenax::wait::exponential() + 1s);
#endif
