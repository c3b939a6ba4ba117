// expect: tenax: retry_after() was given the error first; write tenax::retry_after(5s, error)
// SPDX-License-Identifier: MIT
// retry_after_with_the_error_first.cpp: the wait and the error in the wrong order.
#include <stdexcept>

#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
void busy() { throw tenax::retry_after(5s, std::runtime_error("busy")); }
#else
void busy() { throw tenax::retry_after(std::runtime_error("busy"), 5s); }
#endif
