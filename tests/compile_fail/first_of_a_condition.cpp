// expect: tenax: a retry predicate or a stop condition was given in place of a wait strategy; predicates belong into .when(...), conditions into .stop(...)
// SPDX-License-Identifier: MIT
// first_of_a_condition.cpp: a stop condition in place of a wait strategy.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}
                        .wait(tenax::wait::first_of(tenax::wait::retry_after, tenax::wait::constant(5s)))
                        .stop(tenax::stop::deadline(30s));
#else
auto const policy = tenax::retrying{}.wait(tenax::wait::first_of(tenax::wait::retry_after, tenax::stop::deadline(30s)));
#endif
