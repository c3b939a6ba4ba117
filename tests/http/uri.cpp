// SPDX-License-Identifier: MIT
// uri.cpp: the examples of RFC 3986, and bases that are only a path.
#include <tenax/http/uri.hpp>

#include <string>

#include "../catch.hpp"

namespace http = tenax::http;
using http::resolve;
using http::uri_parts;

static_assert(uri_parts("http://h/p").authority == "h");

TEST_CASE("A URI has the parts that RFC 3986 gives it") {
  uri_parts const whole("foo://example.com:8042/over/there?name=ferret#nose");
  CHECK(whole.scheme == "foo");
  CHECK(whole.has_authority);
  CHECK(whole.authority == "example.com:8042");
  CHECK(whole.path == "/over/there");
  CHECK(whole.has_query);
  CHECK(whole.query == "name=ferret");
  CHECK(whole.fragment == "nose");

  uri_parts const urn("urn:example:animal:ferret:nose");
  CHECK(urn.scheme == "urn");
  CHECK_FALSE(urn.has_authority);
  CHECK(urn.path == "example:animal:ferret:nose");
  CHECK_FALSE(urn.has_query);

  uri_parts const path("/a:b/c://d?e?f:g#h#i?j");
  CHECK(path.scheme.empty());
  CHECK_FALSE(path.has_authority);
  CHECK(path.path == "/a:b/c://d");
  CHECK(path.query == "e?f:g");
  CHECK(path.fragment == "h#i?j");

  uri_parts const host("//example.com?");
  CHECK(host.scheme.empty());
  CHECK(host.authority == "example.com");
  CHECK(host.path.empty());
  CHECK(host.has_query);
  CHECK(host.query.empty());

  CHECK(uri_parts(":x").scheme.empty());
  CHECK(uri_parts("").path.empty());
  CHECK_FALSE(uri_parts("#?").has_query);
}

TEST_CASE("A target is path and query, and at least a slash") {
  CHECK(uri_parts("http://h/a/b?c=d#e").target() == "/a/b?c=d");
  CHECK(uri_parts("http://h").target() == "/");
  CHECK(uri_parts("http://h?q").target() == "/?q");
  CHECK(uri_parts("http://h/a?").target() == "/a?");
  CHECK(uri_parts("/a").target() == "/a");
}

TEST_CASE("The default port of a scheme is left out") {
  auto const bare = [](char const* url) { return std::string(uri_parts(url).authority_without_default_port()); };
  CHECK(bare("http://h:80/") == "h");
  CHECK(bare("HTTPS://h:443") == "h");
  CHECK(bare("http://h:443") == "h:443");
  CHECK(bare("https://h:80") == "h:80");
  CHECK(bare("http://h:8080") == "h:8080");
  CHECK(bare("http://h") == "h");
  CHECK(bare("http://80") == "80");
  CHECK(bare("//h:80") == "h:80");
  CHECK(bare("http://h:/x") == "h");
  CHECK(bare("https://h:") == "h");
  CHECK(bare("foo://h:") == "h");
  CHECK(bare("//h:") == "h");
  CHECK(bare("http://h:080") == "h");
  CHECK(bare("http://h:0") == "h:0");
  CHECK(bare("http://[::1]:80/") == "[::1]");
  CHECK(bare("http://[::1]:8080/") == "[::1]:8080");
  CHECK(bare("http://[::80]") == "[::80]");
  CHECK(bare("http://[fe80::]:") == "[fe80::]");
  CHECK(bare("http://user:80@h") == "user:80@h");
  CHECK(bare("http://user:80@h:80") == "user:80@h");
  CHECK(bare("http://user:@h:") == "user:@h");
  CHECK(bare("http://").empty());
  CHECK(bare("http://:80").empty());
}

TEST_CASE("A scheme begins with a letter, and has letters, digits, plus, minus and dots") {
  for (auto const* text : {"a:x", "A+b-c.9:x", "http:", "urn:1:2"}) CHECK_FALSE(uri_parts(text).scheme.empty());
  for (auto const* text : {"1:2", "2024-05-01T10:00:00Z", "a b:2", "+a:x", "-a:x", ".a:x", "a_b:x", "a%20:x", "a/b:c",
                           ":x", "\xC3\xA4:x", "a@b:c", "[::1]:80", "a\t:x"}) {
    INFO(text);
    CHECK(uri_parts(text).scheme.empty());
    CHECK(uri_parts(text).path == text);
  }
  CHECK(resolve("http://h/v1/exports", "1:2") == "http://h/v1/1:2");
  CHECK(resolve("http://h/v1/exports", "2024-05-01T10:00:00Z") == "http://h/v1/2024-05-01T10:00:00Z");
  CHECK(resolve("http://h/v1/exports", "a b:2?c:d") == "http://h/v1/a b:2?c:d");
  CHECK(resolve("/v1/exports", "1:2") == "/v1/1:2");
  CHECK(uri_parts("1:2?x").query == "x");
}

TEST_CASE("A path never turns into a scheme") {
  CHECK(resolve("", "./a:b") == "./a:b");
  CHECK(resolve("x", "./a:b") == "./a:b");
  CHECK(resolve("x", "./1:b") == "1:b");
  CHECK(resolve("/x", "./a:b") == "/a:b");
  CHECK(resolve("http://h/x", "./a:b") == "http://h/a:b");
}

