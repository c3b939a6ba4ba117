// SPDX-License-Identifier: MIT
// detail/seed_mark.hpp: how a thread's random source notices that its process is a copy of another one (fork).
#pragma once

#include <cstdint>

#include <tenax/detail/cplusplus.hpp>

#include <sys/mman.h>

namespace tenax::detail {

// A source remembers the mark at its last seed. When the mark is zero or has changed, the source needs a new seed. The
// mark is in a page that the operating system fills with zeros in a child process, however the child was made. Process
// ids would not do: two children in different namespaces can both be process 1. Used through atomic builtins, because
// <atomic> costs much compile time.

/// The mark if the system has no such page. Sources then take a new seed at every draw.
inline std::uintptr_t plain_mark = 0;
/// The mark before the first seed: always zero.
inline std::uintptr_t no_mark = 0;
inline std::uintptr_t* mark_address = &no_mark;
/// The last mark that was used. No mark is used twice, so that no seed can stay valid in a copy by chance.
inline std::uintptr_t last_mark = 0;

inline std::uintptr_t* seed_mark() noexcept { return __atomic_load_n(&mark_address, __ATOMIC_ACQUIRE); }
inline std::uintptr_t read_mark(std::uintptr_t const* mark) noexcept { return __atomic_load_n(mark, __ATOMIC_RELAXED); }

/// Makes every source take a new seed.
inline void void_mark() noexcept { __atomic_store_n(seed_mark(), std::uintptr_t{0}, __ATOMIC_RELAXED); }

/// Maps a page whose content becomes zero in child processes; null if the system has no such page.
inline std::uintptr_t* map_mark() noexcept {
#if defined(MADV_WIPEONFORK) && defined(MAP_ANONYMOUS)
  auto const size = sizeof(std::uintptr_t);  // the system rounds it up to a page
  void* const page = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return nullptr;
  if (::madvise(page, size, MADV_WIPEONFORK) == 0) return static_cast<std::uintptr_t*>(page);
  ::munmap(page, size);
#endif
  return nullptr;
}

/// Creates the mark if there is none, gives it a value if it is zero, and returns it.
inline std::uintptr_t renew_mark() noexcept {
  auto* mark = seed_mark();
  if (mark == &no_mark) {
    auto* const page = map_mark();
    auto* const mine = page != nullptr ? page : &plain_mark;
    if (__atomic_compare_exchange_n(&mark_address, &mark, mine, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
      mark = mine;
    } else if (page != nullptr) {
      ::munmap(page, sizeof(std::uintptr_t));
    }
  }
  auto value = read_mark(mark);
  while (value == 0) {
    auto const next = __atomic_add_fetch(&last_mark, 1, __ATOMIC_RELAXED);
    if (__atomic_compare_exchange_n(mark, &value, next, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) return next;
  }
  return value;
}

}  // namespace tenax::detail
