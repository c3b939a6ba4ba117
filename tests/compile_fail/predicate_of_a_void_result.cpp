// expect: tenax: the predicate given to .when() can never apply to what this callable returns; it looks at a value or an error of another type
// SPDX-License-Identifier: MIT
// predicate_of_a_void_result.cpp: a predicate for values, with a callable that returns void.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

bool send();
void fire();

#ifdef CORRECTED
bool const sent = tenax::retrying{}.when(tenax::when::result_is(false))(send);
#else
void call() { tenax::retrying{}.when(tenax::when::result_is(false))(fire); }
#endif
