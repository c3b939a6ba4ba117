// expect: tenax: .wait() was given a retry predicate; did you mean .when(...)?
// SPDX-License-Identifier: MIT
// predicate_as_wait_strategy.cpp: a retry predicate as a wait strategy.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.when(tenax::when::any_error);
#else
auto const policy = tenax::retrying{}.wait(tenax::when::any_error);
#endif
