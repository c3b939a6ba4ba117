// SPDX-License-Identifier: MIT
// platform/shared_number.hpp: a number that threads change without a lock.
#pragma once

#include <tenax/platform/compiler.hpp>

#if defined(TENAX_WITHOUT_BUILTINS)
#include <atomic>
#endif

namespace tenax::platform {

/// What gates need of `std::atomic`. <atomic> would make a file that includes a gate a tenth dearer to compile; it is
/// included only where the compiler has nothing else. `T` is an integer.
///
/// The names say how an operation is ordered. Those that replace may fail without a reason; then, and if something else
/// is there, they put the number that is there in `expected`.
///
/// Thread safety: safe.
template <class T>
class shared_number {
 public:
  constexpr explicit shared_number(T n = T{}) noexcept : number_(n) {}
  shared_number(shared_number const&) = delete;
  shared_number& operator=(shared_number const&) = delete;

#if !defined(TENAX_WITHOUT_BUILTINS)
  [[nodiscard]] T load_relaxed() const noexcept { return __atomic_load_n(&number_, __ATOMIC_RELAXED); }
  [[nodiscard]] T load_acquire() const noexcept { return __atomic_load_n(&number_, __ATOMIC_ACQUIRE); }
  void store_relaxed(T n) noexcept { __atomic_store_n(&number_, n, __ATOMIC_RELAXED); }
  void store_release(T n) noexcept { __atomic_store_n(&number_, n, __ATOMIC_RELEASE); }
  T fetch_add_relaxed(T n) noexcept { return __atomic_fetch_add(&number_, n, __ATOMIC_RELAXED); }
  T fetch_add_release(T n) noexcept { return __atomic_fetch_add(&number_, n, __ATOMIC_RELEASE); }
  T fetch_sub_relaxed(T n) noexcept { return __atomic_fetch_sub(&number_, n, __ATOMIC_RELAXED); }
  T fetch_sub_acquire_release(T n) noexcept { return __atomic_fetch_sub(&number_, n, __ATOMIC_ACQ_REL); }
  bool replace_relaxed(T& expected, T n) noexcept {
    return __atomic_compare_exchange_n(&number_, &expected, n, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
  }
  bool replace_acquire_release(T& expected, T n) noexcept {
    return __atomic_compare_exchange_n(&number_, &expected, n, true, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
  }

 private:
  alignas(sizeof(T)) T number_;
#else
  [[nodiscard]] T load_relaxed() const noexcept { return number_.load(std::memory_order_relaxed); }
  [[nodiscard]] T load_acquire() const noexcept { return number_.load(std::memory_order_acquire); }
  void store_relaxed(T n) noexcept { number_.store(n, std::memory_order_relaxed); }
  void store_release(T n) noexcept { number_.store(n, std::memory_order_release); }
  T fetch_add_relaxed(T n) noexcept { return number_.fetch_add(n, std::memory_order_relaxed); }
  T fetch_add_release(T n) noexcept { return number_.fetch_add(n, std::memory_order_release); }
  T fetch_sub_relaxed(T n) noexcept { return number_.fetch_sub(n, std::memory_order_relaxed); }
  T fetch_sub_acquire_release(T n) noexcept { return number_.fetch_sub(n, std::memory_order_acq_rel); }
  bool replace_relaxed(T& expected, T n) noexcept {
    return number_.compare_exchange_weak(expected, n, std::memory_order_relaxed);
  }
  bool replace_acquire_release(T& expected, T n) noexcept {
    return number_.compare_exchange_weak(expected, n, std::memory_order_acq_rel);
  }

 private:
  std::atomic<T> number_;
#endif
};

}  // namespace tenax::platform
