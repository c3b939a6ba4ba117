// expect: tenax: hedging() needs a budget, because hedges double the load of a slow server: a tenax::windowed_retry_budget, as in hedging(budget, {.after = 5ms})
// SPDX-License-Identifier: MIT
// hedging_without_a_budget.cpp: hedges without a budget that limits them.
#include <tenax/gate/windowed_retry_budget.hpp>
#include <tenax/hedging.hpp>
using namespace std::chrono_literals;

tenax::windowed_retry_budget budget;

#ifdef CORRECTED
tenax::hedging reads(budget, {.after = 5ms});
#else
tenax::hedging reads({.after = 5ms});
#endif
