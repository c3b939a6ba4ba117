// expect: tenax: an operator was given policies of two roles; it combines those of one: give predicates to .when(...), waits to .wait(...) and conditions to .stop(...)
// SPDX-License-Identifier: MIT
// predicate_and_condition.cpp: a retry predicate and a stop condition in one operator.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.stop(tenax::stop::after_attempts(3)).when(tenax::when::failed);
#else
auto const policy = tenax::retrying{}.when(tenax::when::failed && tenax::stop::after_attempts(3));
#endif
