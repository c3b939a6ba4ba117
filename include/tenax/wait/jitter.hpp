// SPDX-License-Identifier: MIT
// wait/jitter.hpp: jitter: spreads the waits of clients that failed at the same time.
#pragma once

#include <tenax/detail/reject.hpp>
#include <tenax/wait/compose.hpp>

namespace tenax::wait {

/// `.full()`: uniform in `[0, d)`. Spreads most, and halves the mean wait. Source: "Exponential Backoff And Jitter",
/// AWS Architecture Blog, 2015.
struct full_jitter {
  static constexpr duration apply(duration d, duration, attempt_info const& a) { return a.draw(duration::zero(), d); }
  template <class Out>
  static constexpr void describe(Out& out) {
    out.text(", full jitter");
  }
};

/// `.equal()`: `d/2` plus a uniform draw from `[0, d/2)`. Source: as for full jitter.
struct equal_jitter {
  static constexpr duration apply(duration d, duration, attempt_info const& a) { return a.draw(d - d / 2, d); }
  template <class Out>
  static constexpr void describe(Out& out) {
    out.text(", equal jitter");
  }
};

/// `.proportional(p)`: uniform in `[d(1-p), d(1+p))`, with the upper end kept at or below the cap.
struct proportional_jitter {
  double share;

  constexpr duration apply(duration d, duration cap, attempt_info const& a) const {
    auto const spread = detail::shorter(saturating_scale(d, share), d);
    auto const high = saturating_add(d, spread);
    return a.draw(d - spread, detail::shorter(high, cap));
  }
  template <class Out>
  constexpr void describe(Out& out) const {
    out.text(", give or take ");
    out.percent(share);
  }
};

/// `.additive(j)`: uniform in `[d, d+j)`. Near the cap the interval moves down instead of shrinking, so the jitter
/// neither exceeds the cap nor vanishes there.
struct additive_jitter {
  duration most;

  constexpr duration apply(duration d, duration cap, attempt_info const& a) const {
    auto const latest_start = detail::longer(saturating_subtract(cap, most), duration::zero());
    auto const low = detail::shorter(d, latest_start);
    auto const high = saturating_add(low, most);
    return a.draw(low, detail::shorter(high, cap));
  }
  template <class Out>
  constexpr void describe(Out& out) const {
    out.text(", plus up to ");
    out.time(most);
  }
};

/// A strategy with jitter. Keeps the cap of the strategy. Made by `.full()`, `.equal()`, `.proportional(p)` and
/// `.additive(j)` of the strategies here.
template <class W, class Jitter>
struct jittered : operators {
  static constexpr bool uses_time = detail::uses_time<W>;

  constexpr jittered(W w, Jitter j) : strategy(std::move(w)), jitter(j) {}

  constexpr duration operator()(attempt_info const& a) const { return jitter.apply(strategy(a), strategy.cap(), a); }
  [[nodiscard]] constexpr std::uint32_t grows_until(std::uint32_t n) const noexcept {
    return detail::grows_until(strategy, n);
  }

  template <class Out>
  constexpr void describe(Out& out) const {
    strategy.describe(out);
    jitter.describe(out);
  }

  W strategy;
  TENAX_NO_UNIQUE_ADDRESS Jitter jitter;
};

/// The base of strategies that can have jitter. `Derived` has `operator()(attempt_info const&)`, whose answer is at
/// most `cap()`, and `cap()`: its longest answer, `duration::max()` if there is no limit.
template <class Derived>
struct jitterable : operators {
  static constexpr bool uses_time = false;

  /// Full jitter: uniform in `[0, d)`. Best against many clients that failed at the same time.
  [[nodiscard]] constexpr jittered<Derived, full_jitter> full() const { return {self(), {}}; }

  /// Equal jitter: `d/2` plus a uniform draw from `[0, d/2)`: never less than half of the wait.
  [[nodiscard]] constexpr jittered<Derived, equal_jitter> equal() const { return {self(), {}}; }

  /// Uniform in `[d(1-share), d(1+share))`, kept within the cap. Throws `std::invalid_argument` unless `share` is from
  /// 0 to 1.
  [[nodiscard]] constexpr jittered<Derived, proportional_jitter> proportional(double share) const {
    return {self(), {detail::require_between("proportional: share", "must be between 0 and 1", share, 0.0, 1.0)}};
  }

  /// Uniform in `[d, d+most)`, kept within the cap. Throws `std::invalid_argument` if `most` is negative.
  [[nodiscard]] constexpr jittered<Derived, additive_jitter> additive(any_duration most) const {
    return {self(), {detail::require_not_negative("additive: most", most)}};
  }

 private:
  constexpr Derived const& self() const noexcept { return static_cast<Derived const&>(*this); }
};

}  // namespace tenax::wait
