// SPDX-License-Identifier: MIT
// settings/configured.hpp: a wait strategy and a stop condition whose kind is known only at run time.
#pragma once

#include <cstdint>

#include <tenax/settings/wait_settings.hpp>
#include <tenax/stop/after_attempts.hpp>
#include <tenax/stop/deadline.hpp>
#include <tenax/wait/constant.hpp>
#include <tenax/wait/exponential.hpp>
#include <tenax/wait/fibonacci.hpp>
#include <tenax/wait/linear.hpp>
#include <tenax/wait/polynomial.hpp>
#include <tenax/wait/random.hpp>
#include <tenax/wait/sequence.hpp>

namespace tenax {

namespace detail {

/// As `wait::sequence`, with a number of waits that is known only at run time.
struct listed_waits {
  wait_settings const& s;

  constexpr duration operator()(attempt_info const& a) const noexcept {
    return s.waits[a.number >= s.size ? s.size - 1 : a.number == 0 ? 0 : a.number - 1];
  }
  [[nodiscard]] constexpr duration cap() const noexcept { return (duration::max)(); }
  template <class Out>
  constexpr void describe(Out& out) const {
    for (std::uint32_t i = 0; i < s.size; ++i) {
      if (i != 0) out.text(", ");
      out.time(s.waits[i]);
    }
    if (s.size > 1) out.text(" and so on");
  }
};

}  // namespace detail

namespace wait {

/// The strategy that `wait_settings` describe: the same waits and the same words as the strategy of that name.
/// Allocates nothing.
///
/// Throws `std::invalid_argument` for numbers that the strategy of that name rejects.
class configured_strategy : public operators {
  struct reach {
    duration wait;
    duration cap;
  };

  template <class W>
  static constexpr duration cap_of(W const& w) {
    if constexpr (requires { w.cap(); }) {
      return w.cap();
    } else {
      return (duration::max)();
    }
  }

  template <class F>
  constexpr auto with_base(F f) const {
    auto const& s = settings_;
    switch (s.kind) {
      case wait_kind::constant: return f(wait::constant(s.first));
      case wait_kind::linear: return f(linear_strategy({.first = s.first, .step = s.step, .max = s.max}));
      case wait_kind::exponential: return f(exponential_strategy({.base = s.first, .factor = s.factor, .max = s.max}));
      case wait_kind::fibonacci: return f(fibonacci_strategy({.unit = s.first, .max = s.max}));
      case wait_kind::polynomial:
        return f(polynomial_strategy({.base = s.first, .exponent = s.exponent, .max = s.max}));
      case wait_kind::sequence: return f(detail::listed_waits{s});
      case wait_kind::uniform: return f(wait::uniform(s.first, s.max));
      case wait_kind::decorrelated: return f(decorrelated_strategy({.base = s.first, .max = s.max}));
      case wait_kind::none: break;
    }
    return f(none_strategy{});
  }

 public:
  static constexpr bool uses_time = false;

  constexpr explicit configured_strategy(wait_settings const& settings) : settings_(settings) {
    if (settings_.kind == wait_kind::sequence) {
      if (settings_.size < 1 || settings_.size > wait_settings::most_waits) {
        invalid_parameter("wait_settings: size", "must be from 1 to 8", static_cast<double>(settings_.size));
      }
      for (std::uint32_t i = 0; i < settings_.size; ++i) {
        static_cast<void>(detail::require_not_negative("wait::sequence: wait", settings_.waits[i]));
      }
    }
    // Makes the strategy once, which checks its numbers.
    static_cast<void>(with_base([](auto const& w) { return cap_of(w); }));
    if (settings_.has_jitter() && settings_.jitter == jitter_kind::proportional) {
      static_cast<void>(
          detail::require_between("proportional: share", "must be between 0 and 1", settings_.share, 0.0, 1.0));
    }
    if (settings_.has_jitter() && settings_.jitter == jitter_kind::additive) {
      static_cast<void>(detail::require_not_negative("additive: most", settings_.most));
    }
  }

