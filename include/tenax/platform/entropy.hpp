// SPDX-License-Identifier: MIT
// platform/entropy.hpp: randomness of the operating system, and a page that tells a copy of the process.
#pragma once

#include <tenax/platform/system.hpp>
#include <tenax/platform/windows.hpp>

#if defined(TENAX_POSIX)
#include <sys/mman.h>
#if __has_include(<sys/random.h>)
#include <sys/random.h>
#endif
#if !defined(__GLIBC__) && !defined(__APPLE__)
#include <unistd.h>  // elsewhere, getentropy is here; a tenth of the price of random.hpp
#endif
#endif

namespace tenax::platform {

/// Fills `bytes`, at most 256 of them, with randomness that is good enough for secrets. False if the system gives none.
inline bool random_bytes(void* bytes, std::size_t size) noexcept {
#if defined(TENAX_PLATFORM)
  return ::tenax_platform::random_bytes(bytes, size);
#elif defined(_WIN32)
  return ::SystemFunction036(bytes, static_cast<unsigned long>(size)) != 0;
#else
  return ::getentropy(bytes, size) == 0;
#endif
}

/// Whether a running process can be copied.
inline constexpr bool can_fork = is_posix;

/// Zero, in a page of its own that the operating system fills with zeros in a child process. Null if the system has no
/// such page.
inline std::uintptr_t* map_zero_in_children() noexcept {
#if defined(TENAX_POSIX) && defined(MADV_WIPEONFORK) && defined(MAP_ANONYMOUS)
  auto const size = sizeof(std::uintptr_t);  // the system makes a page of it
  void* const page = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return nullptr;
  if (::madvise(page, size, MADV_WIPEONFORK) == 0) return static_cast<std::uintptr_t*>(page);
  ::munmap(page, size);
#endif
  return nullptr;
}

inline void unmap([[maybe_unused]] std::uintptr_t* page) noexcept {
#if defined(TENAX_POSIX)
  ::munmap(page, sizeof(std::uintptr_t));
#endif
}

}  // namespace tenax::platform
