// expect: tenax: an observer takes `tenax::attempt_info const&` or `tenax::attempt<T> const&` and does not change itself; to observe by an object of yours, pass std::ref(object) to .observe()
// SPDX-License-Identifier: MIT
// observer_that_changes_itself.cpp: an observer whose changes would be lost in a copy.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

struct changing {
  void operator()(tenax::attempt_info const&) { ++seen; }
  int seen = 0;
};
struct steady {
  void operator()(tenax::attempt_info const&) const {}
};

#ifdef CORRECTED
auto const policy = tenax::retrying{}.after_attempt(steady{});
#else
auto const policy = tenax::retrying{}.after_attempt(changing{});
#endif
