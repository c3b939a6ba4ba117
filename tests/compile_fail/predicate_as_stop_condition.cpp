// expect: tenax: .stop() was given a retry predicate; did you mean .when(...)?
// SPDX-License-Identifier: MIT
// predicate_as_stop_condition.cpp: a retry predicate as a stop condition.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.when(tenax::when::any_error || tenax::when::exception<std::runtime_error>);
#else
auto const policy = tenax::retrying{}.stop(tenax::when::any_error || tenax::when::exception<std::runtime_error>);
#endif
