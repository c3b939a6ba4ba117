// expect: tenax: a hedged call was given a hedging that is const, and cannot record its latency there; make the hedging not const, or `mutable` in a class whose functions are const
// SPDX-License-Identifier: MIT
// hedging_that_is_const.cpp: a hedging as a member of a class whose functions are const.
#include <tenax/async/hedged.hpp>
#include <tenax/gate/windowed_retry_budget.hpp>

int fetch();

struct client {
  int page() const { return tenax::hedged(reads, fetch); }

  tenax::windowed_retry_budget budget{};
#ifdef CORRECTED
  mutable
#endif
      tenax::hedging<tenax::windowed_retry_budget>
          reads{budget};
};
