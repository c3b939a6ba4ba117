// SPDX-License-Identifier: MIT
// names.cpp: the short names beside <sys/wait.h>, which has a function called wait in the global namespace.
#include <chrono>
#include <cstdio>
#include <stdexcept>

#include <tenax/tenax.hpp>

#include <sys/wait.h>

int dial() {
  static int calls = 0;
  if (++calls < 2) throw std::runtime_error("busy");
  return calls;
}

// [names]
namespace phone {  // a namespace of your own

using namespace std::chrono_literals;

int call() { return tenax::retrying{}.wait(tenax::wait::constant(1ms))(dial); }

}  // namespace phone

int call_at_once() {
  namespace wait = tenax::wait;  // or a function
  return tenax::retrying{}.wait(tenax::wait::none)(dial);
}
// [/names]

int main() {
  int status = 0;
  std::printf("%d\n", phone::call());
  std::printf("%d\n", call_at_once());
  std::printf("%d\n", static_cast<int>(::wait(&status)));
}
