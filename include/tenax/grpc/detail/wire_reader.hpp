// SPDX-License-Identifier: MIT
// grpc/detail/wire_reader.hpp: reads the fields of a serialized protobuf message one by one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tenax::grpc::detail {

/// One field of a message.
struct wire_field {
  std::uint32_t id = 0;
  std::uint32_t type = 0;    ///< 0: a number, 1: 8 bytes, 2: bytes, 5: 4 bytes
  std::uint64_t number = 0;  ///< set if the type is 0
  std::string_view bytes{};  ///< set if the type is 2

  [[nodiscard]] constexpr bool is_number(std::uint32_t wanted) const noexcept { return id == wanted && type == 0; }
  [[nodiscard]] constexpr bool is_bytes(std::uint32_t wanted) const noexcept { return id == wanted && type == 2; }
};

/// Reads the fields of a message in the protobuf wire format. Skips groups. Never reads outside of the bytes.
class wire_reader {
 public:
  constexpr explicit wire_reader(std::string_view bytes) noexcept : rest_(bytes) {}

  /// Reads the next field. Returns false at the end of the message, or where the message is malformed.
  constexpr bool next(wire_field& f) noexcept {
    std::uint32_t depth = 0;  // of the groups around the field
    while (!rest_.empty()) {
      f = {};
      if (!take_field(f)) return fail();
      if (f.type == group_begins) {
        if (++depth > most_depth) return fail();
      } else if (f.type == group_ends) {
        if (depth-- == 0) return fail();
      } else if (depth == 0) {
        return true;
      }
    }
    return depth == 0 ? false : fail();
  }

  /// Whether everything that was read is well-formed.
  [[nodiscard]] constexpr bool well_formed() const noexcept { return !failed_; }

 private:
  static constexpr std::uint32_t group_begins = 3;
  static constexpr std::uint32_t group_ends = 4;
  static constexpr std::uint32_t most_depth = 100;

  constexpr bool fail() noexcept {
    failed_ = true;
    rest_ = {};
    return false;
  }

  constexpr bool take_field(wire_field& f) noexcept {
    std::uint64_t tag = 0;
    if (!take_number(tag) || tag > 0xffff'ffff || tag < 8) return false;
    f.id = static_cast<std::uint32_t>(tag) >> 3;
    f.type = static_cast<std::uint32_t>(tag) & 7U;
    switch (f.type) {
      case 0: return take_number(f.number);
      case 1: return skip(8);
      case 2: {
        std::uint64_t size = 0;
        if (!take_number(size) || size > rest_.size()) return false;
        f.bytes = rest_.substr(0, static_cast<std::size_t>(size));
        return skip(size);
      }
      case group_begins:
      case group_ends: return true;
      case 5: return skip(4);
      default: return false;
    }
  }

  constexpr bool take_number(std::uint64_t& n) noexcept {
    n = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) return false;
      auto const byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      if (shift == 63 && byte > 1) return false;
      n |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }

  constexpr bool skip(std::uint64_t size) noexcept {
    if (size > rest_.size()) return false;
    rest_.remove_prefix(static_cast<std::size_t>(size));
    return true;
  }

  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace tenax::grpc::detail
