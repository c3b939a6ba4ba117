// expect: tenax: the callable cannot be called with these arguments; they are passed again on every attempt, so as lvalues: take them by value or by const reference
// SPDX-License-Identifier: MIT
// wrong_arguments.cpp: a callable and arguments that do not fit.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

int ask(char const* host, int port);

#ifdef CORRECTED
int const status = tenax::retrying{}(ask, "localhost", 80);
#else
void call() { tenax::retrying{}(ask, 80, "localhost"); }
#endif
