// expect: tenax: .environment() needs now() and sleep(duration), callable on a const value; an environment that changes or cannot be copied is shared: .environment(std::ref(e))
// SPDX-License-Identifier: MIT
// environment_that_changes.cpp: an environment with mutable state, given as a copy.
#include <functional>

#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

struct counting {
  tenax::time_point now() const { return {}; }
  void sleep(tenax::duration) { ++sleeps; }
  int sleeps = 0;
};
counting mine;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.environment(std::ref(mine));
#else
auto const policy = tenax::retrying{}.environment(mine);
#endif
