// SPDX-License-Identifier: MIT
// retry_info_bytes.hpp: writes protobuf messages, so that the tests need no protobuf.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace wire {

inline std::string varint(std::uint64_t n) {
  std::string bytes;
  for (; n >= 0x80; n >>= 7) bytes += static_cast<char>((n & 0x7f) | 0x80);
  return bytes + static_cast<char>(n);
}
inline std::string tag(std::uint32_t id, std::uint32_t type) { return varint(std::uint64_t{id} << 3 | type); }
inline std::string number(std::uint32_t id, std::uint64_t n) { return tag(id, 0) + varint(n); }
inline std::string field(std::uint32_t id, std::string const& bytes) {
  return tag(id, 2) + varint(bytes.size()) + bytes;
}
inline std::string any(std::string const& url, std::string const& value) { return field(1, url) + field(2, value); }
inline std::string delay(std::int64_t seconds, std::int64_t nanos) {
  return number(1, static_cast<std::uint64_t>(seconds)) + number(2, static_cast<std::uint64_t>(nanos));
}

inline std::string const retry_info_url = "type.googleapis.com/google.rpc.RetryInfo";

/// The error details of a status that asks for a delay.
inline std::string details(std::chrono::nanoseconds d) {
  return field(3, any(retry_info_url, field(1, delay(d.count() / 1'000'000'000, d.count() % 1'000'000'000))));
}

}  // namespace wire
