// expect: tenax: when::error() was given a function; it compares errors with a value: did you mean when::error_if(...)?
// SPDX-License-Identifier: MIT
// error_of_a_function.cpp: a function, given to the predicate that takes a value.
#include <system_error>

#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

std::error_code ask();
bool is_busy(std::error_code const& error);

#ifdef CORRECTED
auto const got = tenax::retrying{}.when(tenax::when::error_if(is_busy))(ask);
#else
auto const got = tenax::retrying{}.when(tenax::when::error(is_busy))(ask);
#endif
