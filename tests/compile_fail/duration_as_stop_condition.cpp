// expect: tenax: .stop() was given a duration; write .stop(stop::deadline(...))
// SPDX-License-Identifier: MIT
// duration_as_stop_condition.cpp: a duration where a stop condition belongs.
#include <tenax/tenax.hpp>
namespace when = tenax::when;
namespace wait = tenax::wait;
namespace stop = tenax::stop;
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.stop(stop::deadline(30s));
#else
auto const policy = tenax::retrying{}.stop(30s);
#endif
