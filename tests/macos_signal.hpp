// SPDX-License-Identifier: MIT
// macos_signal.hpp: stands for <signal.h> of macOS, which has macros for signal sets: `::sigemptyset` is an error with
// them.
#pragma once

#if __has_include(<sys/wait.h>) && !defined(__APPLE__)
#include <signal.h>
#define sigemptyset(set) (sigemptyset)(set)
#define sigfillset(set) (sigfillset)(set)
#define sigaddset(set, number) (sigaddset)(set, number)
#define sigismember(set, number) (sigismember)(set, number)
#endif
