// expect: tenax: a wait strategy was combined with a duration; write wait::constant(...)
// SPDX-License-Identifier: MIT
// only_if_a_duration.cpp: a duration in place of a wait strategy.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const wait = tenax::wait::only_if(tenax::when::failed, tenax::wait::constant(5s));
#else
auto const wait = tenax::wait::only_if(tenax::when::failed, 5s);
#endif
