// SPDX-License-Identifier: MIT
// wait/linear.hpp: linear backoff: waits that grow by the same amount each time.
#pragma once

#include <tenax/wait/jitter.hpp>

namespace tenax::wait {

struct linear_options {
  any_duration first = std::chrono::seconds(1);  ///< the wait after attempt 1
  any_duration step = std::chrono::seconds(1);   ///< added for each further attempt
  any_duration max = (duration::max)();          ///< the cap
};

/// See `wait::linear`.
struct linear_strategy : jitterable<linear_strategy> {
  static constexpr bool never_shrinks = true;

  constexpr explicit linear_strategy(linear_options options)
      : first(detail::require_not_negative("wait::linear: first", options.first)),
        step(detail::require_not_negative("wait::linear: step", options.step)),
        max{detail::require_at_least("wait::linear: max", "must not be less than first", options.max, first)} {}

  constexpr duration operator()(attempt_info const& a) const noexcept {
    auto const raw = saturating_add(first, saturating_multiply(step, a.number - 1));
    return detail::shorter(raw, max);
  }
  [[nodiscard]] constexpr duration cap() const noexcept { return max; }

  template <class Out>
  constexpr void describe(Out& out) const {
    out.text("linear from ");
    out.time(first);
    out.text(" in steps of ");
    out.time(step);
    out.cap(max);
  }

  duration first;
  duration step;
  duration max;
};

/// See `wait::linear`.
struct linear_maker : detail::maker {
  [[nodiscard]] constexpr linear_strategy operator()(linear_options options = {}) const {
    return linear_strategy(options);
  }

  /// Overloads for wrong calls of `linear`: their message shows the right one.
  template <detail::bare_value First, class... More>
  [[nodiscard]] constexpr linear_strategy operator()(First, More...) const {
    static_assert(
        detail::always_false<First>,
        "tenax: wait::linear() takes options by name; write wait::linear({.first = 1s, .step = 2s, .max = 10s})");
    return linear_strategy({});
  }
};

/// `first + step * (n - 1)` after attempt n, at most `max`: `wait::linear({.first = 1s, .step = 2s, .max = 10s})`.
///
/// Throws `std::invalid_argument` for a negative value and for `max < first`.
inline constexpr linear_maker linear{};

}  // namespace tenax::wait
