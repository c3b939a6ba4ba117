// SPDX-License-Identifier: MIT
// platform/posix_thread.hpp: a thread of a POSIX system.
#pragma once

#include <tenax/platform/system.hpp>

#if defined(TENAX_POSIX)
#include <pthread.h>

namespace tenax::platform {

/// What `std::thread` does, without the sixty functions that every program would compile to pass it a callable.
///
/// Thread safety: none of its own.
class posix_thread {
 public:
  posix_thread() = default;
  posix_thread(posix_thread const&) = delete;
  posix_thread& operator=(posix_thread const&) = delete;

  [[nodiscard]] bool joinable() const noexcept { return joinable_; }

  /// Starts the thread, which calls `run(with)`. Precondition: `!joinable()`. Returns the system's error: 0 if there is
  /// none.
  [[nodiscard]] int start(void* (*run)(void*), void* with) noexcept {
    int const error = ::pthread_create(&thread_, nullptr, run, with);
    joinable_ = error == 0;
    return error;
  }

  // Precondition of both: `joinable()`.
  void join() noexcept {
    ::pthread_join(thread_, nullptr);
    joinable_ = false;
  }
  void detach() noexcept {
    ::pthread_detach(thread_);
    joinable_ = false;
  }

 private:
  ::pthread_t thread_{};
  bool joinable_ = false;
};

}  // namespace tenax::platform
#endif
