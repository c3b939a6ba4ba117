// expect: tenax: when::result() was given a function that takes several types, so it cannot judge the results of an any_retrying; let it take one type, or name the types of results: tenax::any_retrying_of<page>
// SPDX-License-Identifier: MIT
// any_retrying_of_a_generic_function.cpp: a predicate for everything with a status, for results of every type.
#include <tenax/any_retrying.hpp>
#include <tenax/when/result.hpp>

struct page {
  int status;
};

auto const policy = tenax::retrying{}.when(tenax::when::result([](auto const& p) { return p.status == 503; }));
#ifdef CORRECTED
tenax::any_retrying_of<page> const any = policy;
#else
tenax::any_retrying const any = policy;
#endif
