// SPDX-License-Identifier: MIT
// foreign_text.cpp: text from outside is made safe for a line of a log.
#include <tenax/detail/foreign_text.hpp>

#include <string>

#include "../catch.hpp"

using tenax::detail::first_character;

namespace {

std::string encoded(char32_t code) {
  auto const byte = [](char32_t b) { return static_cast<char>(static_cast<unsigned char>(b)); };
  if (code < 0x80) return {byte(code)};
  if (code < 0x800) return {byte(0xc0 | code >> 6), byte(0x80 | (code & 0x3f))};
  if (code < 0x10000) return {byte(0xe0 | code >> 12), byte(0x80 | (code >> 6 & 0x3f)), byte(0x80 | (code & 0x3f))};
  return {byte(0xf0 | code >> 18), byte(0x80 | (code >> 12 & 0x3f)), byte(0x80 | (code >> 6 & 0x3f)),
          byte(0x80 | (code & 0x3f))};
}

std::string safe(std::string_view words) {
  std::string text;
  while (!words.empty()) text += tenax::detail::take_safe(words);
  return text;
}

}  // namespace

TEST_CASE("Every code point is decoded, and surrogates are refused") {
  bool right = true;
  for (char32_t code = 0; code <= 0x10ffff; ++code) {
    auto const text = encoded(code);
    auto const read = first_character(text);
    bool const surrogate = code >= 0xd800 && code <= 0xdfff;
    right = right && (surrogate ? read.size == 0 : read.size == text.size() && read.code == code);
    right = right && (text.size() == 1 || first_character(text.substr(0, text.size() - 1)).size == 0);
  }
  CHECK(right);
}

TEST_CASE("The output is UTF-8 without control characters, whatever the input") {
  bool right = true;
  for (unsigned a = 0; a < 256; ++a) {
    for (unsigned b = 0; b < 256; ++b) {
      for (unsigned const c : {0x00U, 0x41U, 0x80U, 0x85U, 0xa8U, 0xbfU, 0xc2U, 0xffU}) {
        std::string const words{static_cast<char>(a), static_cast<char>(b), static_cast<char>(c)};
        auto const once = safe(words);
        right = right && safe(once) == once && once.size() <= words.size();
        for (char const out : once) right = right && static_cast<unsigned char>(out) >= ' ' && out != '\x7f';
      }
    }
  }
  CHECK(right);
}
