// expect: tenax: .attempt_timeout() cannot interrupt a blocking call; let the callable take a `tenax::attempt_info const&` and obey its time_left, or use an asynchronous call
// SPDX-License-Identifier: MIT
// attempt_timeout_of_a_blocking_call.cpp: an attempt's time limit that the driver cannot enforce.
#include <tenax/tenax.hpp>
using namespace std::chrono_literals;

auto const policy = tenax::retrying{}.attempt_timeout(1s);

#ifdef CORRECTED
int const got = policy([](tenax::attempt_info const& info) { return static_cast<int>(info.time_left / 1ms); });
#else
int const got = policy([] { return 7; });
#endif
