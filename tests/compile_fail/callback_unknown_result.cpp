// expect: tenax: callback_retry() cannot see the type of the result; name it, as in tenax::callback_retry<page>(...), or let the last function take a tenax::report<page>
// SPDX-License-Identifier: MIT
// callback_unknown_result.cpp: a function that takes every report, and no name for the result.
#include <tenax/async/callback.hpp>

void start() {
  auto const timer = [](tenax::duration, tenax::callback_alarm const&) {};
  auto const begin = [](tenax::callback_reply<int> const& reply) { reply(1); };
  auto const done = [](auto const&) {};
#ifdef CORRECTED
  tenax::callback_retry<int>(tenax::retrying{}, timer, begin, done).detach();
#else
  tenax::callback_retry(tenax::retrying{}, timer, begin, done).detach();
#endif
}
