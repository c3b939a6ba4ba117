// expect: tenax: the callable returns a future, whose failure comes after the attempt has ended; call .get() inside the callable, as in policy([&] { return start().get(); })
// SPDX-License-Identifier: MIT
// future_as_result_of_try_call.cpp: a shared future, in a call with a report.
#include <future>

#include <tenax/tenax.hpp>

std::shared_future<int> const& start();

#ifdef CORRECTED
auto const got = tenax::retrying{}.try_call([] { return start().get(); });
#else
auto const got = tenax::retrying{}.try_call(start);
#endif
