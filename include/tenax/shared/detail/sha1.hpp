// SPDX-License-Identifier: MIT
// shared/detail/sha1.hpp: SHA-1 of a text, at compile time as well: the name under which a Redis server keeps a script.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tenax::shared::detail {

/// The SHA-1 of `text` (FIPS 180-4, section 6.1) as 40 hexadecimal digits and a zero.
constexpr std::array<char, 41> sha1(std::string_view text) {
  constexpr auto rotated = [](std::uint32_t x, int by) { return (x << by) | (x >> (32 - by)); };
  std::array<std::uint32_t, 5> hash{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  std::size_t const blocks = (text.size() + 8) / 64 + 1;
  auto const byte = [&](std::size_t at) -> std::uint32_t {
    if (at < text.size()) return static_cast<unsigned char>(text[at]);
    if (at == text.size()) return 0x80;
    std::size_t const from_end = blocks * 64 - 1 - at;
    return from_end < 8 ? static_cast<std::uint32_t>((std::uint64_t{text.size()} * 8 >> (8 * from_end)) & 0xff) : 0;
  };
  for (std::size_t block = 0; block < blocks; ++block) {
    std::array<std::uint32_t, 80> w{};
    for (std::size_t i = 0; i < 16; ++i) {
      auto const at = block * 64 + i * 4;
      w[i] = byte(at) << 24 | byte(at + 1) << 16 | byte(at + 2) << 8 | byte(at + 3);
    }
    for (std::size_t i = 16; i < 80; ++i) w[i] = rotated(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    auto [a, b, c, d, e] = hash;
    for (std::size_t i = 0; i < 80; ++i) {
      auto const f = i < 20 ? (b & c) | (~b & d) : i < 40 || i >= 60 ? b ^ c ^ d : (b & c) | (b & d) | (c & d);
      auto const k = i < 20 ? 0x5a827999U : i < 40 ? 0x6ed9eba1U : i < 60 ? 0x8f1bbcdcU : 0xca62c1d6U;
      auto const next = rotated(a, 5) + f + e + k + w[i];
      e = d, d = c, c = rotated(b, 30), b = a, a = next;
    }
    hash = {hash[0] + a, hash[1] + b, hash[2] + c, hash[3] + d, hash[4] + e};
  }
  std::array<char, 41> digits{};
  for (std::size_t i = 0; i < 40; ++i) digits[i] = "0123456789abcdef"[(hash[i / 8] >> (28 - 4 * (i % 8))) & 0xf];
  return digits;
}

}  // namespace tenax::shared::detail
