// expect: tenax: .stop() was given a retry predicate; did you mean .when(...)?
// SPDX-License-Identifier: MIT
// predicate_as_stop_condition.cpp: a retry predicate where a stop condition belongs.
#include <tenax/tenax.hpp>
namespace when = tenax::when;
namespace wait = tenax::wait;
namespace stop = tenax::stop;
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.when(when::any_error || when::exception<std::runtime_error>);
#else
auto const policy = tenax::retrying{}.stop(when::any_error || when::exception<std::runtime_error>);
#endif
