// SPDX-License-Identifier: MIT
// platform.hpp: WebAssembly as a platform of tenax: no clock, no sleep, no entropy, no threads. The page gives seeds.
#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>

namespace tenax_platform {
inline std::chrono::nanoseconds now() noexcept { return {}; }
inline void sleep(std::chrono::nanoseconds) {}
inline bool random_bytes(void*, std::size_t) noexcept { return false; }
}  // namespace tenax_platform

// One thread needs no locks. This libc++ declares none of these names.
#if defined(_LIBCPP_HAS_NO_THREADS)
namespace std {
struct mutex {
  void lock() noexcept {}
  void unlock() noexcept {}
};
template <class M>
struct unique_lock {
  explicit unique_lock(M&) noexcept {}
  [[nodiscard]] bool owns_lock() const noexcept { return true; }
  void lock() noexcept {}
  void unlock() noexcept {}
};
enum class cv_status { no_timeout, timeout };
struct condition_variable {
  void notify_one() noexcept {}
  void notify_all() noexcept {}
  template <class L>
  void wait(L&) noexcept {}
  template <class L, class T>
  cv_status wait_until(L&, T const&) noexcept {
    return cv_status::timeout;
  }
};
}  // namespace std
#endif
