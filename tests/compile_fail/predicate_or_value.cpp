// expect: tenax: a retry predicate was combined with a value; to compare results with it write when::result_is(...)
// SPDX-License-Identifier: MIT
// predicate_or_value.cpp: a value as the operand of a retry predicate.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.when(tenax::when::failed || tenax::when::result_is(false));
#else
auto const policy = tenax::retrying{}.when(tenax::when::failed || false);
#endif
