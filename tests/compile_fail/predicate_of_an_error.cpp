// expect: tenax: the predicate given to .when() can never apply to what this callable returns; it looks at a value or an error of another type
// SPDX-License-Identifier: MIT
// predicate_of_an_error.cpp: a predicate for errors, with a callable whose result has none.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

int ask();

#ifdef CORRECTED
int const status = tenax::retrying{}.when(tenax::when::result_is(5))(ask);
#else
int const status = tenax::retrying{}.when(tenax::when::error(5))(ask);
#endif
