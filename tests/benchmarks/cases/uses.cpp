// SPDX-License-Identifier: MIT
// uses.cpp: a file with USES different calls of the library, from 0 to 2.
#include <tenax/tenax.hpp>

#if USES > 0
int operation(int);

int call(int x) {
  return tenax::retrying{}
      .when(tenax::when::result([](int v) { return v < 0; }))
      .wait(tenax::wait::exponential({.base = std::chrono::milliseconds(100), .max = std::chrono::seconds(5)}))
      .stop(tenax::stop::after_attempts(5))(operation, x);
}
#endif

#if USES > 1
int another_operation(char);

int another_call(char x) {
  return tenax::retrying{}
      .when(tenax::when::result([](int v) { return v < 0; }))
      .wait(tenax::wait::exponential({.base = std::chrono::milliseconds(100), .max = std::chrono::seconds(5)}))
      .stop(tenax::stop::after_attempts(5))(another_operation, x);
}
#endif
