// expect in output: wait::exponential: max"
// SPDX-License-Identifier: MIT
// constant_max_below_base.cpp: a constant exponential whose cap is below its base.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
constexpr auto policy = tenax::retrying{}.wait(tenax::wait::exponential({.base = 1s, .max = 2s}));
#else
constexpr auto policy = tenax::retrying{}.wait(tenax::wait::exponential({.base = 2s, .max = 1s}));
#endif
