// expect: tenax: a function given to .after_attempt(), .before_sleep(), .on_success() or .on_give_up() cannot take the attempts of this callable; let it take one parameter, a `tenax::attempt_info const&` or an `auto const&`
// SPDX-License-Identifier: MIT
// hook_for_another_result.cpp: a hook for attempts that return another type.
#include <string>

#include <tenax/tenax.hpp>

std::string name();

#ifdef CORRECTED
auto const n = tenax::retrying{}.after_attempt([](auto const& a) { static_cast<void>(a.result); })(name);
#else
auto const n = tenax::retrying{}.after_attempt([](tenax::attempt<int> const&) {})(name);
#endif
