// expect: tenax: .read_hints_with() needs a function that takes `tenax::attempt<T> const&` and returns a tenax::hint
// SPDX-License-Identifier: MIT
// hint_reader_without_attempt.cpp: a hint reader that does not take the attempt.
#include <tenax/tenax.hpp>

#ifdef CORRECTED
auto const policy = tenax::retrying{}.read_hints_with([](auto const&) { return tenax::hint{}; });
#else
auto const policy = tenax::retrying{}.read_hints_with([] { return tenax::hint{}; });
#endif
