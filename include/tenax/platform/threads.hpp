// SPDX-License-Identifier: MIT
// platform/threads.hpp: refuses a standard library without threads, for the headers that need std::mutex.
#pragma once

#include <tenax/platform/compiler.hpp>

#if defined(__GLIBCXX__) && !defined(_GLIBCXX_HAS_GTHREADS)
#error \
    "tenax: the header that includes this one needs std::mutex, and this standard library has no threads; the gates, <tenax/cancel.hpp> and Asio are not available here, see docs/reference/platforms.md"
// A header that does not exist ends the compilation here, before other errors bury the one above.
#include <tenax needs threads here>
#endif
