// SPDX-License-Identifier: MIT
// uri.cpp: fuzzes addresses, references and patterns. An input has three lines: a base, a reference and a pattern.
#include <tenax/http/uri.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <tenax/http/detail/path_pattern.hpp>

namespace http = tenax::http;

namespace {

void require(bool holds, char const* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

std::string_view take_line(std::string_view& text) {
  auto const n = text.find('\n');
  auto const taken = text.substr(0, n);
  text.remove_prefix(n == std::string_view::npos ? text.size() : n + 1);
  return taken;
}

std::string joined(http::uri_parts const& p) {
  std::string text;
  if (!p.scheme.empty()) text.append(p.scheme).append(":");
  if (p.has_authority) text.append("//").append(p.authority);
  text.append(p.path);
  if (p.has_query) text.append("?").append(p.query);
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(unsigned char const* data, std::size_t size) {
  std::string_view text(reinterpret_cast<char const*>(data), size);
  auto const base = take_line(text);
  auto const reference = take_line(text);
  auto const pattern = take_line(text);

  http::uri_parts const from(base);
  http::uri_parts const to(reference);
  require(joined(to) == reference.substr(0, reference.find('#')), "the parts are the whole, in order");
  auto const host = to.authority_without_default_port();
  require(to.authority.substr(0, host.size()) == host, "a port stands at the end");

  auto const resolved = http::resolve(base, reference);
  http::uri_parts const result(resolved);
  auto const& scheme = to.scheme.empty() ? from.scheme : to.scheme;
  require(result.scheme == scheme, "the scheme is the reference's, or else the base's");
  bool const own = !to.scheme.empty() || to.has_authority;
  require(result.has_authority == (own ? to : from).has_authority, "a path never turns into a host");
  require(result.authority == (own ? to : from).authority, "the host is the reference's, or else the base's");
  require(http::uri_parts(http::resolve(base, resolved)).authority == result.authority || result.scheme.empty(),
          "what is resolved stays with its host");

  static_assert(noexcept(http::detail::matches(pattern, text)));
  if (http::detail::matches(pattern, reference)) {
    auto const longer = std::string(pattern) + "**";
    require(http::detail::matches(longer, reference), "two stars at the end may stand for nothing");
  }
  return 0;
}
