// expect: tenax: retry_after() needs the error after the wait; write throw tenax::retry_after(5s, std::runtime_error("busy"))
// SPDX-License-Identifier: MIT
// retry_after_without_an_error.cpp: a wait without the failure that it belongs to.
#include <stdexcept>

#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
void busy() { throw tenax::retry_after(5s, std::runtime_error("busy")); }
#else
void busy() { throw tenax::retry_after(5s); }
#endif