  constexpr duration operator()(attempt_info const& a) const {
    if (!settings_.has_jitter()) return with_base([&](auto const& w) { return w(a); });
    auto const [d, cap] = with_base([&](auto const& w) { return reach{w(a), cap_of(w)}; });
    switch (settings_.jitter) {
      case jitter_kind::none: break;
      case jitter_kind::full: return full_jitter::apply(d, cap, a);
      case jitter_kind::equal: return equal_jitter::apply(d, cap, a);
      case jitter_kind::proportional: return proportional_jitter{settings_.share}.apply(d, cap, a);
      case jitter_kind::additive: return additive_jitter{settings_.most}.apply(d, cap, a);
    }
    return d;
  }

  [[nodiscard]] constexpr std::uint32_t grows_until(std::uint32_t n) const noexcept {
    return settings_.kind == wait_kind::sequence && n < settings_.size ? n
                                                                       : (std::numeric_limits<std::uint32_t>::max)();
  }

  template <class Out>
  constexpr void describe(Out& out) const {
    with_base([&](auto const& w) { w.describe(out); });
    if (!settings_.has_jitter()) return;
    switch (settings_.jitter) {
      case jitter_kind::none: break;
      case jitter_kind::full: full_jitter::describe(out); break;
      case jitter_kind::equal: equal_jitter::describe(out); break;
      case jitter_kind::proportional: proportional_jitter{settings_.share}.describe(out); break;
      case jitter_kind::additive: additive_jitter{settings_.most}.describe(out); break;
    }
  }

  /// Whether the description names both ends of every wait.
  [[nodiscard]] constexpr bool describes_every_wait() const noexcept { return settings_.kind == wait_kind::uniform; }

  [[nodiscard]] constexpr wait_settings const& settings() const noexcept { return settings_; }

 private:
  wait_settings settings_;
};

}  // namespace wait

namespace stop {

/// `after_attempts(n) || deadline(d) || after_elapsed(e)`, of which any may be without a limit: the greatest number of
/// attempts and `duration::max()` mean that there is none.
///
/// Throws `std::invalid_argument` for no attempts, and for times that are not more than zero.
class configured_condition : public operators {
 public:
  static constexpr bool uses_time = true;
  static constexpr std::uint32_t unlimited = (std::numeric_limits<std::uint32_t>::max)();

  constexpr configured_condition(std::uint32_t attempts, duration deadline, duration elapsed)
      : attempts_(stop::after_attempts(attempts)),
        deadline_(stop::deadline(deadline)),
        elapsed_(stop::after_elapsed(elapsed)) {}

  constexpr bool operator()(attempt_info const& a) const noexcept { return ask(a).stop; }
  constexpr answer ask(attempt_info const& a) const noexcept {
    if (limits_attempts() && attempts_(a)) return {true, stop_reason::attempts};
    if (limits_time()) {
      if (auto const answer = deadline_.ask(a); answer.stop) return answer;
    }
    return limits_elapsed() ? elapsed_.ask(a) : answer{};
  }
  constexpr duration time_left(attempt_info const& a) const noexcept {
    return limits_time() ? deadline_.time_left(a) : (duration::max)();
  }
  [[nodiscard]] constexpr stop::bounds bounds() const noexcept {
    return {.attempts = attempts_.attempts, .waiting = deadline_.limit};
  }

  template <class Out>
  constexpr void describe(Out& out) const {
    bool any = false;
    auto const say = [&](bool limits, auto const& part) {
      if (!limits) return;
      if (any) out.text(" or ");
      any = true;
      part.describe(out);
    };
    say(limits_attempts(), attempts_);
    say(limits_time(), deadline_);
    say(limits_elapsed(), elapsed_);
    if (!any) out.text("never");
  }

 private:
  [[nodiscard]] constexpr bool limits_attempts() const noexcept { return attempts_.attempts != unlimited; }
  [[nodiscard]] constexpr bool limits_time() const noexcept {
    return deadline_.limit.count() != (duration::max)().count();
  }
  [[nodiscard]] constexpr bool limits_elapsed() const noexcept {
    return elapsed_.limit.count() != (duration::max)().count();
  }

  after_attempts_condition attempts_;
  deadline_condition<false> deadline_;
  after_elapsed_condition elapsed_;
};

}  // namespace stop
}  // namespace tenax
