// expect: tenax: the callable returns a type that says whether it failed (ok(), error() or has_value()), which this policy does not read; add .when(when::result([](auto const& r) { return !r.ok(); })), or specialize tenax::result_traits for it
// SPDX-License-Identifier: MIT
// status_that_is_not_read.cpp: a status type whose failures would all count as successes.
#include <tenax/tenax.hpp>

struct status {
  bool ok() const;
  int code() const;
};
status send();

#ifdef CORRECTED
auto const sent = tenax::retrying{}.when(tenax::when::result([](status const& s) { return !s.ok(); }))(send);
#else
auto const sent = tenax::retrying{}(send);
#endif
