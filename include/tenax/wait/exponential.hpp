// SPDX-License-Identifier: MIT
// wait/exponential.hpp: exponential backoff: waits that grow by a factor each time.
#pragma once

#include <tenax/wait/jitter.hpp>

namespace tenax::wait {

struct exponential_options {
  any_duration base = std::chrono::milliseconds(100);  ///< the wait after attempt 1
  double factor = 2.0;                                 ///< each further wait is multiplied by it
  any_duration max = (duration::max)();                ///< the cap
};

/// See `wait::exponential`.
struct exponential_strategy : jitterable<exponential_strategy> {
  static constexpr bool never_shrinks = true;

  constexpr explicit exponential_strategy(exponential_options options)
      : base(detail::require_not_negative("wait::exponential: base", options.base)),
        factor(detail::require_between("wait::exponential: factor", "must be a number that is at least 1",
                                       options.factor, 1.0, (std::numeric_limits<double>::max)())),
        max{detail::require_at_least("wait::exponential: max", "must not be less than base", options.max, base)} {}

  constexpr duration operator()(attempt_info const& a) const noexcept {
    auto const raw = saturating_scale(base, power(factor, a.number - 1));
    return detail::shorter(raw, max);
  }
  [[nodiscard]] constexpr duration cap() const noexcept { return max; }

  template <class Out>
  constexpr void describe(Out& out) const {
    out.text("exponential from ");
    out.time(base);
    if (factor != 2.0) {
      out.text(" by a factor of ");
      out.number(factor);
    }
    out.cap(max);
  }

  duration base;
  double factor;
  duration max;

 private:
  static constexpr double limit = 1e19;

  /// By squaring: at most 32 steps for any attempt number. Stops at values above every duration: further squaring would
  /// end in infinity, which does not compile in constant expressions.
  static constexpr double power(double x, std::uint32_t n) noexcept {
    double result = 1.0;
    for (; n != 0; n >>= 1) {
      if ((n & 1) != 0) {
        if (x >= limit) return limit;
        result *= x;
        if (result >= limit) return limit;
      }
      x = x >= limit ? limit : x * x;
    }
    return result;
  }
};

/// Catches two durations in braces without names: the second one would be the factor.
struct exponential_positions {
  template <class Base, detail::bare_value Max, class... More>
    requires(!std::is_arithmetic_v<Max>)
  constexpr exponential_positions(Base, Max, More...) {
    static_assert(detail::always_false<Max>,
                  "tenax: wait::exponential() was given two durations without names, and its second option is the "
                  "factor; write wait::exponential({.base = 100ms, .max = 5s})");
  }
};

/// See `wait::exponential`.
struct exponential_maker : detail::maker {
  [[nodiscard]] constexpr exponential_strategy operator()(exponential_options options = {}) const {
    return exponential_strategy(options);
  }

  /// Overloads for wrong calls of `exponential`: their message shows the right one.
  template <detail::bare_value First, class... More>
  [[nodiscard]] constexpr exponential_strategy operator()(First, More...) const {
    static_assert(
        detail::always_false<First>,
        "tenax: wait::exponential() takes options by name; write wait::exponential({.base = 100ms, .max = 5s})");
    return exponential_strategy({});
  }

  [[nodiscard]] constexpr exponential_strategy operator()(exponential_positions) const {
    return exponential_strategy({});
  }
};

/// Exponential backoff: `base * factor^(n-1)` after attempt n, at most `max`.
/// `wait::exponential({.base = 100ms, .max = 5s})` waits 100 ms, 200 ms, 400 ms, ... The usual choice for an overloaded
/// server; add `.full()` or `.equal()` jitter if many clients may fail at the same time.
///
/// Throws `std::invalid_argument` for a negative or not-a-number value, `factor < 1` and `max < base`.
inline constexpr exponential_maker exponential{};

}  // namespace tenax::wait
