// expect: tenax: .when() was given a wait strategy; did you mean .wait(...)?
// SPDX-License-Identifier: MIT
// wait_strategy_as_predicate.cpp: a wait strategy where a retry predicate belongs.
#include <tenax/tenax.hpp>
namespace when = tenax::when;
namespace wait = tenax::wait;
namespace stop = tenax::stop;
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.wait(wait::exponential());
#else
auto const policy = tenax::retrying{}.when(wait::exponential());
#endif
