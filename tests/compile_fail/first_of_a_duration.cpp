// expect: tenax: a wait strategy was combined with a duration; write wait::constant(...)
// SPDX-License-Identifier: MIT
// first_of_a_duration.cpp: a duration as the last word of waits.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.wait(tenax::wait::first_of(tenax::wait::retry_after, tenax::wait::constant(5s)));
#else
auto const policy = tenax::retrying{}.wait(tenax::wait::first_of(tenax::wait::retry_after, 5s));
#endif
