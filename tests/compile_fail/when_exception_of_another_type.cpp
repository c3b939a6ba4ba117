// expect: tenax: the callable given to when::exception<E>.where() must be callable with an `E const&`, and when const: policies are shared; keep what changes outside, behind a reference
// SPDX-License-Identifier: MIT
// when_exception_of_another_type.cpp: an exception predicate for an exception type that is not in its list.
#include <stdexcept>

#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

int ask();

#ifdef CORRECTED
int const got = tenax::retrying{}.when(
    tenax::when::exception<std::runtime_error>.where([](std::exception const&) { return true; }))(ask);
#else
int const got = tenax::retrying{}.when(
    tenax::when::exception<std::runtime_error>.where([](std::logic_error const&) { return true; }))(ask);
#endif
