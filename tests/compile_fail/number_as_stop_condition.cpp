// expect: tenax: .stop() was given a number; write .stop(stop::after_attempts(...))
// SPDX-License-Identifier: MIT
// number_as_stop_condition.cpp: a number where a stop condition belongs.
#include <tenax/tenax.hpp>
namespace when = tenax::when;
namespace wait = tenax::wait;
namespace stop = tenax::stop;
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.stop(stop::after_attempts(3));
#else
auto const policy = tenax::retrying{}.stop(3);
#endif
