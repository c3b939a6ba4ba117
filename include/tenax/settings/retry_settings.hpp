// SPDX-License-Identifier: MIT
// settings/retry_settings.hpp: `retry_settings`: a policy as plain data, for configurations and class members.
#pragma once

#include <cstdint>
#include <utility>

#include <tenax/retrying.hpp>
#include <tenax/settings/configured.hpp>
#include <tenax/settings/wait_settings.hpp>

namespace tenax {

/// The type of a policy that comes from `retry_settings`: `settings.policy()` returns it. A class can have it as a
/// member, assign a new one when the configuration changes, and pass it to functions that are compiled elsewhere.
/// `When` is the type of the retry predicate.
template <class When = when::failed_predicate>
using configured_retrying = retrying<policy<When, wait::configured_strategy, stop::configured_condition>>;

/// As `configured_retrying`, with a limit on the time of an attempt: `settings.timed_policy()` returns it.
template <class When = when::failed_predicate>
using configured_timed_retrying =
    retrying<policy<When, wait::configured_strategy, stop::configured_condition, detail::no_observers, detail::no_gates,
                    detail::no_token, detail::own_hint_reader, detail::timed_limits<false>>>;

/// How often to try, how long to wait and when to give up, as plain data. Without any change, it describes
/// `retrying{}`. Which failures are retried, gates, observers and tokens are decided in code.
/// ```
/// tenax::retry_settings const settings{.attempts = 5, .deadline = 30s};
/// auto const polite = settings.policy().when(when::exception<network_error>);
/// ```
/// `settings_from_text`, `settings_from_environment` and `settings_from_json` read it; `to_text` writes it.
///
/// Thread safety: a value.
struct retry_settings {
  /// The number of attempts without a limit.
  static constexpr std::uint32_t unlimited = stop::configured_condition::unlimited;
  /// A time without a limit.
  static constexpr duration no_limit = (duration::max)();

  std::uint32_t attempts = 3;           ///< calls in all, as for `stop::after_attempts`; at least 1; `unlimited`
  wait_settings wait{};                 ///< the waits between attempts
  duration deadline = no_limit;         ///< as for `stop::deadline`; more than zero
  duration elapsed = no_limit;          ///< as for `stop::after_elapsed`; more than zero
  server_wait_limit server_wait{};      ///< as for `.max_server_wait()`; at least zero
  duration attempt_timeout = no_limit;  ///< as for `.attempt_timeout()`; more than zero

  friend constexpr bool operator==(retry_settings const& a, retry_settings const& b) noexcept {
    return a.attempts == b.attempts && a.wait == b.wait && a.deadline == b.deadline && a.elapsed == b.elapsed &&
           a.server_wait.max == b.server_wait.max && a.server_wait.action == b.server_wait.action &&
           a.attempt_timeout == b.attempt_timeout;
  }

  /// The policy that these settings describe. Its setters add what settings do not have: `.when(...)`,
  /// `.through(...)`.
  ///
  /// Throws `std::invalid_argument` for numbers that the policy's parts reject, and for settings with an
  /// `attempt_timeout`: blocking calls cannot interrupt every operation, so that limit needs `timed_policy`.
  template <class When = when::failed_predicate>
  [[nodiscard]] constexpr configured_retrying<When> policy(When predicate = When(when::failed)) const {
    if (attempt_timeout.count() != no_limit.count()) {
      detail::raise(std::invalid_argument(
          "tenax: these settings have an attempt_timeout; write settings.timed_policy() instead of settings.policy()"));
    }
    return configured_retrying<When>(
        {std::move(predicate), wait::configured_strategy(wait), condition(), {}, {}, {}, {}, {server_limit()}});
  }

  /// The policy that these settings describe, with their `attempt_timeout`. See `.attempt_timeout()` for the operations
  /// that it takes.
  ///
  /// Throws `std::invalid_argument` for numbers that the policy's parts reject.
  template <class When = when::failed_predicate>
  [[nodiscard]] constexpr configured_timed_retrying<When> timed_policy(When predicate = When(when::failed)) const {
    return configured_timed_retrying<When>(
        {std::move(predicate),
         wait::configured_strategy(wait),
         condition(),
         {},
         {},
         {},
         {},
         {server_limit(), detail::require_positive("attempt_timeout: limit", attempt_timeout)}});
  }

 private:
  [[nodiscard]] constexpr stop::configured_condition condition() const { return {attempts, deadline, elapsed}; }
  [[nodiscard]] constexpr server_wait_limit server_limit() const {
    return {detail::require_not_negative("max_server_wait: max", server_wait.max), server_wait.action};
  }
};

}  // namespace tenax
