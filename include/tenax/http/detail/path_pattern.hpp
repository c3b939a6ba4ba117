// SPDX-License-Identifier: MIT
// http/detail/path_pattern.hpp: matches a request's method and path with an endpoint pattern.
#pragma once

#include <string>
#include <string_view>

#include <tenax/detail/reject.hpp>
#include <tenax/http/detail/method.hpp>

namespace tenax::http::detail {

/// Whether `text` matches `pattern`, where `*` stands for any characters except `/`, and `**` for any characters. Three
/// or more stars in a row count as `**`. Linear in the length of the text.
constexpr bool matches(std::string_view pattern, std::string_view text) noexcept {
  // The place to continue from after a mismatch: the pattern after a wildcard, and the end of the text that the
  // wildcard has matched so far. Wildcards before the last `**` need not be tried again, because it can match the same
  // text.
  struct wildcard {
    std::string_view after{};
    std::size_t end = 0;
    bool there = false;
  };
  wildcard one;   // the last `*` after the last `**`
  wildcard deep;  // the last `**`
  std::size_t at = 0;
  for (;;) {
    if (!pattern.empty() && pattern.front() == '*') {
      auto const stars = pattern.find_first_not_of('*');
      auto const count = stars == pattern.npos ? pattern.size() : stars;
      pattern.remove_prefix(count);
      (count == 1 ? one : deep) = {pattern, at, true};
      if (count != 1) one.there = false;
      continue;
    }
    if (pattern.empty() ? at == text.size() : at != text.size() && text[at] == pattern.front()) {
      if (pattern.empty()) return true;
      pattern.remove_prefix(1);
      ++at;
      continue;
    }
    if (one.there && one.end != text.size() && text[one.end] != '/') {
      at = ++one.end;
      pattern = one.after;
    } else if (deep.there && deep.end != text.size()) {
      // If a later `*` has failed, it fails again from every position in the same path segment.
      auto const slash = one.there ? text.find('/', deep.end) : deep.end;
      if (slash == text.npos) return false;
      at = deep.end = slash + 1;
      pattern = deep.after;
      one.there = false;
    } else {
      return false;
    }
  }
}

/// Whether a request matches the endpoint `pattern`: a path pattern, with or without a method before it. The query is
/// ignored.
constexpr bool is_endpoint(std::string_view pattern, std::string_view method, std::string_view path) noexcept {
  if (auto const blank = pattern.find(' '); blank != pattern.npos) {
    if (pattern.substr(0, blank) != method) return false;
    pattern.remove_prefix(blank + 1);
  }
  return matches(pattern, path.substr(0, path.find_first_of("?#")));
}

/// Throws `std::invalid_argument` for a pattern that no request can match.
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
