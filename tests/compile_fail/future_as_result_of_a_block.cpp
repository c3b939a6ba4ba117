// expect: tenax: the callable returns a future, whose failure comes after the attempt has ended; call .get() inside the callable, as in policy([&] { return start().get(); })
// SPDX-License-Identifier: MIT
// future_as_result_of_a_block.cpp: a block that returns a future, which would be discarded.
#include <future>

#include <tenax/tenax.hpp>

std::future<int> start();

void run() {
  for (auto& attempt : tenax::retrying{}.attempts()) {
#ifdef CORRECTED
    attempt([] { return start().get(); });
#else
    attempt([] { return start(); });
#endif
  }
}
