// expect: tenax: a hedged call was given a temporary hedging; it refers to its hedging until the last attempt has ended, and calls share one to measure latencies; make it a variable: tenax::hedging reads(budget, {.after = 5ms});
// SPDX-License-Identifier: MIT
// hedging_that_is_temporary.cpp: a hedging that is made for one call.
#include <tenax/async/hedged.hpp>
#include <tenax/gate/windowed_retry_budget.hpp>
using namespace std::chrono_literals;

int fetch();
tenax::windowed_retry_budget budget;

int page() {
#ifdef CORRECTED
  static tenax::hedging reads(budget, {.after = 5ms});
  return tenax::try_hedged(tenax::retrying{}, reads, fetch).value();
#else
  return tenax::try_hedged(tenax::retrying{}, tenax::hedging(budget, {.after = 5ms}), fetch).value();
#endif
}
