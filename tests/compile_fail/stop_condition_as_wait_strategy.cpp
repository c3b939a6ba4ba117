// expect: tenax: .wait() was given a stop condition; did you mean .stop(...)?
// SPDX-License-Identifier: MIT
// stop_condition_as_wait_strategy.cpp: a stop condition where a wait strategy belongs.
#include <tenax/tenax.hpp>
namespace when = tenax::when;
namespace wait = tenax::wait;
namespace stop = tenax::stop;
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.stop(stop::after_attempts(3) || stop::deadline(2s));
#else
auto const policy = tenax::retrying{}.wait(stop::after_attempts(3) || stop::deadline(2s));
#endif
