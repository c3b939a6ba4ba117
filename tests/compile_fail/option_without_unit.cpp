// expect: tenax: a duration needs a unit; write 5s or std::chrono::milliseconds(250), not a plain number
// SPDX-License-Identifier: MIT
// option_without_unit.cpp: a plain number where an option is a duration.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.wait(tenax::wait::exponential({.base = 100ms}));
#else
auto const policy = tenax::retrying{}.wait(tenax::wait::exponential({.base = 100}));
#endif
