// expect: tenax: an observer takes `tenax::attempt_info const&` or `tenax::attempt<T> const&` and does not change itself; to observe by an object of yours, pass std::ref(object) to .observe()
// SPDX-License-Identifier: MIT
// observer_lambda_without_attempt.cpp: a lambda that takes no attempt, given as an observer.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

#ifdef CORRECTED
auto const policy = tenax::retrying{}.before_sleep([](tenax::attempt_info const&) {});
#else
auto const policy = tenax::retrying{}.before_sleep([](int) {});
#endif
