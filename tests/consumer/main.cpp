// SPDX-License-Identifier: MIT
// A user's program: a call that fails once and then succeeds.
#include TENAX_HEADER

#include <stdexcept>

int other();

int main() {
  int calls = 0;
  int const result = tenax::retrying{}.wait(tenax::wait::none)([&] {
    if (++calls == 1) throw std::runtime_error("not yet");
    return 42;
  });
  return result == 42 && calls == 2 && other() == 42 ? 0 : 1;
}
