// expect in output: tenax: the callable cannot be called with these arguments
// SPDX-License-Identifier: MIT
// wrong_arguments_to_a_wrap.cpp: a wrapped callable is called with arguments that the callable inside does not take.
#include <tenax/tenax.hpp>

int add(int a, int b);

#ifdef CORRECTED
auto const sum = tenax::retrying{}.wrap(add)(1, 2);
#else
auto const sum = tenax::retrying{}.wrap(add)(1);
#endif
