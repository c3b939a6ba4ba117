// SPDX-License-Identifier: MIT
// platform/error_text.hpp: the system's words for an error number, without an allocation.
#pragma once

#include <cstddef>

#include <tenax/platform/system.hpp>

// <string.h> costs as much as ten headers of the library. Declared as the GNU C library declares it for C++.
#if defined(TENAX_POSIX) && defined(__GLIBC__) && defined(_GNU_SOURCE) && !defined(_STRING_H)
extern "C" char* strerror_r(int number, char* buffer, std::size_t size) noexcept;
#else
#include <cstring>
#endif

namespace tenax::platform {

#if defined(TENAX_POSIX)
// What strerror_r returns: the text itself in the GNU C library, a number elsewhere.
inline char const* text_of(char const* text, char const*) noexcept { return text; }
inline char const* text_of(int, char const* buffer) noexcept { return buffer; }
#endif

/// The text for an `errno`, perhaps in `buffer`. Null if the system has none that threads can share.
inline char const* errno_text(int number, char* buffer, std::size_t size) noexcept {
#if defined(TENAX_POSIX)
  return text_of(::strerror_r(number, buffer, size), buffer);
#elif defined(_WIN32)
  return ::strerror_s(buffer, size, number) == 0 ? buffer : nullptr;
#else
  static_cast<void>(number), static_cast<void>(buffer), static_cast<void>(size);
  return nullptr;
#endif
}

/// Whether the system's own error numbers are those of `errno`.
inline constexpr bool system_errors_are_errno = is_posix;

}  // namespace tenax::platform
