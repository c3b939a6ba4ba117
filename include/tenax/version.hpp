// SPDX-License-Identifier: MIT
// version.hpp: which version of the library these headers are. CMake, the package and the recipes take it from here.
#pragma once

#include <tenax/platform/cplusplus.hpp>

namespace tenax {

/// The parts of the version, as https://semver.org defines them. Constants; safe to read from any thread at any time.
inline constexpr int version_major = 0;
inline constexpr int version_minor = 1;
inline constexpr int version_patch = 0;

/// The version as one number, for comparisons: `static_assert(tenax::version >= 1'02'03)` wants 1.2.3 or newer.
inline constexpr int version = version_major * 1'00'00 + version_minor * 1'00 + version_patch;

/// The version in words, for logs. A version before its release has a suffix, as in "1.0.0-rc.1".
inline constexpr char version_text[] = "0.1.0";

}  // namespace tenax
