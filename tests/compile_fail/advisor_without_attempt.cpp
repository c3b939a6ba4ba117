// expect: tenax: .advised_by() needs a function that takes `tenax::attempt<T> const&` and returns a tenax::hint
// SPDX-License-Identifier: MIT
// advisor_without_attempt.cpp: an advisor that cannot see the attempt.
#include <tenax/tenax.hpp>

#ifdef CORRECTED
auto const policy = tenax::retrying{}.advised_by([](auto const&) { return tenax::hint{}; });
#else
auto const policy = tenax::retrying{}.advised_by([] { return tenax::hint{}; });
#endif
