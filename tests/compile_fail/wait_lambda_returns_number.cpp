// expect: tenax: .wait() needs a strategy that returns a duration, such as std::chrono::milliseconds
// SPDX-License-Identifier: MIT
// wait_lambda_returns_number.cpp: a wait strategy that returns a number without a unit.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.wait([](tenax::attempt_info const& a) { return 100ms * a.number; });
#else
auto const policy = tenax::retrying{}.wait([](tenax::attempt_info const& a) { return 100 * a.number; });
#endif
