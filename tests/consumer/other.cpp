// SPDX-License-Identifier: MIT
// A second file of the same program: whatever a header defines must be allowed in both.
#include TENAX_HEADER

int other();
int other() {
  return tenax::retrying{}.wait(tenax::wait::none)([] { return 42; });
}
