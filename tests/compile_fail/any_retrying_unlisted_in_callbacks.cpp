// expect: tenax: this callable returns a type that the any_retrying_of was not made for; add the type to its list, as in tenax::any_retrying_of<page, status>
// SPDX-License-Identifier: MIT
// any_retrying_unlisted_in_callbacks.cpp: a hedged call in an event loop, with a policy for results of another type.
#include <tenax/any_retrying.hpp>
#include <tenax/async/callback_hedged.hpp>
#include <tenax/gate/windowed_retry_budget.hpp>

#ifdef CORRECTED
using policy = tenax::any_retrying_of<long, int>;
#else
using policy = tenax::any_retrying_of<long>;
#endif

void start(policy const& polite, tenax::hedging<tenax::windowed_retry_budget>& reads) {
  auto const timer = [](tenax::duration, tenax::callback_alarm const&) {};
  auto const begin = [](tenax::callback_reply<int> const& reply) { reply(1); };
  tenax::callback_hedged(polite, reads, timer, begin, [](tenax::report<int> const&) {}).detach();
}
