// expect: tenax: a duration needs a unit; write 5s or std::chrono::milliseconds(250), not a plain number
// SPDX-License-Identifier: MIT
// sequence_without_unit.cpp: a sequence of plain numbers.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.wait(tenax::wait::sequence{1s, 5s});
#else
auto const policy = tenax::retrying{}.wait(tenax::wait::sequence{1, 5});
#endif
