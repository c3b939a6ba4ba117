// SPDX-License-Identifier: MIT
// http/attempt_headers.hpp: headers that tell a server which attempt of a call this is.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <string_view>

#include <tenax/attempt.hpp>
#include <tenax/http/detail/civil.hpp>

namespace tenax::http {

/// A header that tells the server something about an attempt. Holds its text itself: does not allocate.
class attempt_header {
 public:
  constexpr attempt_header() noexcept = default;
  constexpr explicit attempt_header(char const* name) noexcept : name_(name) {}

  /// Whether there is anything to send.
  [[nodiscard]] constexpr explicit operator bool() const noexcept { return size_ != 0; }
  [[nodiscard]] constexpr char const* name() const noexcept { return name_; }
  [[nodiscard]] constexpr std::string_view value() const noexcept { return {text_, size_}; }
  /// The value, ended by a null character.
  [[nodiscard]] constexpr char const* c_str() const noexcept { return text_; }

  /// Adds to the value. Text that does not fit is cut.
  constexpr attempt_header& put(std::string_view words) noexcept {
    for (char const c : words) {
      if (size_ + 1 < sizeof text_) text_[size_++] = c;
    }
    return *this;
  }
  constexpr attempt_header& put(std::uint64_t n, unsigned digits = 1) noexcept {
    char text[20] = {};
    unsigned count = 0;
    do text[count++] = static_cast<char>('0' + n % 10);
    while ((n /= 10) != 0);
    for (auto i = count; i < digits; ++i) put("0");
    while (count != 0) put({&text[--count], 1});
    return *this;
  }

 private:
  char const* name_ = "";
  char text_[80] = {};
  unsigned size_ = 0;
};

/// How often this request was sent before: 0 for the first attempt. The attribute `http.request.resend_count` of
/// OpenTelemetry's spans, which is left out if it is 0. Source: OpenTelemetry, semantic conventions for HTTP spans.
[[nodiscard]] constexpr std::uint32_t resend_count(attempt_info const& a) noexcept {
  return a.number > 1 ? a.number - 1 : 0;
}

/// `baggage: http.request.resend_count=2`: passes the resend count on to every service behind the server. Nothing for a
/// first attempt. Join it with another `baggage` of the request by a comma. Source: W3C Baggage.
[[nodiscard]] constexpr attempt_header resend_baggage(attempt_info const& a) noexcept {
  attempt_header h("baggage");
  if (auto const n = resend_count(a); n != 0) h.put("http.request.resend_count=").put(n);
  return h;
}

/// `grpc-previous-rpc-attempts: 2`, for the metadata of gRPC calls. Nothing for a first attempt. Source: gRFC A6.
[[nodiscard]] constexpr attempt_header grpc_previous_rpc_attempts(attempt_info const& a) noexcept {
  attempt_header h("grpc-previous-rpc-attempts");
  if (auto const n = resend_count(a); n != 0) h.put(n);
  return h;
}

struct amz_sdk_request_options {
  std::uint32_t max = 0;  ///< the most attempts of the policy, or 0 to leave it out
  /// The time on the wall clock, if the server is to learn when the call's deadline ends.
  std::chrono::system_clock::time_point now = (std::chrono::system_clock::time_point::min)();
};

/// `amz-sdk-request: ttl=20260110T093000Z; attempt=2; max=3`, as the AWS SDKs send it with every attempt. The `ttl` is
/// there if the policy has a deadline and the options have the time. Source: AWS SDKs, retry behavior.
[[nodiscard]] constexpr attempt_header amz_sdk_request(attempt_info const& a, amz_sdk_request_options options) {
  attempt_header h("amz-sdk-request");
  using clock = std::chrono::system_clock;
  if (options.now != (clock::time_point::min)() && a.time_left != (duration::max)()) {
    auto const left = std::chrono::duration_cast<std::chrono::seconds>(a.time_left).count();
    auto const since = std::chrono::duration_cast<std::chrono::seconds>(options.now.time_since_epoch()).count();
    auto const seconds = since + left;
    constexpr std::int64_t day = 86'400;
    if (since >= 0 && seconds >= 0 && seconds / day < 2'932'897) {  // before the year 10000
      auto const date = detail::civil_from_days(seconds / day);
      auto const rest = static_cast<std::uint64_t>(seconds % day);
      h.put("ttl=").put(static_cast<std::uint64_t>(date.year), 4);
      h.put(static_cast<std::uint64_t>(date.month), 2).put(static_cast<std::uint64_t>(date.day), 2).put("T");
      h.put(rest / 3'600, 2).put(rest / 60 % 60, 2).put(rest % 60, 2).put("Z; ");
    }
  }
  h.put("attempt=").put(a.number);
  if (options.max != 0) h.put("; max=").put(options.max);
  return h;
}
/// `amz-sdk-request: attempt=2`.
[[nodiscard]] constexpr attempt_header amz_sdk_request(attempt_info const& a) { return amz_sdk_request(a, {}); }

}  // namespace tenax::http
