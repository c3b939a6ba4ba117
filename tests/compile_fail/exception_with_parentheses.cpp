// expect: tenax: when::exception<E> is a predicate already: write it without parentheses, or narrow it by when::exception<E>.where(f)
// SPDX-License-Identifier: MIT
// exception_with_parentheses.cpp: an exception predicate that is called like a function.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.when(tenax::when::exception<std::runtime_error>);
#else
auto const policy = tenax::retrying{}.when(tenax::when::exception<std::runtime_error>());
#endif
