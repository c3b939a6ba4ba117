// expect: tenax: .environment() needs now() and sleep(duration), callable on a const value; an environment that changes or cannot be copied is shared: .environment(std::ref(e))
// SPDX-License-Identifier: MIT
// environment_without_now.cpp: an environment without now().
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

struct timeless {
  void sleep(tenax::duration) const {}
};
struct no_sleep : timeless {
  tenax::time_point now() const { return {}; }
};

#ifdef CORRECTED
auto const policy = tenax::retrying{}.environment(no_sleep{});
#else
auto const policy = tenax::retrying{}.environment(timeless{});
#endif
