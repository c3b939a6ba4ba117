// SPDX-License-Identifier: MIT
// http/uri.hpp: resolves URI references, such as a `Location` (RFC 3986).
#pragma once

#include <string>
#include <string_view>

#include <tenax/http/headers.hpp>

namespace tenax::http {

namespace detail {

/// Whether a text is a scheme: a letter, then letters, digits and `+-.` (RFC 3986 section 3.1).
constexpr bool is_scheme(std::string_view text) noexcept {
  constexpr auto is_letter = [](char c) { return detail::lower_case(c) >= 'a' && detail::lower_case(c) <= 'z'; };
  if (text.empty() || !is_letter(text.front())) return false;
  for (char const c : text) {
    if (!is_letter(c) && !(c >= '0' && c <= '9') && c != '+' && c != '-' && c != '.') return false;
  }
  return true;
}

}  // namespace detail

/// The parts of a URI reference (RFC 3986 appendix B), as views into it. An absent part is empty; `has_authority` and
/// `has_query` tell an empty part from an absent one.
struct uri_parts {
  std::string_view scheme, authority, path, query, fragment;
  bool has_authority = false, has_query = false;

  constexpr explicit uri_parts(std::string_view text) noexcept {
    if (auto const hash = text.find('#'); hash != text.npos) {
      fragment = text.substr(hash + 1);
      text = text.substr(0, hash);
    }
    if (auto const mark = text.find('?'); mark != text.npos) {
      has_query = true;
      query = text.substr(mark + 1);
      text = text.substr(0, mark);
    }
    if (auto const colon = text.find(':'); colon != text.npos && detail::is_scheme(text.substr(0, colon))) {
      scheme = text.substr(0, colon);
      text = text.substr(colon + 1);
    }
    if (text.substr(0, 2) == "//") {
      has_authority = true;
      text = text.substr(2);
      auto const slash = text.find('/');
      authority = text.substr(0, slash);
      text = slash == text.npos ? std::string_view() : text.substr(slash);
    }
    path = text;
  }

  /// The authority without the default port of `http` and `https`, and without a colon that no port follows (RFC 3986
  /// section 3.2.3).
  [[nodiscard]] constexpr std::string_view authority_without_default_port() const noexcept {
    auto const default_port = same_name(scheme, "https") ? "443" : same_name(scheme, "http") ? "80" : "";
    // The colons of an IPv6 address stand in brackets.
    auto const colon = authority.find_last_of(":]");
    if (colon == authority.npos || authority[colon] != ':') return authority;
    auto port = authority.substr(colon + 1);
    while (port.size() > 1 && port.front() == '0') port.remove_prefix(1);
    return port.empty() || port == default_port ? authority.substr(0, colon) : authority;
  }

  /// Path and query, as in a request line; at least `/`.
  [[nodiscard]] std::string target() const {
    std::string result(path.empty() ? "/" : path);
    if (has_query) result.append("?").append(query);
    return result;
  }
};

namespace detail {

/// Removes dot segments (RFC 3986 section 5.2.4).
inline std::string without_dot_segments(std::string_view path) {
  std::string result;
  while (!path.empty()) {
    if (path.substr(0, 3) == "../") {
      path.remove_prefix(3);
    } else if (path.substr(0, 2) == "./") {
      path.remove_prefix(2);
    } else if (path.substr(0, 3) == "/./") {
      path.remove_prefix(2);
    } else if (path == "/.") {
      path = "/";
    } else if (path.substr(0, 4) == "/../" || path == "/..") {
      path = path.size() == 3 ? "/" : path.substr(3);
      result.erase(result.find_last_of('/') == result.npos ? 0 : result.find_last_of('/'));
    } else if (path == "." || path == "..") {
      break;
    } else {
      auto const end = path.find('/', 1);
      result.append(path.substr(0, end));
      path = end == path.npos ? std::string_view() : path.substr(end);
    }
  }
  return result;
}

}  // namespace detail

/// Resolves `reference`, found in an answer from `base`, to a URI without fragment (RFC 3986 section 5.2.2). `base` may
/// be a whole URL or only a path. For a path, the result is a path, unless `reference` is a whole URL.
[[nodiscard]] inline std::string resolve(std::string_view base, std::string_view reference) {
  uri_parts const from(base);
  uri_parts const to(reference);
  auto const* const scheme = to.scheme.empty() ? &from.scheme : &to.scheme;
  auto authority = &to;
  auto query = &to;
  std::string path;
  if (!to.scheme.empty() || to.has_authority) {
    path = detail::without_dot_segments(to.path);
  } else {
    authority = &from;
    if (to.path.empty()) {
      path = from.path;
      if (!to.has_query) query = &from;
    } else if (to.path.front() == '/') {
      path = detail::without_dot_segments(to.path);
    } else {
      std::string merged = from.has_authority && from.path.empty() ? "/" : "";
      merged.append(from.path.substr(0, from.path.rfind('/') + 1)).append(to.path);
      path = detail::without_dot_segments(merged);
    }
  }
  std::string result;
  if (!scheme->empty()) result.append(*scheme).append(":");
  if (authority->has_authority) result.append("//").append(authority->authority);
  // Without this, a path such as "/.//host" would become a URI that names a host (RFC 3986 section 3.3), and one such
  // as "./a:b" would become a URI with a scheme (section 4.2).
  if (!authority->has_authority && path.substr(0, 2) == "//") result.append("/.");
  if (result.empty() && !uri_parts(path).scheme.empty()) result.append("./");
  result.append(path);
  if (query->has_query) result.append("?").append(query->query);
  return result;
}

}  // namespace tenax::http
