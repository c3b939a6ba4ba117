// SPDX-License-Identifier: MIT
// http/detail/method.hpp: the syntax of HTTP methods.
#pragma once

#include <string_view>

#include <tenax/platform/cplusplus.hpp>

namespace tenax::http::detail {

/// Whether `text` consists of upper-case letters, as methods do.
constexpr bool is_method(std::string_view text) noexcept {
  for (char const c : text) {
    if (c < 'A' || c > 'Z') return false;
  }
  return !text.empty();
}

}  // namespace tenax::http::detail
