// expect: tenax: the callable given to when::exception<E>.where() must be callable with an `E const&`, and when const: policies are shared; keep what changes outside, behind a reference
// SPDX-License-Identifier: MIT
// when_exception_of_a_mutable_lambda.cpp: an exception predicate that changes its own state.
#include <stdexcept>

#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

int ask();
int seen = 0;

#ifdef CORRECTED
int const got = tenax::retrying{}.when(
    tenax::when::exception<std::runtime_error>.where([](std::runtime_error const&) { return ++seen < 3; }))(ask);
#else
int const got = tenax::retrying{}.when(tenax::when::exception<std::runtime_error>.where(
    [n = 0](std::runtime_error const&) mutable { return ++n < 3; }))(ask);
#endif
