// expect: tenax: the function given to .read_hints_with() cannot be called for what this callable returns, or does not return a tenax::hint; let it take the `tenax::attempt<T> const&` of this callable's T
// SPDX-License-Identifier: MIT
// hint_reader_for_another_result.cpp: a hint reader for attempts that return another type.
#include <string>

#include <tenax/tenax.hpp>

std::string name();

#ifdef CORRECTED
auto const n =
    tenax::retrying{}.read_hints_with([](tenax::attempt<std::string> const&) { return tenax::hint{}; })(name);
#else
auto const n = tenax::retrying{}.read_hints_with([](tenax::attempt<int> const&) { return tenax::hint{}; })(name);
#endif
