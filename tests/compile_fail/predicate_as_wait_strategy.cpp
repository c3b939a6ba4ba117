// expect: tenax: .wait() was given a retry predicate; did you mean .when(...)?
// SPDX-License-Identifier: MIT
// predicate_as_wait_strategy.cpp: a retry predicate where a wait strategy belongs.
#include <tenax/tenax.hpp>
namespace when = tenax::when;
namespace wait = tenax::wait;
namespace stop = tenax::stop;
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.when(when::any_error);
#else
auto const policy = tenax::retrying{}.wait(when::any_error);
#endif
