// expect: tenax: a hedged call was given a temporary hedging; it refers to its hedging until the last attempt has ended, and calls share one to measure latencies; make it a variable: tenax::hedging reads(budget, {.after = 5ms});
// SPDX-License-Identifier: MIT
// hedging_temporary_in_callbacks.cpp: a hedging for callback_hedged() that is gone when the timer fires.
#include <tenax/async/callback_hedged.hpp>
#include <tenax/gate/windowed_retry_budget.hpp>

tenax::windowed_retry_budget budget;
tenax::hedging reads(budget);

void start() {
  auto const timer = [](tenax::duration, tenax::callback_alarm const&) {};
  auto const begin = [](tenax::callback_reply<int> const& reply) { reply(1); };
  auto const done = [](tenax::report<int> const&) {};
#ifdef CORRECTED
  tenax::callback_hedged(reads, timer, begin, done).detach();
#else
  tenax::callback_hedged(tenax::hedging(budget), timer, begin, done).detach();
#endif
}