TEST_CASE("References and bases may be empty or have only some parts") {
  CHECK(resolve("", "") == "");
  CHECK(resolve("http://h/a?b#c", "") == "http://h/a?b");
  CHECK(resolve("http://h/a?b", "#c") == "http://h/a?b");
  CHECK(resolve("http://[::1]:8080/a", "b") == "http://[::1]:8080/b");
  CHECK(resolve("http://u:p@h/a/", "../b") == "http://u:p@h/b");
  CHECK(resolve("http://h:/a", "b") == "http://h:/b");
  CHECK(uri_parts("http://[::1]:8080/a").authority == "[::1]:8080");
  CHECK(uri_parts("http:///a").has_authority);
  CHECK(uri_parts("http:///a").authority.empty());
  CHECK(uri_parts("http://h?q").authority == "h");
  CHECK(uri_parts("http://h#f").authority == "h");
}

TEST_CASE("References are resolved as in the normal examples of RFC 3986 section 5.4.1") {
  struct {
    char const *reference, *result;
  } const examples[] = {
      {"g:h", "g:h"},
      {"g", "http://a/b/c/g"},
      {"./g", "http://a/b/c/g"},
      {"g/", "http://a/b/c/g/"},
      {"/g", "http://a/g"},
      {"//g", "http://g"},
      {"?y", "http://a/b/c/d;p?y"},
      {"g?y", "http://a/b/c/g?y"},
      {"#s", "http://a/b/c/d;p?q"},  // without fragments
      {"g#s", "http://a/b/c/g"},
      {"g?y#s", "http://a/b/c/g?y"},
      {";x", "http://a/b/c/;x"},
      {"g;x", "http://a/b/c/g;x"},
      {"g;x?y#s", "http://a/b/c/g;x?y"},
      {"", "http://a/b/c/d;p?q"},
      {".", "http://a/b/c/"},
      {"./", "http://a/b/c/"},
      {"..", "http://a/b/"},
      {"../", "http://a/b/"},
      {"../g", "http://a/b/g"},
      {"../..", "http://a/"},
      {"../../", "http://a/"},
      {"../../g", "http://a/g"},
  };
  for (auto const& e : examples) {
    INFO(e.reference);
    CHECK(resolve("http://a/b/c/d;p?q", e.reference) == e.result);
  }
}

TEST_CASE("References are resolved as in the abnormal examples of RFC 3986 section 5.4.2") {
  struct {
    char const *reference, *result;
  } const examples[] = {
      {"../../../g", "http://a/g"},
      {"../../../../g", "http://a/g"},
      {"/./g", "http://a/g"},
      {"/../g", "http://a/g"},
      {"g.", "http://a/b/c/g."},
      {".g", "http://a/b/c/.g"},
      {"g..", "http://a/b/c/g.."},
      {"..g", "http://a/b/c/..g"},
      {"./../g", "http://a/b/g"},
      {"./g/.", "http://a/b/c/g/"},
      {"g/./h", "http://a/b/c/g/h"},
      {"g/../h", "http://a/b/c/h"},
      {"g;x=1/./y", "http://a/b/c/g;x=1/y"},
      {"g;x=1/../y", "http://a/b/c/y"},
      {"g?y/./x", "http://a/b/c/g?y/./x"},
      {"g?y/../x", "http://a/b/c/g?y/../x"},
      {"g#s/./x", "http://a/b/c/g"},
      {"g#s/../x", "http://a/b/c/g"},
      {"http:g", "http:g"},
  };
  for (auto const& e : examples) {
    INFO(e.reference);
    CHECK(resolve("http://a/b/c/d;p?q", e.reference) == e.result);
  }
}

TEST_CASE("A base may be a host without a path") {
  CHECK(resolve("http://a", "g") == "http://a/g");
  CHECK(resolve("http://a?q", "g/../h") == "http://a/h");
  CHECK(resolve("http://a", "?y") == "http://a?y");
  CHECK(resolve("http://a:80", "https://b/c/../d") == "https://b/d");
  CHECK(resolve("http://a/b", "//c/d/./e?f") == "http://c/d/e?f");
}

TEST_CASE("A base may be only a path") {
  CHECK(resolve("/", "jobs/1") == "/jobs/1");
  CHECK(resolve("/exports", "/jobs/1?x=y") == "/jobs/1?x=y");
  CHECK(resolve("/v1/exports", "exports/1") == "/v1/exports/1");
  CHECK(resolve("/v1/exports", "../jobs") == "/jobs");
  CHECK(resolve("/v1/exports?all", "") == "/v1/exports?all");
  CHECK(resolve("", "jobs") == "jobs");
  CHECK(resolve("/v1", "http://h/jobs") == "http://h/jobs");
  CHECK(resolve("/v1", "//h/jobs") == "//h/jobs");
}

TEST_CASE("A path never turns into a host") {
  CHECK(resolve("/v1", "/.//evil/x") == "/.//evil/x");
  CHECK(resolve("/v1", "/..//evil/x") == "/.//evil/x");
  CHECK_FALSE(uri_parts(resolve("/v1/x", "..//evil/x")).has_authority);
  CHECK(resolve("http://a", "/.//b") == "http://a//b");
}
