// SPDX-License-Identifier: MIT
// shared/detail/key.hpp: the key of a shared limit in a store.
#pragma once

#include <string>
#include <string_view>

#include <tenax/detail/reject.hpp>

namespace tenax::shared::detail {

/// The key of the limit `name`, with a version, and with a hash tag that keeps it in one slot of a cluster: `tenax:1:`
/// and the name in braces. Bytes other than letters, digits and `-_.:/@` are written as `%` and two digits.
/// Throws `std::invalid_argument` for an empty name.
inline std::string to_key(char const* parameter, std::string_view name) {
  if (name.empty()) invalid_parameter(parameter, "must not be empty", "\"\"");
  std::string key = "tenax:1:{";
  for (char const c : name) {
    bool const plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-_.:/@").find(c) != std::string_view::npos;
    if (plain) {
      key += c;
    } else {
      auto const byte = static_cast<unsigned char>(c);
      key += {'%', "0123456789ABCDEF"[byte >> 4], "0123456789ABCDEF"[byte & 15]};
    }
  }
  return key += '}';
}

}  // namespace tenax::shared::detail
