// expect: tenax: .wait() needs a strategy that always has an answer; end it with wait::first_of(..., wait::exponential())
// SPDX-License-Identifier: MIT
// partial_wait_at_the_setter.cpp: a wait strategy that may return no wait, without a fallback.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.wait(tenax::wait::first_of(tenax::wait::retry_after, tenax::wait::exponential()));
#else
auto const policy = tenax::retrying{}.wait(tenax::wait::retry_after);
#endif
