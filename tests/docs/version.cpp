// SPDX-License-Identifier: MIT
// version.cpp: the snippets of docs/reference/version.md.
#include <cstdio>

#include <tenax/version.hpp>

#include "catch.hpp"

TEST_CASE("version: A program asks for the version that it needs") {
  // [version]
  static_assert(tenax::version >= 1'00, "this program needs tenax 0.1.0");
  std::printf("made with tenax %s\n", tenax::version_text);
  // [/version]
  CHECK(tenax::version_text[0] != '\0');
}
