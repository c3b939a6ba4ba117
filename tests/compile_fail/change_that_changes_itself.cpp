// expect: tenax: keyed::change() needs a function that takes the gate by reference and does not change itself; write .change(key, [](auto& gate) { ... })
// SPDX-License-Identifier: MIT
// change_that_changes_itself.cpp: a change that counts, so that no two threads may call it.
#include <string>

#include <tenax/gate/keyed.hpp>
#include <tenax/gate/rate_limiter.hpp>

using limiter = tenax::rate_limiter<>;
tenax::keyed<std::string, limiter> limits([] { return limiter(tenax::per_second(10)); });

void upgrade() {
#ifdef CORRECTED
  limits.change("Ada", [](auto& gate) { gate.set(tenax::per_second(50)); });
#else
  limits.change("Ada", [n = 0](limiter& gate) mutable { gate.set(tenax::per_second(++n)); });
#endif
}
