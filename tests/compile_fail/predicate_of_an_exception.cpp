// expect: tenax: .when() needs a predicate that takes `tenax::attempt<T> const&` and returns bool; to look at the returned value write when::result(f), to look at an exception write when::exception<E>.where(f)
// SPDX-License-Identifier: MIT
// predicate_of_an_exception.cpp: a retry predicate that takes the exception instead of the attempt.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

auto const passes = [](std::exception const& e) { return e.what() != nullptr; };

#ifdef CORRECTED
auto const policy = tenax::retrying{}.when(tenax::when::exception<std::exception>.where(passes));
#else
auto const policy = tenax::retrying{}.when(passes);
#endif
