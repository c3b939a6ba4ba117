// expect: tenax: .wait() was given a duration; write .wait(wait::constant(...))
// SPDX-License-Identifier: MIT
// duration_as_wait_strategy.cpp: a duration as a wait strategy.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.wait(tenax::wait::constant(5s));
#else
auto const policy = tenax::retrying{}.wait(5s);
#endif
