// expect: tenax: a hedged call was given a hedging that is const, and cannot record its latency there; make the hedging not const, or `mutable` in a class whose functions are const
// SPDX-License-Identifier: MIT
// hedging_const_in_a_coroutine.cpp: a const hedging for coroutine::hedged().
#include <tenax/async/coroutine_hedged.hpp>
#include <tenax/gate/windowed_retry_budget.hpp>

#include "../scheduler.hpp"

#ifdef CORRECTED
using reading = tenax::hedging<tenax::windowed_retry_budget>;
#else
using reading = tenax::hedging<tenax::windowed_retry_budget> const;
#endif

void read(tests::scheduler& loop, reading& reads) {
  auto const f = []() -> tests::task<int> { co_return 1; };
  auto const sleep = [&](tenax::duration d, tenax::wake_signal&) { return loop(d); };
  static_cast<void>(tenax::coroutine::hedged<tests::task>(tenax::retrying{}, reads, sleep, f));
}
