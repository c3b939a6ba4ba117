// SPDX-License-Identifier: MIT
// version.cpp: the three ways to say the version agree.
#include <string>
#include <string_view>

#include <tenax/version.hpp>

#include "catch.hpp"

static_assert(tenax::version / 10000 == tenax::version_major);
static_assert(tenax::version / 100 % 100 == tenax::version_minor);
static_assert(tenax::version % 100 == tenax::version_patch);

TEST_CASE("version: The text is the three numbers, and a suffix at most") {
  auto const numbers = std::to_string(tenax::version_major) + "." + std::to_string(tenax::version_minor) + "." +
                       std::to_string(tenax::version_patch);
  std::string_view const text = tenax::version_text;
  CHECK(text.substr(0, numbers.size()) == numbers);
  CHECK((text.size() == numbers.size() || text[numbers.size()] == '-'));
}
