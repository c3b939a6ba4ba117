// expect: tenax: .stop() was given a duration; write .stop(stop::deadline(...))
// SPDX-License-Identifier: MIT
// duration_as_stop_condition.cpp: a duration as a stop condition.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.stop(tenax::stop::deadline(30s));
#else
auto const policy = tenax::retrying{}.stop(30s);
#endif
