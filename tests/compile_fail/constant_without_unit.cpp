// expect: tenax: a duration needs a unit; write 5s or std::chrono::milliseconds(250), not a plain number
// SPDX-License-Identifier: MIT
// constant_without_unit.cpp: a constant wait of a plain number.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.wait(tenax::wait::constant(5s));
#else
auto const policy = tenax::retrying{}.wait(tenax::wait::constant(5));
#endif
