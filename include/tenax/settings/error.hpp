// SPDX-License-Identifier: MIT
// settings/error.hpp: `settings_error`: what is wrong with a configuration, where, and what to write instead.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include <tenax/platform/cplusplus.hpp>

namespace tenax {

/// Thrown for a configuration that cannot be understood. `what()` is one line for people:
/// `tenax: settings: character 1: "atempts" is not a setting; did you mean "attempts"?`
class settings_error : public std::invalid_argument {
 public:
  settings_error(std::string const& text, std::string place) : std::invalid_argument(text), place_(std::move(place)) {}

  /// Where the mistake is: `character 12`, `line 2, character 5`, the name of an environment variable, or the path in a
  /// JSON document.
  [[nodiscard]] std::string const& place() const noexcept { return place_; }

 private:
  std::string place_;
};

}  // namespace tenax
