// expect: tenax: the timer given to callback_retry() returns an object that ends with its destructor, and callback_retry() does not keep it; return a function that cancels the timer, or nothing
// SPDX-License-Identifier: MIT
// callback_timer_object.cpp: a timer that would be cancelled at once, because its object is not kept.
#include <memory>

#include <tenax/async/callback.hpp>

struct library_timer {
  explicit library_timer(tenax::callback_alarm f);
  ~library_timer();
};

void start() {
  auto const begin = [](tenax::callback_reply<int> const& reply) { reply(1); };
#ifdef CORRECTED
  auto const timer = [](tenax::duration, tenax::callback_alarm f) {
    auto* const t = new library_timer(f);
    return [t] { delete t; };
  };
#else
  auto const timer = [](tenax::duration, tenax::callback_alarm f) { return std::make_unique<library_timer>(f); };
#endif
  tenax::callback_retry(tenax::retrying{}, timer, begin, [](tenax::report<int> const&) {}).detach();
}
