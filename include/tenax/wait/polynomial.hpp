// SPDX-License-Identifier: MIT
// wait/polynomial.hpp: polynomial backoff: waits that grow as a power of the attempt number.
#pragma once

#include <tenax/wait/jitter.hpp>

namespace tenax::wait {

struct polynomial_options {
  any_duration base = std::chrono::milliseconds(100);  ///< the wait after attempt 1
  unsigned exponent = 2;                               ///< 2: base times 1, 4, 9, 16, ...
  any_duration max = (duration::max)();                ///< the cap
};

/// See `wait::polynomial`.
struct polynomial_strategy : jitterable<polynomial_strategy> {
  static constexpr bool never_shrinks = true;

  constexpr explicit polynomial_strategy(polynomial_options options)
      : base(detail::require_not_negative("wait::polynomial: base", options.base)),
        exponent(options.exponent),
        max{detail::require_at_least("wait::polynomial: max", "must not be less than base", options.max, base)} {}

  constexpr duration operator()(attempt_info const& a) const noexcept {
    auto raw = base;
    if (a.number > 1) {
      // 63 multiplications by 2 or more exceed every duration, whatever the exponent is.
      for (unsigned i = 0; i < (exponent < 63 ? exponent : 63); ++i) raw = saturating_multiply(raw, a.number);
    }
    return detail::shorter(raw, max);
  }
  [[nodiscard]] constexpr duration cap() const noexcept { return max; }

  template <class Out>
  constexpr void describe(Out& out) const {
    out.time(base);
    out.text(" times the attempt's number to the power of ");
    out.number(exponent);
    out.cap(max);
  }

  duration base;
  unsigned exponent;
  duration max;
};

/// See `wait::polynomial`.
struct polynomial_maker : detail::maker {
  [[nodiscard]] constexpr polynomial_strategy operator()(polynomial_options options = {}) const {
    return polynomial_strategy(options);
  }

  /// Overloads for wrong calls of `polynomial`: their message shows the right one.
  template <detail::bare_value First, class... More>
  [[nodiscard]] constexpr polynomial_strategy operator()(First, More...) const {
    static_assert(detail::always_false<First>,
                  "tenax: wait::polynomial() takes options by name; write wait::polynomial({.base = 100ms, .exponent = "
                  "2, .max = 10s})");
    return polynomial_strategy({});
  }
};

/// `base * n^exponent` after attempt n, at most `max`: `wait::polynomial({.base = 100ms, .exponent = 2, .max = 10s})`.
///
/// Throws `std::invalid_argument` for a negative value and for `max < base`.
inline constexpr polynomial_maker polynomial{};

}  // namespace tenax::wait
