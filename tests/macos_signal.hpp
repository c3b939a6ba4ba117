// SPDX-License-Identifier: MIT
// macos_signal.hpp: stands for <signal.h> of macOS, which has macros for signal sets. For programs that are compiled,
// but not run.
#pragma once

#if __has_include(<sys/wait.h>) && !defined(__APPLE__)
#include <signal.h>
#define sigemptyset(set) (*(set) = {}, 0)
#define sigfillset(set) (*(set) = {}, 0)
#define sigaddset(set, number) (static_cast<void>(set), static_cast<void>(number), 0)
#define sigismember(set, number) (static_cast<void>(set), static_cast<void>(number), 0)
#endif
