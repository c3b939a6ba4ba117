// SPDX-License-Identifier: MIT
// http/detail/path_pattern.hpp: which endpoint a request goes to.
#pragma once

#include <string>
#include <string_view>

#include <tenax/detail/reject.hpp>
#include <tenax/http/detail/method.hpp>

namespace tenax::http::detail {

/// Whether `text` matches `pattern`, where `*` stands for any characters but `/`, and `**` for any characters.
constexpr bool matches(std::string_view pattern, std::string_view text) noexcept {
  while (!pattern.empty()) {
    if (pattern.front() == '*') {
      bool const deep = pattern.size() > 1 && pattern[1] == '*';
      auto const rest = pattern.substr(deep ? 2 : 1);
      for (std::size_t taken = 0;; ++taken) {
        if (matches(rest, text.substr(taken))) return true;
        if (taken == text.size() || (!deep && text[taken] == '/')) return false;
      }
    }
    if (text.empty() || text.front() != pattern.front()) return false;
    pattern.remove_prefix(1);
    text.remove_prefix(1);
  }
  return text.empty();
}

/// Whether a request goes to the endpoint `pattern`: a path pattern, with a method before it or for all methods. The query
/// does not count.
constexpr bool is_endpoint(std::string_view pattern, std::string_view method, std::string_view path) noexcept {
  if (auto const blank = pattern.find(' '); blank != pattern.npos) {
    if (pattern.substr(0, blank) != method) return false;
    pattern.remove_prefix(blank + 1);
  }
  return matches(pattern, path.substr(0, path.find_first_of("?#")));
}

/// Throws `std::invalid_argument` for a pattern that no request could fit.
inline void require_endpoint(std::string const& pattern) {
  std::string_view path = pattern;
  if (auto const blank = path.find(' '); blank != path.npos) {
    if (!is_method(path.substr(0, blank))) {
      invalid_parameter("http::retrying_client::policy: endpoint", "must begin with a path or a method in capitals",
                        pattern.c_str());
    }
    path.remove_prefix(blank + 1);
  }
  if (path.empty() || (path.front() != '/' && path.front() != '*') || path.find_first_of(" ?#") != path.npos) {
    invalid_parameter(
        "http::retrying_client::policy: endpoint",
        "must be a path that begins with / or *, without blanks and query, or a method, a blank and such a path",
        pattern.c_str());
  }
}

}  // namespace tenax::http::detail
