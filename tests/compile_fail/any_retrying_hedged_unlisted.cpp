// expect: tenax: this callable returns a type that the any_retrying_of was not made for; add the type to its list, as in tenax::any_retrying_of<page, status>
// SPDX-License-Identifier: MIT
// any_retrying_hedged_unlisted.cpp: a hedged call with a policy for results of another type.
#include <tenax/any_retrying.hpp>
#include <tenax/async/hedged.hpp>
#include <tenax/gate/windowed_retry_budget.hpp>

#ifdef CORRECTED
using policy = tenax::any_retrying_of<long, int>;
#else
using policy = tenax::any_retrying_of<long>;
#endif

int fetch();
int page(policy const& polite, tenax::hedging<tenax::windowed_retry_budget>& reads) {
  return tenax::hedged(polite, reads, fetch);
}
