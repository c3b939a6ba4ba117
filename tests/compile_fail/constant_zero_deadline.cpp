// expect in output: stop::deadline: d"
// SPDX-License-Identifier: MIT
// constant_zero_deadline.cpp: a constant policy with a deadline of zero.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
constexpr auto policy = tenax::retrying{}.stop(tenax::stop::deadline(1s));
#else
constexpr auto policy = tenax::retrying{}.stop(tenax::stop::deadline(0s));
#endif
