// expect: tenax: a duration needs a unit; write 5s or std::chrono::milliseconds(250), not a plain number
// SPDX-License-Identifier: MIT
// max_gate_wait_without_unit.cpp: a limit on waits at gates that is a plain number.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.max_gate_wait(60s);
#else
auto const policy = tenax::retrying{}.max_gate_wait(60);
#endif
