// SPDX-License-Identifier: MIT
// A second file of the same program: all headers must be usable in several translation units.
#include TENAX_HEADER

int other();
int other() {
  return tenax::retrying{}.wait(tenax::wait::none)([] { return 42; });
}
