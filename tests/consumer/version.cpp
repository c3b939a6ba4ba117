// SPDX-License-Identifier: MIT
// version.cpp: CMake's package is of the version that its headers say.
#include <string_view>

#include <tenax/version.hpp>

static_assert(std::string_view(tenax::version_text).starts_with(PACKAGE_VERSION));
