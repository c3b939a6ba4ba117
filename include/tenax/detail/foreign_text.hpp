// SPDX-License-Identifier: MIT
// detail/foreign_text.hpp: makes text from outside safe for one line of a UTF-8 log.
#pragma once

#include <cstddef>
#include <string_view>

#include <tenax/platform/cplusplus.hpp>

namespace tenax::detail {

/// The first character of a text.
struct utf8_character {
  std::size_t size = 0;  ///< in bytes; 0 if the text does not begin with a character
  char32_t code = 0;
};

/// Reads the first character of `text`, which is not empty. Rejects what is not UTF-8 (Unicode 15 table 3-7): stray and
/// missing bytes, longer forms than necessary, surrogates, and code points above U+10FFFF.
inline utf8_character first_character(std::string_view text) noexcept {
  auto const* const bytes = text.data();
  auto const lead = static_cast<unsigned char>(*bytes);
  if (lead < 0x80) return {1, lead};
  std::size_t const size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < size) return {};
  char32_t code = lead & (0xffU >> (size + 1));
  for (std::size_t at = 1; at < size; ++at) {
    auto const next = static_cast<unsigned char>(bytes[at]);
    if ((next & 0xc0U) != 0x80) return {};
    code = code << 6 | (next & 0x3fU);
  }
  bool const too_long = code < (size == 4 ? 0x10000U : size == 3 ? 0x800U : 0x80U);
  if (too_long || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return {};
  return {size, code};
}

/// Whether a character could end a line, control a terminal, or change the order of the characters around it.
inline bool steers(char32_t code) noexcept {
  return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x2028 || code == 0x2029 ||
         (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

/// Removes the first character from `words`, which is not empty, and returns the text to write for it: a space for a
/// control character or a line separator, a question mark for a byte that is not UTF-8, otherwise the character.
inline std::string_view take_safe(std::string_view& words) noexcept {
  auto const c = first_character(words);
  std::size_t const size = c.size == 0 ? 1 : c.size;
  std::string_view const character(words.data(), size);
  words = std::string_view(words.data() + size, words.size() - size);
  return c.size == 0 ? "?" : steers(c.code) ? " " : character;
}

}  // namespace tenax::detail
