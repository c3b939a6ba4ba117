// expect: tenax: the function given to callback_retry() that starts an attempt takes a tenax::callback_reply<T>, or a tenax::attempt_info const& before it
// SPDX-License-Identifier: MIT
// callback_start_without_reply.cpp: an operation that blocks, for an event loop.
#include <tenax/async/callback.hpp>

int fetch();

void start() {
  auto const timer = [](tenax::duration, tenax::callback_alarm const&) {};
  auto const done = [](tenax::report<int> const&) {};
#ifdef CORRECTED
  tenax::callback_retry(
      tenax::retrying{}, timer, [](tenax::callback_reply<int> reply) { reply(fetch()); }, done)
      .detach();
#else
  tenax::callback_retry(tenax::retrying{}, timer, [] { return fetch(); }, done).detach();
#endif
}
