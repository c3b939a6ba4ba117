// expect: tenax: the function given to callback_hedged() that starts an attempt returns an object that ends with its destructor, and callback_hedged() does not keep it; return a function that aborts the attempt, or nothing
// SPDX-License-Identifier: MIT
// callback_hedged_attempt_object.cpp: a hedged request that would be aborted at once, because its object is not kept.
#include <memory>

#include <tenax/async/callback_hedged.hpp>
#include <tenax/gate/windowed_retry_budget.hpp>

struct request {
  explicit request(tenax::callback_reply<int> reply);
  ~request();
};

void start(tenax::hedging<tenax::windowed_retry_budget>& reads) {
  auto const timer = [](tenax::duration, tenax::callback_alarm const&) {};
#ifdef CORRECTED
  auto const begin = [](tenax::callback_reply<int> reply) {
    return [made = std::make_shared<request>(reply)]() mutable { made.reset(); };
  };
#else
  auto const begin = [](tenax::callback_reply<int> reply) { return std::make_unique<request>(reply); };
#endif
  tenax::callback_hedged(reads, timer, begin, [](tenax::report<int> const&) {}).detach();
}
