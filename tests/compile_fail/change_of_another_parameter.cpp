// expect: tenax: keyed::change() needs a function that takes the gate by reference and does not change itself; write .change(key, [](auto& gate) { ... })
// SPDX-License-Identifier: MIT
// change_of_another_parameter.cpp: a change that takes the new rate, not the gate.
#include <string>

#include <tenax/gate/keyed.hpp>
#include <tenax/gate/rate_limiter.hpp>

using limiter = tenax::rate_limiter<>;
tenax::keyed<std::string, limiter> limits([] { return limiter(tenax::per_second(10)); });

void upgrade() {
#ifdef CORRECTED
  limits.change("Ada", [](auto& gate) { gate.set(tenax::per_second(50)); });
#else
  limits.change("Ada", [](tenax::rate) {});
#endif
}
