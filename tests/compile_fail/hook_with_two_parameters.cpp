// expect: tenax: a function given to .after_attempt(), .before_sleep(), .on_success() or .on_give_up() cannot take the attempts of this callable; let it take one parameter, a `tenax::attempt_info const&` or an `auto const&`
// SPDX-License-Identifier: MIT
// hook_with_two_parameters.cpp: a function that wants the exception beside the attempt.
#include <tenax/tenax.hpp>
//
#include <exception>

int ask();

#ifdef CORRECTED
auto const got = tenax::retrying{}.before_sleep([](auto const& a) { static_cast<void>(a.result.exception()); })(ask);
#else
auto const got = tenax::retrying{}.before_sleep([](auto const&, std::exception const&) {})(ask);
#endif
