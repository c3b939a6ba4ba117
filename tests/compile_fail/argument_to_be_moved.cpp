// expect: tenax: the callable cannot be called with these arguments; they are passed again on every attempt, so as lvalues: take them by value or by const reference
// SPDX-License-Identifier: MIT
// argument_to_be_moved.cpp: a callable that wants to move from its argument, which the second attempt needs too.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

struct letter {};
void send(letter const&);
void consume(letter&&);

#ifdef CORRECTED
void call() { tenax::retrying{}(send, letter{}); }
#else
void call() { tenax::retrying{}(consume, letter{}); }
#endif
