// expect: tenax: when::exception<> needs the types to retry, as in when::exception<network_error>; for every exception write when::any_exception
// SPDX-License-Identifier: MIT
// exception_without_types.cpp: an exception predicate without types.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.when(tenax::when::exception<std::runtime_error>);
#else
auto const policy = tenax::retrying{}.when(tenax::when::exception<>);
#endif
