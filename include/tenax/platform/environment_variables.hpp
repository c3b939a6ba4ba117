// SPDX-License-Identifier: MIT
// platform/environment_variables.hpp: the environment variables of this process.
#pragma once

#include <tenax/platform/system.hpp>

#if defined(_WIN32) && !defined(TENAX_PLATFORM)
#include <stdlib.h>
#elif defined(__APPLE__) && defined(TENAX_POSIX)
#include <crt_externs.h>
#elif defined(TENAX_POSIX)
#include <unistd.h>
// POSIX lets the program declare it; some systems declare it as well.
extern "C" {
extern char** environ;  // NOLINT(readability-redundant-declaration)
}
#endif

namespace tenax::platform {

/// Texts of the form `NAME=VALUE`, ended by a null pointer; null if the platform has none.
///
/// Thread safety: safe while no thread changes the environment.
[[nodiscard]] inline char const* const* environment_variables() noexcept {
#if defined(_WIN32) && !defined(TENAX_PLATFORM)
  return _environ;
#elif defined(__APPLE__) && defined(TENAX_POSIX)
  return *_NSGetEnviron();
#elif defined(TENAX_POSIX)
  return ::environ;
#else
  return nullptr;
#endif
}

}  // namespace tenax::platform
