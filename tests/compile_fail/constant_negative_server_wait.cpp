// expect in output: max_server_wait: max"
// SPDX-License-Identifier: MIT
// constant_negative_server_wait.cpp: a constant policy with a negative limit on server waits.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
constexpr auto policy = tenax::retrying{}.max_server_wait(0s);
#else
constexpr auto policy = tenax::retrying{}.max_server_wait(-1s);
#endif
