// expect: tenax: .environment() needs now() and sleep(duration), callable on a const value; an environment that changes or cannot be copied is shared: .environment(std::ref(e))
// SPDX-License-Identifier: MIT
// environment_with_changing_randomness.cpp: an environment whose random source is not const, given as a copy. It would
// not be used.
#include <functional>

#include <tenax/tenax.hpp>

struct seeded {
  tenax::time_point now() const { return tenax::real_time::now(); }
  void sleep(tenax::duration d) const { tenax::real_time::sleep(d); }
  tenax::random_source& random() { return source; }
  tenax::seeded_random source{7};
};
seeded mine;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.environment(std::ref(mine));
#else
auto const policy = tenax::retrying{}.environment(mine);
#endif
