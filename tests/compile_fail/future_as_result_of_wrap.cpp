// expect: tenax: the callable returns a future, whose failure comes after the attempt has ended; call .get() inside the callable, as in policy([&] { return start().get(); })
// SPDX-License-Identifier: MIT
// future_as_result_of_wrap.cpp: a wrapped callable that returns a future of another library.
#include <tenax/tenax.hpp>

struct any_future {
  bool valid() const;
  void wait();
  int get();
};
any_future start(int);

#ifdef CORRECTED
auto const got = tenax::retrying{}.wrap([](int n) { return start(n).get(); })(7);
#else
auto const got = tenax::retrying{}.wrap(start)(7);
#endif
