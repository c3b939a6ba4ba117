// SPDX-License-Identifier: MIT
// grpc/retry_info.hpp: the delay that a gRPC server asks for in `google.rpc.RetryInfo`, read without protobuf.
#pragma once

#include <cstdint>
#include <string_view>

#include <tenax/duration.hpp>
#include <tenax/grpc/detail/wire_reader.hpp>

namespace tenax::grpc {

/// What the error details of a gRPC status say about a delay.
struct retry_info {
  optional_duration delay{};  ///< the delay that the server asked for; empty if it did not
  bool malformed = false;     ///< the details could not be read, or the delay is negative or not a duration

  friend constexpr bool operator==(retry_info const&, retry_info const&) = default;
};

namespace detail {

struct wire_duration {
  std::int64_t seconds = 0;
  std::int32_t nanos = 0;
  bool present = false;

  /// Reads a `google.protobuf.Duration`. Fields that occur again replace the earlier ones, as in protobuf.
  constexpr bool read(std::string_view bytes) {
    present = true;
    wire_reader in(bytes);
    for (wire_field f; in.next(f);) {
      if (f.is_number(1)) seconds = static_cast<std::int64_t>(f.number);
      if (f.is_number(2)) nanos = static_cast<std::int32_t>(static_cast<std::uint32_t>(f.number));
    }
    return in.well_formed();
  }

  /// Whether this is a valid duration (google/protobuf/duration.proto) that is not negative.
  [[nodiscard]] constexpr bool sensible() const noexcept {
    return seconds >= 0 && seconds <= 315'576'000'000 && nanos >= 0 && nanos <= 999'999'999;
  }

  [[nodiscard]] constexpr duration value() const noexcept {
    constexpr std::int64_t most = (duration::max)().count() / 1'000'000'000 - 1;
    return seconds > most ? (duration::max)() : duration(seconds * 1'000'000'000 + nanos);
  }
};

/// Whether a type URL names a message: its last part is the full name of the message.
constexpr bool names_message(std::string_view type_url, std::string_view name) noexcept {
  auto const slash = type_url.rfind('/');
  return slash != std::string_view::npos && type_url.substr(slash + 1) == name;
}

/// Adds what the bytes of a `google.rpc.RetryInfo` say. Of several delays, the longest one counts.
constexpr void add_retry_info(retry_info& info, std::string_view bytes) {
  wire_duration delay;
  wire_reader in(bytes);
  for (wire_field f; in.next(f);) {
    if (f.is_bytes(1) && !delay.read(f.bytes)) info.malformed = true;
  }
  if (!in.well_formed() || (delay.present && !delay.sensible())) info.malformed = true;
  if (info.malformed || !delay.present) return;
  if (!info.delay || info.delay->count() < delay.value().count()) info.delay = delay.value();
}

}  // namespace detail

/// Reads the delay of a `google.rpc.RetryInfo` message, as `absl::Status` stores it in a payload.
[[nodiscard]] constexpr retry_info read_retry_info_message(std::string_view message) {
  retry_info info;
  detail::add_retry_info(info, message);
  if (info.malformed) info.delay.reset();
  return info;
}

/// Reads the delay of the `google.rpc.RetryInfo` in the error details of a status, the bytes of a `google.rpc.Status`:
/// `read_retry_info(status.error_details())`. Of several delays, the longest one counts. Malformed details, a negative
/// delay and a delay that is not a valid duration are ignored as a whole. Delays are in nanoseconds, and saturate.
///
/// Throws nothing, allocates nothing, and reads each byte a few times at most, whatever the bytes are.
[[nodiscard]] constexpr retry_info read_retry_info(std::string_view error_details) {
  retry_info info;
  detail::wire_reader in(error_details);
  for (detail::wire_field f; in.next(f);) {
    if (!f.is_bytes(3)) continue;
    std::string_view type_url;
    std::string_view value;
    detail::wire_reader any(f.bytes);
    for (detail::wire_field part; any.next(part);) {
      if (part.is_bytes(1)) type_url = part.bytes;
      if (part.is_bytes(2)) value = part.bytes;
    }
    if (!any.well_formed()) info.malformed = true;
    if (detail::names_message(type_url, "google.rpc.RetryInfo")) detail::add_retry_info(info, value);
  }
  if (!in.well_formed()) info.malformed = true;
  if (info.malformed) info.delay.reset();
  return info;
}

}  // namespace tenax::grpc
