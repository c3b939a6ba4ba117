// expect: tenax: a policy is called with a callable and then its arguments, but was given a value; write policy(f, 1) instead of policy(f(1))
// SPDX-License-Identifier: MIT
// result_as_callable.cpp: the result of an operation instead of the operation.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

int ask(int port);

#ifdef CORRECTED
int const status = tenax::retrying{}(ask, 80);
#else
void call() { tenax::retrying{}(ask(80)); }
#endif
