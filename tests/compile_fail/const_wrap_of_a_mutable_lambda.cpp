// expect: tenax: the callable is const here, but changes itself when it is called, as a `mutable` lambda does; make it, or the wrap that holds it, not const
// SPDX-License-Identifier: MIT
// const_wrap_of_a_mutable_lambda.cpp: a const wrap of a lambda that changes its own state.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

void call() {
  auto const count = [n = 0](int by) mutable { return n += by; };
#ifdef CORRECTED
  auto wrapped = tenax::retrying{}.wrap(count);
#else
  auto const wrapped = tenax::retrying{}.wrap(count);
#endif
  wrapped(1);
}
