// SPDX-License-Identifier: MIT
// platform/chrono.hpp: the durations and clocks of <chrono>.
#pragma once

#include <cstdint>

#include <tenax/platform/cplusplus.hpp>

// Durations and clocks are a fifth of <chrono>; the rest is the calendar and its formatting, which drags in streams and
// makes every user's translation unit dearer than the loop that this library replaces. libstdc++ keeps the fifth in a
// header of its own, which its <thread> and <mutex> use for the same reason.
#if defined(__GLIBCXX__) && __has_include(<bits/chrono.h>)
#include <bits/chrono.h>
#else
#include <chrono>
#endif
