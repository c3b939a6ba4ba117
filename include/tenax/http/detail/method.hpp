// SPDX-License-Identifier: MIT
// http/detail/method.hpp: what a method looks like.
#pragma once

#include <string_view>

#include <tenax/platform/cplusplus.hpp>

namespace tenax::http::detail {

/// A method as requests have it: upper-case letters.
constexpr bool is_method(std::string_view text) noexcept {
  for (char const c : text) {
    if (c < 'A' || c > 'Z') return false;
  }
  return !text.empty();
}

}  // namespace tenax::http::detail
