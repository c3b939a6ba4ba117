// expect: tenax: an observer takes `tenax::attempt_info const&` or `tenax::attempt<T> const&` and does not change itself; to observe by an object of yours, pass std::ref(object) to .observe()
// SPDX-License-Identifier: MIT
// hook_of_a_reason_alone.cpp: a hook that takes only the reason; it comes after the attempt.
#include <tenax/tenax.hpp>

#ifdef CORRECTED
auto const p = tenax::retrying{}.on_give_up([](tenax::attempt_info const&, tenax::stop_reason) {});
#else
auto const p = tenax::retrying{}.on_give_up([](tenax::stop_reason) {});
#endif
