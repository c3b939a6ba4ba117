// expect: tenax: keyed::change() needs a function that takes the gate by reference and does not change itself; write .change(key, [](auto& gate) { ... })
// SPDX-License-Identifier: MIT
// change_of_a_copied_gate.cpp: a change that takes a gate of the user's, which can be copied, by value.
#include <tenax/gate/keyed.hpp>

struct open_gate {
  struct ticket {};
  tenax::admission admit(ticket&, tenax::attempt_info const&, tenax::time_point) { return tenax::admission::go(); }
  void record(ticket&, tenax::feedback const&, tenax::time_point) {}
  bool open = true;
};
tenax::keyed<int, open_gate> doors([] { return open_gate(); });

void close() {
#ifdef CORRECTED
  doors.change(1, [](open_gate& gate) { gate.open = false; });
#else
  doors.change(1, [](open_gate gate) { gate.open = false; });
#endif
}
