// SPDX-License-Identifier: MIT
// gate/circuit_options.hpp: the states and the options of a circuit breaker.
#pragma once

#include <limits>
#include <optional>

#include <tenax/detail/reject.hpp>
#include <tenax/duration.hpp>
#include <tenax/gate/detail/optional_count.hpp>

namespace tenax {

/// The states of a circuit breaker: which attempts it lets through.
enum class circuit_state : unsigned char {
  closed,     ///< all attempts: the normal state
  open,       ///< none, until its open time has passed
  half_open,  ///< a few probes, whose results decide
  isolated    ///< none, until `close()`
};

[[nodiscard]] constexpr char const* to_string(circuit_state s) noexcept {
  switch (s) {
    case circuit_state::closed: return "closed";
    case circuit_state::open: return "open";
    case circuit_state::half_open: return "half-open";
    case circuit_state::isolated: return "isolated";
  }
  return "?";
}

/// The options of a circuit breaker: when it opens, and for how long. With neither `failures` nor `failure_ratio` it
/// opens after 5 failures in a row; with both, when either is reached. Slow attempts may open it as well.
struct circuit_breaker_options {
  /// Failed attempts in a row, over all calls; at least 1. A policy that makes 8 attempts reaches 5 with one call. So
  /// choose at least the attempts of a call times the calls that may fail together, or use `failure_ratio`.
  detail::optional_count failures{};
  std::optional<double> failure_ratio{};  ///< share of failures in `window`; above 0, at most 1
  /// An attempt that has run for this long is slow, however it ends; more than zero. Not given: attempts are never
  /// slow.
  std::optional<any_duration> slow_after{};
  std::optional<double> slow_ratio{};      ///< share of slow attempts in `window`; above 0, at most 1; else 0.5
  std::optional<any_duration> window{};    ///< with a ratio or `slow_after`: more than zero; 30 s if not given
  detail::optional_count minimum_calls{};  ///< with a ratio or `slow_after`: fewer never open it; 20 if not given
  bool count_throttled = true;             ///< whether a throttled attempt is a failure, or does not count
  any_duration open_for = std::chrono::seconds(5);  ///< the first open time; more than zero
  double open_factor = 2;                           ///< growth of the open time after each failed probe; at least 1
  /// The longest open time; not below `open_for`. If not given: the longer one of 1 minute and `open_for`, and up to 5
  /// minutes if the server asks for that.
  std::optional<any_duration> max_open{};
  double open_jitter = 0.2;             ///< share of the open time that is random; from 0 to 1
  std::int64_t probes = 1;              ///< attempts under way at the same time when half-open; at least 1
  std::int64_t successes_to_close = 1;  ///< successful probes in a row that close it; at least 1
  /// How long probes may take before another one starts in their place; more than zero; `open_for` if not given. Grows
  /// by `open_factor` each time that this happens in a row, up to `max_open`.
  std::optional<any_duration> probe_lease{};
};

/// Stands for the observer of a breaker without one.
struct no_circuit_observer {};

namespace detail {

/// The options of a circuit breaker, with all defaults filled in.
struct circuit_rules : circuit_breaker_options {
  duration longest_told;  ///< the longest server wait that the breaker obeys

  /// Throws `std::invalid_argument` for an option outside of its range.
  explicit circuit_rules(circuit_breaker_options const& o) : circuit_breaker_options(o) {
    auto const least = [](char const* name, std::int64_t value) {
      require_count(name, "must be at least 1", value, 1);
    };
    auto const share = [](char const* name, double value) {
      if (!(value > 0 && value <= 1)) invalid_parameter(name, "must be above 0 and at most 1", value);
    };
    if (!failure_ratio && !slow_after) {
      if (window) invalid_parameter("circuit_breaker: window", "needs a failure_ratio or slow_after", *window);
      if (minimum_calls) {
        invalid_parameter("circuit_breaker: minimum_calls", "needs a failure_ratio or slow_after",
                          static_cast<double>(*minimum_calls));
      }
    }
    if (!failure_ratio && !failures) failures = 5;
    if (failure_ratio) share("circuit_breaker: failure_ratio", *failure_ratio);
    if (slow_after) {
      require_positive("circuit_breaker: slow_after", *slow_after);
      slow_ratio = slow_ratio.value_or(0.5);
      share("circuit_breaker: slow_ratio", *slow_ratio);
    } else if (slow_ratio) {
      invalid_parameter("circuit_breaker: slow_ratio", "needs slow_after", *slow_ratio);
    }
    if (failures) least("circuit_breaker: failures", *failures);
    window = require_positive("circuit_breaker: window", window.value_or(std::chrono::seconds(30)));
    minimum_calls = minimum_calls.value_or(20);
    least("circuit_breaker: minimum_calls", *minimum_calls);
    require_positive("circuit_breaker: open_for", open_for);
    require_between("circuit_breaker: open_factor", "must be at least 1", open_factor, 1,
                    std::numeric_limits<double>::infinity());
    bool const given = max_open.has_value();
    max_open = require_at_least("circuit_breaker: max_open", "must not be below open_for",
                                max_open.value_or(longer(std::chrono::minutes(1), open_for)), open_for);
    longest_told = given ? max_open->value() : longer(std::chrono::minutes(5), open_for);
    require_between("circuit_breaker: open_jitter", "must be between 0 and 1", open_jitter, 0, 1);
    least("circuit_breaker: probes", probes);
    least("circuit_breaker: successes_to_close", successes_to_close);
    probe_lease = require_positive("circuit_breaker: probe_lease", probe_lease.value_or(open_for));
  }

  /// Whether this many attempts of `calls` in the window open the circuit.
  [[nodiscard]] bool reaches(double ratio, std::int64_t calls, std::int64_t bad) const {
    return calls >= *minimum_calls && static_cast<double>(bad) >= ratio * static_cast<double>(calls);
  }

  /// The time that follows `d` if the attempt after `d` did not end well.
  [[nodiscard]] duration next(duration d) const {
    return longer(d, shorter(*max_open, saturating_scale(d, open_factor)));
  }
};

}  // namespace detail
}  // namespace tenax
