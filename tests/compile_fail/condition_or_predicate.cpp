// expect: tenax: an operator was given policies of two roles; it combines those of one: give predicates to .when(...), waits to .wait(...) and conditions to .stop(...)
// SPDX-License-Identifier: MIT
// condition_or_predicate.cpp: a stop condition and a retry predicate in one operator.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy =
    tenax::retrying{}.stop(tenax::stop::after_attempts(3)).when(tenax::when::exception<std::logic_error>);
#else
auto const policy = tenax::retrying{}.stop(tenax::stop::after_attempts(3) || tenax::when::exception<std::logic_error>);
#endif
