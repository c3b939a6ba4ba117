// expect: tenax: .observe() needs an object with at least one of before_attempt, before_gate_wait, after_attempt, before_sleep, on_success and on_give_up
// SPDX-License-Identifier: MIT
// observer_without_hooks.cpp: an observer without any function that would be called.
#include <functional>

#include <tenax/tenax.hpp>

struct listener {
#ifdef CORRECTED
  void before_sleep(tenax::attempt_info const&) {}
#else
  void on_sleep(tenax::attempt_info const&) {}
#endif
} ears;

auto const policy = tenax::retrying{}.observe(std::ref(ears));
