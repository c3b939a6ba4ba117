// expect: tenax: a hedged call calls the operation in two threads at the same time, so it is called as a const object with const arguments; write it without `mutable`, and take arguments by value or by const reference
// SPDX-License-Identifier: MIT
// hedged_mutable.cpp: a lambda that changes itself, given to hedged().
#include <tenax/async/hedged.hpp>
#include <tenax/gate/windowed_retry_budget.hpp>

int read(tenax::hedging<tenax::windowed_retry_budget>& reads) {
#ifdef CORRECTED
  return tenax::hedged(reads, [](int x) { return x; }, 1);
#else
  return tenax::hedged(reads, [n = 0](int x) mutable { return n += x; }, 1);
#endif
}
