// expect: tenax: this callable returns a type that the any_retrying_of was not made for; add the type to its list, as in tenax::any_retrying_of<page, status>
// SPDX-License-Identifier: MIT
// any_retrying_unlisted.cpp: an operation that returns nothing, for a policy for numbers.
#include <tenax/any_retrying.hpp>

#ifdef CORRECTED
tenax::any_retrying_of<int, void> const retry;
#else
tenax::any_retrying_of<int> const retry;
#endif

void send();
void call() {
  retry([] { send(); });
}
