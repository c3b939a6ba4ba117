// SPDX-License-Identifier: MIT
// platform/chrono.hpp: the durations and clocks of <chrono>, without the rest of that header.
#pragma once

#include <cstdint>

#include <tenax/platform/cplusplus.hpp>

// Durations and clocks are a fifth of <chrono>. The rest is the calendar and its formatting, which includes streams and
// would cost every user more compile time than the loop that this library replaces. libstdc++ has a header with this
// fifth, which its <thread> and <mutex> use for the same reason.
#if defined(__GLIBCXX__) && __has_include(<bits/chrono.h>)
#include <bits/chrono.h>
#else
#include <chrono>
#endif
