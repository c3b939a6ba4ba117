// expect: tenax: this policy looks at results of certain types, so it cannot become an any_retrying, which is for results of every type; name their types: tenax::any_retrying_of<page>
// SPDX-License-Identifier: MIT
// any_retrying_of_results.cpp: a policy for error codes, for operations that return anything.
#include <system_error>

#include <tenax/any_retrying.hpp>

auto const policy = tenax::retrying{}.when(tenax::when::error(std::errc::timed_out));
#ifdef CORRECTED
tenax::any_retrying_of<std::error_code> const any = policy;
#else
tenax::any_retrying const any = policy;
#endif
