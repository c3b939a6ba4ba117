// SPDX-License-Identifier: MIT
// gate/detail/open_time.hpp: how long a circuit stays open: by its own rules, and as long as the other side asks for.
#pragma once

#include <tenax/gate/circuit_options.hpp>
#include <tenax/random.hpp>

namespace tenax::detail {

/// The time that an open circuit stays open, and the time in which a circuit that is not closed starts no attempt.
///
/// Thread safety: unsafe.
class open_time {
 public:
  explicit open_time(circuit_rules const& rules) : next_(rules.open_for) {}

  static time_point after(time_point now, duration d) noexcept {
    return time_point(saturating_add(now.time_since_epoch(), d));
  }

  /// When an open circuit lets a probe through.
  [[nodiscard]] time_point ends() const noexcept { return until_ > quiet_ ? until_ : quiet_; }
  /// Before this moment, no probe starts.
  [[nodiscard]] time_point quiet_until() const noexcept { return quiet_; }
  /// The length of the next open time, without jitter.
  [[nodiscard]] duration next() const noexcept { return next_; }

  /// Begins an open time; each one is longer than the one before.
  void begin(circuit_rules const& rules, time_point now, random_source* random) {
    until_ = after(now, jittered(rules, next_, random));
    next_ = rules.next(next_);
  }

  /// Obeys a wait that the other side asks for.
  void hear(circuit_rules const& rules, time_point now, optional_duration wait) noexcept {
    if (wait && *wait > duration::zero()) be_quiet_until(after(now, shorter(*wait, rules.longest_told)));
  }

  /// A probe did not count: the next one waits for as long as the first open time.
  void pause(circuit_rules const& rules, time_point now, random_source* random) {
    be_quiet_until(after(now, jittered(rules, rules.open_for, random)));
  }

  /// The circuit is closed.
  void start_over(circuit_rules const& rules) noexcept {
    next_ = rules.open_for;
    quiet_ = (time_point::min)();
  }

 private:
  static duration jittered(circuit_rules const& rules, duration d, random_source* random) {
    if (rules.open_jitter == 0) return d;
    return draw_between(random != nullptr ? *random : tenax::this_thread_random(),
                        d - saturating_scale(d, rules.open_jitter), d);
  }

  void be_quiet_until(time_point t) noexcept {
    if (t > quiet_) quiet_ = t;
  }

  duration next_;
  time_point until_{};
  time_point quiet_ = (time_point::min)();
};

}  // namespace tenax::detail
