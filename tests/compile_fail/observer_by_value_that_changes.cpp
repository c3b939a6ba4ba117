// expect: tenax: .observe() was given an object that cannot be copied or that changes when it is called; share it with the policy: .observe(std::ref(object))
// SPDX-License-Identifier: MIT
// observer_by_value_that_changes.cpp: an observer given as a copy, in which its changes would be lost.
#include <functional>

#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

struct listener {
  void before_sleep(tenax::attempt_info const&) { ++heard; }
  int heard = 0;
} ears;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.observe(std::ref(ears));
#else
auto const policy = tenax::retrying{}.observe(ears);
#endif
