// SPDX-License-Identifier: MIT
// macos_wait.hpp: stands for <stdlib.h> of macOS, which includes <sys/wait.h> and so declares a function and a union
// called `wait` in the global namespace. A program that compiles with this header before all others compiles there as
// well.
#pragma once

#if __has_include(<sys/wait.h>) && !defined(__APPLE__)
#include <sys/wait.h>

union wait {
  int w_status;
  struct {
    unsigned int w_Termsig : 7;
    unsigned int w_Coredump : 1;
    unsigned int w_Retcode : 8;
    unsigned int w_Filler : 16;
  } w_T;
  struct {
    unsigned int w_Stopval : 8;
    unsigned int w_Stopsig : 8;
    unsigned int w_Filler : 16;
  } w_S;
};
#endif
