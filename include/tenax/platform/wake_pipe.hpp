// SPDX-License-Identifier: MIT
// platform/wake_pipe.hpp: a thread that waits for several descriptors, and is woken by others; for POSIX systems.
#pragma once

#include <tenax/platform/system.hpp>

#if defined(TENAX_POSIX)

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

namespace tenax::platform {

/// A pipe that wakes a thread in `wait`. Thread safety: `wake` is safe.
class wake_pipe {
 public:
  wake_pipe() = default;
  wake_pipe(wake_pipe const&) = delete;
  wake_pipe& operator=(wake_pipe const&) = delete;
  ~wake_pipe() { close(); }

  /// Opens it. False if the system has no more descriptors.
  bool open() noexcept { return ::pipe(ends_) == 0; }
  void close() noexcept {
    for (int& end : ends_) {
      if (end >= 0) ::close(end);
      end = -1;
    }
  }
  void wake() noexcept {
    if (ends_[1] < 0) return;
    char const byte = 0;
    [[maybe_unused]] auto const written = ::write(ends_[1], &byte, 1);
  }

  /// What can be read.
  struct readable {
    bool a = false;
    bool b = false;
  };

  /// Waits at most `ms`, -1 for ever, until one of two descriptors can be read, or until it is woken. A descriptor that
  /// is less than zero is left out.
  readable wait(int a, int b, int ms) noexcept {
    ::pollfd watched[3] = {{ends_[0], POLLIN, 0}, {a, POLLIN, 0}, {b, POLLIN, 0}};
    ::poll(watched, 3, ms);
    if (watched[0].revents != 0) {
      char bytes[256];
      [[maybe_unused]] auto const n = ::read(ends_[0], bytes, sizeof bytes);
    }
    return {watched[1].revents != 0, watched[2].revents != 0};
  }

 private:
  int ends_[2] = {-1, -1};
};

/// A thread that is started meanwhile gets no signals.
class no_signals {
 public:
  no_signals() noexcept {
    ::sigset_t all;
    sigfillset(&all);  // a macro on macOS
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~no_signals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  no_signals(no_signals const&) = delete;
  no_signals& operator=(no_signals const&) = delete;

 private:
  ::sigset_t before_;
};

}  // namespace tenax::platform

#endif
