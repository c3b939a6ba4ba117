// expect: tenax: wait::sequence needs at least one wait, as in wait::sequence{1s, 5s}
// SPDX-License-Identifier: MIT
// sequence_of_nothing.cpp: a sequence without a wait.
#include <tenax/tenax.hpp>
namespace when = tenax::when;
namespace wait = tenax::wait;
namespace stop = tenax::stop;
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.wait(wait::sequence{1s});
#else
auto const policy = tenax::retrying{}.wait(wait::sequence{});
#endif
