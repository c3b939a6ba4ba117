// expect: tenax: the timer given to callback_hedged() returns an object that ends with its destructor, and callback_hedged() does not keep it; return a function that cancels the timer, or nothing
// SPDX-License-Identifier: MIT
// callback_hedged_timer_object.cpp: a timer of a hedged call whose object is not kept.
#include <memory>

#include <tenax/async/callback_hedged.hpp>
#include <tenax/gate/windowed_retry_budget.hpp>

struct library_timer {
  explicit library_timer(tenax::callback_alarm f);
  ~library_timer();
};

void start(tenax::hedging<tenax::windowed_retry_budget>& reads) {
  auto const begin = [](tenax::callback_reply<int> const& reply) { reply(1); };
#ifdef CORRECTED
  auto const timer = [](tenax::duration, tenax::callback_alarm f) {
    auto* const t = new library_timer(f);
    return [t] { delete t; };
  };
#else
  auto const timer = [](tenax::duration, tenax::callback_alarm f) { return std::make_unique<library_timer>(f); };
#endif
  tenax::callback_hedged(reads, timer, begin, [](tenax::report<int> const&) {}).detach();
}
