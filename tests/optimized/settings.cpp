// compiled with: -O3
// SPDX-License-Identifier: MIT
// settings.cpp: texts of settings, which are read and written.
#include <tenax/settings.hpp>

std::string normal(std::string_view text) { return tenax::to_text(tenax::settings_from_text(text)); }
