// expect: tenax: the callable cannot be called with these arguments; they are passed again on every attempt, so as lvalues: take them by value or by const reference
// SPDX-License-Identifier: MIT
// wrong_arguments_to_try_call.cpp: a callable and arguments that do not fit, in a call with a report.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

int ask(char const* host, int port);

#ifdef CORRECTED
auto const report = tenax::retrying{}.try_call(ask, "localhost", 80);
#else
auto const report = tenax::retrying{}.try_call(ask, 80, "localhost");
#endif
