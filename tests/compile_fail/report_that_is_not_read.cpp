// expect: tenax: the callable returns a type that says whether it failed (ok(), error() or has_value()), which this policy does not read; add .when(when::result([](auto const& r) { return !r.ok(); })), or specialize tenax::result_traits for it
// SPDX-License-Identifier: MIT
// report_that_is_not_read.cpp: a policy around a call that returns a report, which would always count as a success.
#include <tenax/tenax.hpp>

int fetch();

tenax::report<int> fetch_politely() { return tenax::retrying{}.try_call(fetch); }

#ifdef CORRECTED
auto const r = tenax::retrying{}.try_call([] { return fetch_politely().get(); });
#else
auto const r = tenax::retrying{}.try_call(fetch_politely);
#endif
