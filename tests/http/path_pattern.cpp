// SPDX-License-Identifier: MIT
// path_pattern.cpp: path patterns compared with a brute-force matcher, and in bounded time.
#include <tenax/http/detail/path_pattern.hpp>

#include <chrono>
#include <string>

#include "../catch.hpp"

using tenax::http::detail::matches;

namespace {

/// A brute-force matcher.
bool matches_somehow(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() != '*') {
    return !text.empty() && text.front() == pattern.front() && matches_somehow(pattern.substr(1), text.substr(1));
  }
  bool const deep = pattern.substr(0, 2) == "**";
  for (std::size_t taken = 0;; ++taken) {
    if (matches_somehow(pattern.substr(deep ? 2 : 1), text.substr(taken))) return true;
    if (taken == text.size() || (!deep && text[taken] == '/')) return false;
  }
}

}  // namespace

static_assert(matches("/v1/**", "/v1/a/b") && !matches("/v1/*", "/v1/a/b"));

TEST_CASE("A path matches a pattern if some choice of text for the wildcards makes them equal") {
  unsigned seed = 1;
  auto const below = [&](unsigned n) { return (seed = seed * 1664525U + 1013904223U) / 65536U % n; };
  int wrong = 0;
  int matching = 0;
  for (int i = 0; i != 100'000; ++i) {
    std::string pattern;
    std::string text;
    for (auto n = below(9); n != 0; --n) pattern += "*/ab*"[below(5)];
    for (auto n = below(10); n != 0; --n) text += "/ab"[below(3)];
    bool const expected = matches_somehow(pattern, text);
    matching += expected ? 1 : 0;
    wrong += matches(pattern, text) == expected ? 0 : 1;
  }
  CHECK(wrong == 0);
  CHECK(matching > 5'000);
}

TEST_CASE("Stars in a row are one wildcard") {
  CHECK(matches("***", "/a/b"));
  CHECK(matches("/****/b", "/a/c/b"));
  CHECK_FALSE(matches("***b", "/a/c"));
}

TEST_CASE("Matching takes linear time, even for long paths") {
  auto const repeated = [](char const* part, int times) {
    std::string text;
    for (int i = 0; i != times; ++i) text += part;
    return text;
  };
  struct {
    char const* pattern;
    std::string text;
  } const slow[] = {{"/**/a/**/b/**/c/**/d", repeated("/a/b/c", 20'000)},
                    {"**a*a*a*a*a*a*b", repeated("a", 60'000)},
                    {"*a*a*a*a*a*a*b", repeated("a", 60'000)},
                    {"/**/*a*a*a*/b", repeated("/aaaa", 20'000)},
                    {"**/*/*/*/*/*/x", repeated("/a", 40'000)},
                    {"/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/x", repeated("/a", 21)}};
  for (auto const& s : slow) {
    INFO(s.pattern);
    auto const start = std::chrono::steady_clock::now();
    CHECK_FALSE(matches(s.pattern, s.text));
    // It takes milliseconds; the limit is generous because other tests may run at the same time.
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(2));
  }
}
