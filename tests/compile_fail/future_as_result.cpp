// expect: tenax: the callable returns a future, whose failure comes after the attempt has ended; call .get() inside the callable, as in policy([&] { return start().get(); })
// SPDX-License-Identifier: MIT
// future_as_result.cpp: a callable that returns a future: the call would succeed whatever the future becomes.
#include <future>

#include <tenax/tenax.hpp>

std::future<int> start();

#ifdef CORRECTED
auto const got = tenax::retrying{}([] { return start().get(); });
#else
auto const got = tenax::retrying{}(start);
#endif
