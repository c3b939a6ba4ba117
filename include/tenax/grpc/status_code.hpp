// SPDX-License-Identifier: MIT
// grpc/status_code.hpp: what the code of a gRPC status and the server's pushback say about another attempt.
#pragma once

#include <cstdint>
#include <string_view>

#include <tenax/duration.hpp>
#include <tenax/errors.hpp>
#include <tenax/grpc/retry_info.hpp>

namespace tenax::grpc {

/// What the code of a status says about another attempt.
enum class code_class : unsigned char {
  ok,         ///< OK: not a failure
  transient,  ///< UNAVAILABLE, DEADLINE_EXCEEDED: the failure may pass; the server may have acted on the call
  throttled,  ///< RESOURCE_EXHAUSTED: a rate limit or a quota; the server may have acted on the call
  permanent,  ///< all other codes: the same call will fail again
  cancelled   ///< CANCELLED: mostly by the caller
};

/// Classifies the number of a `grpc::StatusCode` or an `absl::StatusCode`; the numbers are the same. ABORTED is
/// permanent, because the sequence of calls that was aborted has to start again, and not the last call of it. Unknown
/// numbers are permanent.
[[nodiscard]] constexpr code_class classify(int code) noexcept {
  switch (code) {
    case 0: return code_class::ok;
    case 1: return code_class::cancelled;
    case 4:
    case 14: return code_class::transient;
    case 8: return code_class::throttled;
    default: return code_class::permanent;
  }
}

/// Returns the name of a code, such as `UNAVAILABLE`; `UNKNOWN` for a number that is not a code.
[[nodiscard]] constexpr std::string_view code_name(int code) noexcept {
  constexpr std::string_view names[] = {
      "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
      "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
      "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
      "DATA_LOSS", "UNAUTHENTICATED"};
  return code >= 0 && code <= 16 ? names[code] : names[2];
}

/// What a server says in the trailer `grpc-retry-pushback-ms` (gRPC proposal A6).
struct pushback {
  optional_duration wait{};  ///< the wait before the next attempt
  bool forbids = false;      ///< the server asks clients not to try again

  friend constexpr bool operator==(pushback const&, pushback const&) = default;
};

/// Reads a value of `grpc-retry-pushback-ms`, in milliseconds. A negative number forbids retries, and so does a value
/// that is not a decimal integer or does not fit in 64 bits, as in gRPC itself.
[[nodiscard]] constexpr pushback read_pushback(std::string_view value) noexcept {
  constexpr pushback forbidden{.forbids = true};
  if (value.empty()) return forbidden;
  std::int64_t ms = 0;
  for (char const c : value) {
    if (c < '0' || c > '9') return forbidden;
    if (ms > ((std::int64_t{1} << 62) - 10) / 10) return forbidden;
    ms = ms * 10 + (c - '0');
  }
  constexpr std::int64_t most = (duration::max)().count() / 1'000'000;
  return {.wait = ms > most ? (duration::max)() : duration(ms * 1'000'000)};
}

namespace detail {

/// RESOURCE_EXHAUSTED is also the code for a message that is too large, which no wait can cure. Only the text shows it.
constexpr bool is_too_large(int code, std::string_view message) noexcept {
  if (code != 8) return false;
  for (std::string_view const known : {std::string_view("larger than max"), std::string_view("exceeds maximum size")}) {
    if (message.find(known) != std::string_view::npos) return true;
  }
  return false;
}

constexpr bool is_transient(int code, std::string_view message) noexcept {
  auto const kind = classify(code);
  return kind == code_class::transient || (kind == code_class::throttled && !is_too_large(code, message));
}

/// The hint of a failed call. Of the waits that the server asked for, the longer one counts.
constexpr hint hint_of(int code, std::string_view message, retry_info const& info, pushback const& pushed) noexcept {
  hint h;
  auto const kind = classify(code);
  if (kind == code_class::ok) return h;
  if (kind == code_class::cancelled) {
    h.verdict = verdict::cancelled;
    return h;
  }
  if (pushed.forbids) h.verdict = verdict::forbidden;
  h.wait = info.delay;
  if (pushed.wait && (!h.wait || h.wait->count() < pushed.wait->count())) h.wait = pushed.wait;
  if (info.malformed) h.ignored = "google.rpc.RetryInfo";
  h.throttled = is_transient(code, message) && (kind == code_class::throttled || (code == 14 && h.wait));
  return h;
}

/// Writes `UNAVAILABLE: the text of the server`.
template <class Out>
constexpr void describe(int code, std::string_view message, Out& out) {
  out.text(code_name(code));
  if (message.empty()) return;
  out.text(": ");
  out.text(message);
}

}  // namespace detail
}  // namespace tenax::grpc
