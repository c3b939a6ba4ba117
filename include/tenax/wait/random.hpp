// SPDX-License-Identifier: MIT
// wait/random.hpp: random waits: `wait::uniform` and `wait::decorrelated` (decorrelated jitter).
#pragma once

#include <tenax/detail/reject.hpp>
#include <tenax/wait/compose.hpp>

namespace tenax::wait {

/// See `wait::uniform`.
struct uniform_strategy : operators {
  static constexpr bool uses_time = false;
  static constexpr bool never_shrinks = true;

  constexpr uniform_strategy(duration l, duration h) : low(l), high(h) {}

  constexpr duration operator()(attempt_info const& a) const { return a.draw(low, high); }

  template <class Out>
  constexpr void describe(Out& out) const {
    out.text("a random wait from ");
    out.time(low);
    out.text(" to ");
    out.time(high);
  }

  duration low;
  duration high;
};

/// See `wait::uniform`.
struct uniform_maker : detail::maker {
  [[nodiscard]] constexpr uniform_strategy operator()(any_duration low, any_duration high) const {
    auto const least = detail::require_not_negative("wait::uniform: low", low);
    return {least, detail::require_at_least("wait::uniform: high", "must not be less than low", high, least)};
  }

  /// Overloads for wrong calls of `uniform`: their messages show the right one.
  template <detail::bare_value Only>
  [[nodiscard]] constexpr uniform_strategy operator()(Only) const {
    static_assert(detail::always_false<Only>,
                  "tenax: wait::uniform() needs both ends of the interval; write wait::uniform(0s, 500ms)");
    return {duration::zero(), duration::zero()};
  }
  template <class Low, class High>
    requires(std::is_arithmetic_v<Low> || std::is_arithmetic_v<High>)
  [[nodiscard]] constexpr uniform_strategy operator()(Low, High) const {
    static_assert(detail::always_false<Low>,
                  "tenax: wait::uniform() was given a plain number; write wait::uniform(0s, 500ms), with units");
    return {duration::zero(), duration::zero()};
  }
};

/// A uniform draw from `[low, high)`. Alone, a random wait that does not grow; added to another strategy, jitter:
/// `wait::retry_after + wait::uniform(0s, 500ms)`.
///
/// Throws `std::invalid_argument` for a negative value and for `high < low`.
inline constexpr uniform_maker uniform{};

struct decorrelated_options {
  any_duration base = std::chrono::milliseconds(100);  ///< the shortest wait
  any_duration max = std::chrono::seconds(30);         ///< the cap
};

/// See `wait::decorrelated`.
struct decorrelated_strategy : operators {
  static constexpr bool uses_time = false;
  static constexpr bool never_shrinks = true;

  constexpr explicit decorrelated_strategy(decorrelated_options options)
      : base(detail::require_not_negative("wait::decorrelated: base", options.base)),
        max{detail::require_at_least("wait::decorrelated: max", "must not be less than base", options.max, base)} {}

  constexpr duration operator()(attempt_info const& a) const {
    auto const previous = detail::longer(a.previous_wait, base);
    auto const high = saturating_multiply(previous, 3);
    return a.draw(base, detail::shorter(high, max));
  }

  template <class Out>
  constexpr void describe(Out& out) const {
    out.text("decorrelated from ");
    out.time(base);
    out.text(" to ");
    out.time(max);
  }

  duration base;
  duration max;
};

/// See `wait::decorrelated`.
struct decorrelated_maker : detail::maker {
  [[nodiscard]] constexpr decorrelated_strategy operator()(decorrelated_options options = {}) const {
    return decorrelated_strategy(options);
  }

  /// Overloads for wrong calls of `decorrelated`: their message shows the right one.
  template <detail::bare_value First, class... More>
  [[nodiscard]] constexpr decorrelated_strategy operator()(First, More...) const {
    static_assert(
        detail::always_false<First>,
        "tenax: wait::decorrelated() takes options by name; write wait::decorrelated({.base = 100ms, .max = 30s})");
    return decorrelated_strategy({});
  }
};

/// Decorrelated jitter: a uniform draw from `[base, min(max, 3 * previous))`, where `previous` is the wait before, and
/// `base` at first. Grows by chance. Keeps no state: the previous wait is in the attempt. Source: "Exponential Backoff
/// And Jitter", AWS Architecture Blog, 2015. The formula there draws first and then caps: most waits end up exactly at
/// the cap, without jitter. Here the draw stays below the cap.
///
/// Throws `std::invalid_argument` for a negative value and for `max < base`.
inline constexpr decorrelated_maker decorrelated{};

}  // namespace tenax::wait
