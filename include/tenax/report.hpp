// SPDX-License-Identifier: MIT
// report.hpp: `report<T>`: how a whole call ended: its last outcome, the stop reason, and the numbers.
#pragma once

#include <cstdint>
#include <utility>

#include <tenax/attempt.hpp>

namespace tenax {

/// Why a call made no further attempt. The list is closed: a `switch` over it is complete.
enum class stop_reason : unsigned char {
  succeeded,             ///< the last outcome is a value that is not a failure and that no predicate wants retried
  not_retryable,         ///< the last outcome is a failure that the retry predicate does not want retried
  attempts,              ///< a stop condition: all attempts are used up, or a condition of your own said so
  deadline,              ///< a stop condition: the time is used up, or the next wait would use it up
  cancelled,             ///< the token of `.cancel_with()` was triggered, or the operation threw `tenax::cancelled`
  refused_by_gate,       ///< a gate did not admit the attempt
  server_forbids,        ///< the server asked clients not to try again
  server_wait_too_long,  ///< the server asked for a wait above `max_server_wait`
  expired_on_entry       ///< the deadline left no time for a first attempt
};

/// The number of reasons: for a table with an entry for each.
inline constexpr unsigned stop_reason_count = static_cast<unsigned>(stop_reason::expired_on_entry) + 1;

/// The name of a reason, spelled as in `stop_reason`.
[[nodiscard]] constexpr char const* to_string(stop_reason reason) noexcept {
  switch (reason) {
    case stop_reason::succeeded: return "succeeded";
    case stop_reason::not_retryable: return "not_retryable";
    case stop_reason::attempts: return "attempts";
    case stop_reason::deadline: return "deadline";
    case stop_reason::cancelled: return "cancelled";
    case stop_reason::refused_by_gate: return "refused_by_gate";
    case stop_reason::server_forbids: return "server_forbids";
    case stop_reason::server_wait_too_long: return "server_wait_too_long";
    case stop_reason::expired_on_entry: return "expired_on_entry";
  }
  return "unknown";
}

/// How a whole call ended; `try_call` returns it.
///
/// The outcome is that of the last attempt, unchanged. If the call ended before its first attempt, the outcome is the
/// exception that a plain call would have thrown: `tenax::cancelled`, `tenax::refused` or `tenax::expired`. Discarding
/// a report hides a failure, so compilers warn about it.
template <class T>
struct [[nodiscard]] report {
  using value_type = T;

  outcome<T> result;
  stop_reason reason = stop_reason::succeeded;
  std::uint32_t attempts = 0;       ///< attempts made; 0 if the call ended before the first
  duration elapsed{};               ///< from the start of the call to its end
  duration waited{};                ///< the part of `elapsed` spent in waits, between attempts and at gates
  optional_duration server_wait{};  ///< the wait that the last answer asked for, for example to re-queue the job
  char const* refusal = "";         ///< why a gate refused the next attempt, or why there may be none; or empty
  char const* name = "";            ///< the name of the call, as `.named()` set it; never null
  optional_duration retry_after{};  ///< the wait after which that gate may admit the call, if it knows

  /// Whether the call ended with a value that is not a failure.
  [[nodiscard]] constexpr bool succeeded() const noexcept { return reason == stop_reason::succeeded; }
  [[nodiscard]] constexpr explicit operator bool() const noexcept { return succeeded(); }

  /// Whether there is a value, wanted or not: the last returned one.
  [[nodiscard]] constexpr bool has_value() const noexcept { return result.has_value(); }
  /// The value. If there is none, throws the last exception again.
  constexpr decltype(auto) value() & {
    require_value();
    return result.value();
  }
  constexpr decltype(auto) value() const& {
    require_value();
    return result.value();
  }
  constexpr decltype(auto) value() && {
    require_value();
    return std::move(result).value();
  }
  /// The exception; null if there is a value.
  [[nodiscard]] std::exception_ptr exception() const noexcept { return result.exception(); }
  /// The result of the plain call: returns the value or throws the exception.
  constexpr T get() && { return std::move(result).get(); }

 private:
  constexpr void require_value() const {
    if (result.has_value()) return;
#if defined(__cpp_exceptions)
    result.rethrow();
#else
    detail::raise(
        std::logic_error("tenax: report::value(): the call ended before its first attempt; ask has_value() first"));
#endif
  }
};

}  // namespace tenax
