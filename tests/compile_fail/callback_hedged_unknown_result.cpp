// expect: tenax: callback_hedged() cannot see the type of the result; name it, as in tenax::callback_hedged<page>(...), or let the last function take a tenax::report<page>
// SPDX-License-Identifier: MIT
// callback_hedged_unknown_result.cpp: a function that takes every report, and no name for the result of a hedged call.
#include <tenax/async/callback_hedged.hpp>
#include <tenax/gate/windowed_retry_budget.hpp>

void start(tenax::hedging<tenax::windowed_retry_budget>& reads) {
  auto const timer = [](tenax::duration, tenax::callback_alarm const&) {};
  auto const begin = [](tenax::callback_reply<int> const& reply) { reply(1); };
  auto const done = [](auto const&) {};
#ifdef CORRECTED
  tenax::callback_hedged<int>(tenax::retrying{}, reads, timer, begin, done).detach();
#else
  tenax::callback_hedged(tenax::retrying{}, reads, timer, begin, done).detach();
#endif
}
