// expect: tenax: .when() needs a predicate that takes `tenax::attempt<T> const&` and returns bool; to look at the returned value write when::result(f)
// SPDX-License-Identifier: MIT
// predicate_of_a_value.cpp: a retry predicate that takes the returned value instead of the attempt.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.when(tenax::when::result([](int status) { return status == 503; }));
#else
auto const policy = tenax::retrying{}.when([](int status) { return status == 503; });
#endif
