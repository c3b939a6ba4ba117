// expect: tenax: the function of keyed::change() changes the gate that it is given, and returns nothing; write .change(key, [](auto& gate) { gate.set(...); })
// SPDX-License-Identifier: MIT
// change_that_returns.cpp: a change that returns a new gate in place of changing the one it is given.
#include <string>

#include <tenax/gate/keyed.hpp>
#include <tenax/gate/rate_limiter.hpp>

using limiter = tenax::rate_limiter<>;
tenax::keyed<std::string, limiter> limits([] { return limiter(tenax::per_second(10)); });

void upgrade() {
#ifdef CORRECTED
  limits.change("Ada", [](auto& gate) { gate.set(tenax::per_second(50)); });
#else
  limits.change("Ada", [](auto const&) { return limiter(tenax::per_second(50)); });
#endif
}
