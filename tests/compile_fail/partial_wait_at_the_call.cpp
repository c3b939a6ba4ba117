// expect: tenax: .wait() needs a strategy that always has an answer; end it with wait::first_of(..., wait::exponential())
// SPDX-License-Identifier: MIT
// partial_wait_at_the_call.cpp: a wait strategy that may return no wait for this result type, without a fallback.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

inline constexpr auto after_503 =
    tenax::wait::only_if(tenax::when::result([](int status) { return status == 503; }), tenax::wait::none);
int ask();

#ifdef CORRECTED
int const status = tenax::retrying{}.wait(tenax::wait::first_of(after_503, tenax::wait::exponential()))(ask);
#else
int const status = tenax::retrying{}.wait(after_503)(ask);
#endif
