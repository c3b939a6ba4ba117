// expect: tenax: .wait() was given a function that takes no attempt; did you forget the parentheses, as in wait::exponential()?
// SPDX-License-Identifier: MIT
// wait_without_parentheses.cpp: the maker of a wait strategy instead of a strategy.
#include <tenax/tenax.hpp>
namespace when = tenax::when;
namespace wait = tenax::wait;
namespace stop = tenax::stop;
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.wait(wait::exponential());
#else
auto const policy = tenax::retrying{}.wait(wait::exponential);
#endif
