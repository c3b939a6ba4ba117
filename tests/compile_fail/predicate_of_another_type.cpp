// expect: tenax: the predicate given to .when() can never apply to what this callable returns; it looks at a value or an error of another type
// SPDX-License-Identifier: MIT
// predicate_of_another_type.cpp: a predicate for a type that the callable does not return.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

int ask();

#ifdef CORRECTED
int const status = tenax::retrying{}.when(tenax::when::result([](int s) { return s == 503; }))(ask);
#else
int const status = tenax::retrying{}.when(tenax::when::result([](void const* s) { return s == nullptr; }))(ask);
#endif
