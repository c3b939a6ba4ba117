// expect: tenax: coroutine::hedged() needs a sleep that can be ended: one that is called as sleep(d, signal), with a tenax::wake_signal&; see <tenax/async/wake_signal.hpp>
// SPDX-License-Identifier: MIT
// hedged_coroutine_without_a_signal.cpp: a sleep for coroutine::hedged() that nothing can end.
#include <tenax/async/coroutine_hedged.hpp>
#include <tenax/gate/windowed_retry_budget.hpp>

#include "../scheduler.hpp"

void read(tests::scheduler& loop, tenax::hedging<tenax::windowed_retry_budget>& reads) {
  auto const f = []() -> tests::task<int> { co_return 1; };
#ifdef CORRECTED
  auto const sleep = [&](tenax::duration d, tenax::wake_signal&) { return loop(d); };
#else
  auto const sleep = [&](tenax::duration d) { return loop(d); };
#endif
  static_cast<void>(tenax::coroutine::hedged<tests::task>(reads, sleep, f));
}
