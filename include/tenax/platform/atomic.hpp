// SPDX-License-Identifier: MIT
// platform/atomic.hpp: atomic access to plain variables.
//
// <atomic> would make every translation unit of a user a tenth dearer to compile. It is included only where the
// compiler has nothing else.
#pragma once

#include <cstdint>

#include <tenax/platform/compiler.hpp>

#if defined(TENAX_WITHOUT_BUILTINS)
#include <atomic>
#endif

namespace tenax::platform {

/// Thread safety: safe, for all functions here.
template <class T>
T load_acquire(T const& from) noexcept {
#if !defined(TENAX_WITHOUT_BUILTINS)
  return __atomic_load_n(&from, __ATOMIC_ACQUIRE);
#else
  return std::atomic_ref<T>(const_cast<T&>(from)).load(std::memory_order_acquire);
#endif
}

template <class T>
void store_release(T& to, T value) noexcept {
#if !defined(TENAX_WITHOUT_BUILTINS)
  __atomic_store_n(&to, value, __ATOMIC_RELEASE);
#else
  std::atomic_ref<T>(to).store(value, std::memory_order_release);
#endif
}

/// Puts `value` in the place of `expected`. If something else is there, returns false and puts that in `expected`.
template <class T>
bool replace_acquire_release(T& to, T& expected, T value) noexcept {
#if !defined(TENAX_WITHOUT_BUILTINS)
  return __atomic_compare_exchange_n(&to, &expected, value, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
#else
  return std::atomic_ref<T>(to).compare_exchange_strong(expected, value, std::memory_order_acq_rel,
                                                        std::memory_order_acquire);
#endif
}

inline std::uintptr_t load_relaxed(std::uintptr_t const& from) noexcept {
#if !defined(TENAX_WITHOUT_BUILTINS)
  return __atomic_load_n(&from, __ATOMIC_RELAXED);
#else
  return std::atomic_ref<std::uintptr_t>(const_cast<std::uintptr_t&>(from)).load(std::memory_order_relaxed);
#endif
}

inline void store_relaxed(std::uintptr_t& to, std::uintptr_t value) noexcept {
#if !defined(TENAX_WITHOUT_BUILTINS)
  __atomic_store_n(&to, value, __ATOMIC_RELAXED);
#else
  std::atomic_ref<std::uintptr_t>(to).store(value, std::memory_order_relaxed);
#endif
}

/// Adds 1, and returns the sum.
inline std::uintptr_t increment_relaxed(std::uintptr_t& number) noexcept {
#if !defined(TENAX_WITHOUT_BUILTINS)
  return __atomic_add_fetch(&number, 1, __ATOMIC_RELAXED);
#else
  return std::atomic_ref<std::uintptr_t>(number).fetch_add(1, std::memory_order_relaxed) + 1;
#endif
}

/// As `replace_acquire_release`, but orders nothing else.
inline bool replace_relaxed(std::uintptr_t& to, std::uintptr_t& expected, std::uintptr_t value) noexcept {
#if !defined(TENAX_WITHOUT_BUILTINS)
  return __atomic_compare_exchange_n(&to, &expected, value, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
#else
  return std::atomic_ref<std::uintptr_t>(to).compare_exchange_strong(expected, value, std::memory_order_relaxed);
#endif
}

}  // namespace tenax::platform
