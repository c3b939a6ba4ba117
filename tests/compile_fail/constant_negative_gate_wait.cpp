// expect in output: max_gate_wait: max"
// SPDX-License-Identifier: MIT
// constant_negative_gate_wait.cpp: a constant policy with a negative limit on waits at gates.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
constexpr auto policy = tenax::retrying{}.max_gate_wait(0s);
#else
constexpr auto policy = tenax::retrying{}.max_gate_wait(-1s);
#endif
