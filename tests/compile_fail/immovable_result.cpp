// expect: tenax: the callable returns a type that cannot be moved; return a pointer to it instead
// SPDX-License-Identifier: MIT
// immovable_result.cpp: a callable that returns a type that cannot be moved.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

struct connection {
  connection() = default;
  connection(connection const&) = delete;
};
connection* find();
connection connect();

#ifdef CORRECTED
void call() { tenax::retrying{}(find); }
#else
void call() { tenax::retrying{}(connect); }
#endif
