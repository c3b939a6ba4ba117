// expect: tenax: .through() needs a gate that calls share; write .through(std::ref(gate))
// SPDX-License-Identifier: MIT
// gate_that_is_none.cpp: a shared object that is not a gate.
#include <functional>

#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

struct open_gate {
  struct ticket {};
  tenax::admission admit(ticket&, tenax::attempt_info const&, tenax::time_point) { return tenax::admission::go(); }
  void record(ticket&, tenax::feedback const&, tenax::time_point) {}
};
open_gate gate;
int number = 0;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.through(std::ref(gate));
#else
auto const policy = tenax::retrying{}.through(std::ref(number));
#endif
