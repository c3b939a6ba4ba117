// SPDX-License-Identifier: MIT
// detail/type_name.hpp: the name of a type, as written in code.
#pragma once

#include <string_view>

#include <tenax/detail/cplusplus.hpp>

namespace tenax::detail {

template <class T>
constexpr std::string_view type_name() {
  // g++: "... type_name() [with T = int; std::string_view = ...]", clang: "... type_name() [T = int]".
  std::string_view const text = __PRETTY_FUNCTION__;
  auto const begin = text.find("T = ") + 4;
  auto const end = text.find(';', begin);
  return text.substr(begin, (end == text.npos ? text.size() - 1 : end) - begin);
}

}  // namespace tenax::detail
