// expect: tenax: the function given to .advised_by() cannot be asked about what this callable returns, or does not return a tenax::hint; let it take the `tenax::attempt<T> const&` of this callable's T
// SPDX-License-Identifier: MIT
// advisor_for_another_result.cpp: an advisor that was written for attempts that return something else.
#include <string>

#include <tenax/tenax.hpp>

std::string name();

#ifdef CORRECTED
auto const n = tenax::retrying{}.advised_by([](tenax::attempt<std::string> const&) { return tenax::hint{}; })(name);
#else
auto const n = tenax::retrying{}.advised_by([](tenax::attempt<int> const&) { return tenax::hint{}; })(name);
#endif
