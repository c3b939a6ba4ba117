// expect in output: wait::constant: wait"
// SPDX-License-Identifier: MIT
// constant_negative_wait.cpp: a constant policy with a negative wait.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
constexpr auto policy = tenax::retrying{}.wait(tenax::wait::constant(5s));
#else
constexpr auto policy = tenax::retrying{}.wait(tenax::wait::constant(-5s));
#endif
