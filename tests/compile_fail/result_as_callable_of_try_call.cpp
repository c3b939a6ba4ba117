// expect: tenax: a policy is called with a callable and then its arguments, but was given a value; write policy(f, 1) instead of policy(f(1))
// SPDX-License-Identifier: MIT
// result_as_callable_of_try_call.cpp: the result of an operation instead of the operation, in a call with a report.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

struct page {
  int size;
};
page fetch(char const* url);

#ifdef CORRECTED
auto const report = tenax::retrying{}.try_call(fetch, "http://example.org/");
#else
auto const report = tenax::retrying{}.try_call(fetch("http://example.org/"));
#endif
