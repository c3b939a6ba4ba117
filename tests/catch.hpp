// SPDX-License-Identifier: MIT
// catch.hpp: includes Catch2, version 2.13 or version 3, whichever is installed.
#pragma once

// So that no test needs an alias that macOS does not allow.
#include "macos_wait.hpp"

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <string>

#include <catch2/catch.hpp>

// Names as in version 3.
namespace Catch {
using Detail::Approx;
namespace Matchers {
inline auto ContainsSubstring(std::string const& text) { return Contains(text); }
}  // namespace Matchers
}  // namespace Catch
#endif
