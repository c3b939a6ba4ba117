// SPDX-License-Identifier: MIT
// gate/detail/circuit_counts.hpp: counts of a closed circuit breaker: failures in a row, shares of failed and slow
// attempts.
#pragma once

#include <cstdint>

#include <tenax/gate/circuit_options.hpp>
#include <tenax/gate/detail/sliding_window.hpp>
#include <tenax/gate/detail/slow_calls.hpp>
#include <tenax/gate/gate.hpp>

namespace tenax::detail {

/// Counts the attempts of one state of a circuit breaker.
///
/// Thread safety: unsafe.
class circuit_counts {
 public:
  explicit circuit_counts(circuit_rules const& rules) : window_(*rules.window), slow_(rules) {}

  void succeeded(circuit_rules const& rules, time_point now) noexcept {
    in_a_row_ = 0;
    if (rules.failure_ratio) window_.add(now, 1, 0);
  }

  /// Counts a failure. Returns whether it opens a closed circuit.
  bool failed(circuit_rules const& rules, time_point now) noexcept {
    ++in_a_row_;
    failed_at_ = now;
    bool enough = rules.failures && in_a_row_ >= *rules.failures;
    if (rules.failure_ratio) {
      window_.add(now, 1, 1);
      auto const [calls, failures] = window_.total(now);
      enough = enough || rules.reaches(*rules.failure_ratio, calls, failures);
    }
    return enough;
  }

  [[nodiscard]] slow_calls& slow() noexcept { return slow_; }

  /// Whether enough attempts were slow to open a closed circuit.
  bool too_slow(circuit_rules const& rules, time_point now) noexcept {
    auto const [calls, slow] = slow_.total(now);
    return rules.reaches(*rules.slow_ratio, calls, slow);
  }

  /// Whether attempts that have become slow while they run open the circuit: as probes always, otherwise if there are
  /// enough of them.
  bool found_slow(circuit_rules const& rules, circuit_state state, time_point now) noexcept {
    if (!slow_.found_late(now)) return false;
    return state == circuit_state::half_open || (state == circuit_state::closed && too_slow(rules, now));
  }

  /// Whether a failure or a slow attempt counts.
  [[nodiscard]] bool any() const noexcept {
    return in_a_row_ != 0 || window_.counted().second != 0 || slow_.window().counted().second != 0;
  }

  /// Until when the last of them counts; `time_point::min()` if there is none.
  [[nodiscard]] time_point count_until(circuit_rules const& rules) const noexcept {
    auto last = (time_point::min)();
    for (auto const* w : {&window_, &slow_.window()}) {
      if (w->counted().second != 0 && w->empty_at() > last) last = w->empty_at();
    }
    auto const row = time_point(saturating_add(failed_at_.time_since_epoch(), *rules.max_open));
    return in_a_row_ != 0 && row > last ? row : last;
  }

  void clear() noexcept {
    in_a_row_ = 0;
    window_.clear();
    slow_.clear();
  }

 private:
  std::int64_t in_a_row_ = 0;
  time_point failed_at_{};
  sliding_window window_;
  slow_calls slow_;
};

}  // namespace tenax::detail
