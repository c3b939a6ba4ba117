// expect: tenax: wait::sequence needs at least one wait, as in wait::sequence{1s, 5s}
// SPDX-License-Identifier: MIT
// sequence_of_nothing.cpp: a sequence without waits.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.wait(tenax::wait::sequence{1s});
#else
auto const policy = tenax::retrying{}.wait(tenax::wait::sequence{});
#endif
