// expect: tenax: the function given to callback_hedged() that starts an attempt takes a tenax::callback_reply<T>, or a tenax::attempt_info const& before it
// SPDX-License-Identifier: MIT
// callback_hedged_start_without_reply.cpp: an operation that blocks, for a hedged call in an event loop.
#include <tenax/async/callback_hedged.hpp>
#include <tenax/gate/windowed_retry_budget.hpp>

int fetch();

void start(tenax::hedging<tenax::windowed_retry_budget>& reads) {
  auto const timer = [](tenax::duration, tenax::callback_alarm const&) {};
  auto const done = [](tenax::report<int> const&) {};
#ifdef CORRECTED
  tenax::callback_hedged(reads, timer, [](tenax::callback_reply<int> reply) { reply(fetch()); }, done).detach();
#else
  tenax::callback_hedged(reads, timer, [] { return fetch(); }, done).detach();
#endif
}
