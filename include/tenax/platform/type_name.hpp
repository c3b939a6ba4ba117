// SPDX-License-Identifier: MIT
// platform/type_name.hpp: the name of a type as it is written in code.
#pragma once

#include <string_view>

#include <tenax/platform/compiler.hpp>

namespace tenax::platform {

/// What a compiler writes before and behind every type is found by a type whose name is known.
template <class T>
constexpr std::string_view type_name() {
  std::string_view const known = signature_with<double>();
  std::string_view name = signature_with<T>();
  auto const before = known.find("double");
  auto const behind = known.size() - before - std::string_view("double").size();
  name = name.substr(before, name.size() - before - behind);
  // MSVC says what kind of type it is.
  for (std::string_view const kind : {"class ", "struct ", "enum ", "union "}) {
    if (name.starts_with(kind)) return name.substr(kind.size());
  }
  return name;
}

}  // namespace tenax::platform
