// SPDX-License-Identifier: MIT
// wait/fibonacci.hpp: waits that grow like the Fibonacci numbers.
#pragma once

#include <tenax/wait/jitter.hpp>

namespace tenax::wait {

struct fibonacci_options {
  any_duration unit = std::chrono::seconds(1);  ///< the wait after attempts 1 and 2
  any_duration max = (duration::max)();         ///< the cap
};

/// See `wait::fibonacci`.
struct fibonacci_strategy : jitterable<fibonacci_strategy> {
  static constexpr bool never_shrinks = true;

  constexpr explicit fibonacci_strategy(fibonacci_options options)
      : unit(detail::require_not_negative("wait::fibonacci: unit", options.unit)),
        max{detail::require_at_least("wait::fibonacci: max", "must not be less than unit", options.max, unit)} {}

  constexpr duration operator()(attempt_info const& a) const noexcept {
    std::uint64_t current = 1, next = 1;
    // The 93rd Fibonacci number is the first one above 2^63: from there on, every wait saturates.
    constexpr std::uint32_t last = 93;
    for (std::uint32_t n = 1; n < (a.number < last ? a.number : last); ++n) {
      auto const after = current + next;
      current = next;
      next = after;
    }
    auto const raw = saturating_multiply(unit, current);
    return detail::shorter(raw, max);
  }
  [[nodiscard]] constexpr duration cap() const noexcept { return max; }

  template <class Out>
  constexpr void describe(Out& out) const {
    out.text("fibonacci in units of ");
    out.time(unit);
    out.cap(max);
  }

  duration unit;
  duration max;
};

/// See `wait::fibonacci`.
struct fibonacci_maker : detail::maker {
  [[nodiscard]] constexpr fibonacci_strategy operator()(fibonacci_options options = {}) const {
    return fibonacci_strategy(options);
  }

  /// Overloads for wrong calls of `fibonacci`: their message shows the right one.
  template <detail::bare_value First, class... More>
  [[nodiscard]] constexpr fibonacci_strategy operator()(First, More...) const {
    static_assert(detail::always_false<First>,
                  "tenax: wait::fibonacci() takes options by name; write wait::fibonacci({.unit = 1s, .max = 30s})");
    return fibonacci_strategy({});
  }
};

/// `unit` times 1, 1, 2, 3, 5, 8, ... at most `max`: `wait::fibonacci({.unit = 1s, .max = 30s})`. Grows by a factor of
/// about 1.6, more slowly than by doubling.
///
/// Throws `std::invalid_argument` for a negative value and for `max < unit`.
inline constexpr fibonacci_maker fibonacci{};

}  // namespace tenax::wait
