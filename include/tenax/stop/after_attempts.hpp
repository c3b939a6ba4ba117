// SPDX-License-Identifier: MIT
// stop/after_attempts.hpp: stop after a number of attempts, or never.
#pragma once

#include <concepts>

#include <tenax/detail/reject.hpp>
#include <tenax/stop/compose.hpp>

namespace tenax::stop {

/// See `stop::after_attempts`.
struct after_attempts_condition : operators {
  static constexpr bool uses_time = false;

  constexpr explicit after_attempts_condition(std::uint32_t n) : attempts(n) {}

  constexpr bool operator()(attempt_info const& a) const noexcept { return a.number >= attempts; }
  [[nodiscard]] constexpr stop::bounds bounds() const noexcept { return {.attempts = attempts}; }

  template <class Out>
  constexpr void describe(Out& out) const {
    out.text("after ");
    out.number(attempts);
    out.text(attempts == 1 ? " attempt" : " attempts");
  }

  std::uint32_t attempts;
};

/// A number of attempts. Fractions do not compile, because they would convert; durations do not, because they look
/// right.
struct attempt_count {
  template <class N>
    requires(std::is_convertible_v<N, std::int64_t> || detail::chrono_duration<N>)
  constexpr attempt_count(N n) {
    static_assert(
        !std::is_floating_point_v<N>,
        "tenax: stop::after_attempts() was given a fraction, but counts attempts; write a whole number, as in "
        "stop::after_attempts(3)");
    static_assert(!detail::chrono_duration<N>,
                  "tenax: stop::after_attempts() was given a duration, but counts attempts; write stop::deadline(...) "
                  "for a limit on time");
    if constexpr (!detail::chrono_duration<N>) value = static_cast<std::int64_t>(n);
  }

  std::int64_t value = 1;
};

/// Stop after `n` attempts in all. Counts calls of the operation, not retries: `after_attempts(1)` never retries.
///
/// Throws `std::invalid_argument` for `n < 1` and for `n` above 4294967295.
[[nodiscard]] constexpr after_attempts_condition after_attempts(attempt_count count) {
  auto const n = count.value;
  if (n < 1)
    invalid_parameter("stop::after_attempts: n", "must be at least 1 (it counts every call, including the first)",
                      static_cast<double>(n));
  if (n > 0xffff'ffff) {
    invalid_parameter("stop::after_attempts: n", "must be at most 4294967295; for no limit write stop::never",
                      static_cast<double>(n));
  }
  return after_attempts_condition(static_cast<std::uint32_t>(n));
}

/// See `stop::never`.
struct never_condition : operators {
  static constexpr bool uses_time = false;

  constexpr bool operator()(attempt_info const&) const noexcept { return false; }
  [[nodiscard]] constexpr stop::bounds bounds() const noexcept { return {}; }

  template <class Out>
  constexpr void describe(Out& out) const {
    out.text("never");
  }
};

/// Never stop: retry until the outcome is accepted or the call is cancelled. It has to be written out, because a retry
/// without a limit is rarely meant.
inline constexpr never_condition never{};

}  // namespace tenax::stop
