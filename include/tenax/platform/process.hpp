// SPDX-License-Identifier: MIT
// platform/process.hpp: which process this is, to recognize what was inherited from another one.
#pragma once

#include <tenax/platform/system.hpp>

#if defined(TENAX_POSIX)
#include <unistd.h>
#endif

namespace tenax::platform {

#if defined(TENAX_POSIX)
using process_id = ::pid_t;
[[nodiscard]] inline process_id this_process() noexcept { return ::getpid(); }
#else
/// No process is a copy of another one.
using process_id = int;
[[nodiscard]] inline process_id this_process() noexcept { return 1; }
#endif

}  // namespace tenax::platform
