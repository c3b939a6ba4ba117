// expect: tenax: when::result() was given a value; it takes a function of the result: did you mean when::result_is(...)?
// SPDX-License-Identifier: MIT
// result_of_a_value.cpp: a value in place of a function.
#include <tenax/tenax.hpp>

#ifdef CORRECTED
auto const policy = tenax::retrying{}.when(tenax::when::result_is(false));
#else
auto const policy = tenax::retrying{}.when(tenax::when::result(false));
#endif
