// expect: tenax: the callable cannot be called with these arguments; they are passed again on every attempt, so as lvalues: take them by value or by const reference
// SPDX-License-Identifier: MIT
// block_with_a_parameter.cpp: a block of a retried loop with a parameter for which there is no argument.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
void call() {
  for (auto& attempt : tenax::retrying{}.attempts()) attempt([](tenax::attempt_info const&) {});
}
#else
void call() {
  for (auto& attempt : tenax::retrying{}.attempts()) attempt([](int) {});
}
#endif
