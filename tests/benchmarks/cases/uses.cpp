// SPDX-License-Identifier: MIT
// uses.cpp: USES different calls with the library, from 0 to 2.
#include <tenax/tenax.hpp>

namespace when = tenax::when;
namespace wait = tenax::wait;
namespace stop = tenax::stop;

#if USES > 0
int operation(int);

int call(int x) {
  return tenax::retrying{}
      .when(when::result([](int v) { return v < 0; }))
      .wait(wait::exponential({.base = std::chrono::milliseconds(100), .max = std::chrono::seconds(5)}))
      .stop(stop::after_attempts(5))(operation, x);
}
#endif

#if USES > 1
int another_operation(char);

int another_call(char x) {
  return tenax::retrying{}
      .when(when::result([](int v) { return v < 0; }))
      .wait(wait::exponential({.base = std::chrono::milliseconds(100), .max = std::chrono::seconds(5)}))
      .stop(stop::after_attempts(5))(another_operation, x);
}
#endif
