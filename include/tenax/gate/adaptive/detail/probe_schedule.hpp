// SPDX-License-Identifier: MIT
// gate/adaptive/detail/probe_schedule.hpp: when to risk a refusal to find out whether a limit has risen.
#pragma once

#include <cstdint>

#include <tenax/gate/detail/rate_math.hpp>

namespace tenax::detail {

/// Probes less often the more probes have failed and the more a refusal costs; at low rates, by time. A steady rate
/// that was lost may come back, so it is tried again and again for some minutes. In nanoseconds.
class probe_schedule {
 public:
  /// A request was refused, and nothing may be sent for `pause` seconds. Returns how long ago the last refusal was.
  constexpr std::int64_t refused(std::int64_t now, double pause) noexcept {
    cost_ = cost_ < pause ? pause : cost_ * (1 - weight_of_last) + pause * weight_of_last;
    auto const since = now - last_refusal_;
    last_refusal_ = now;
    return since;
  }
  /// A refusal may cost so many seconds.
  constexpr void costs(double seconds) noexcept { cost_ = cost_ < seconds ? seconds : cost_; }

  constexpr void in_vain() noexcept {
    if (failed_probes_ < most_failures) ++failed_probes_;
  }
  constexpr void start_over() noexcept { failed_probes_ = 0; }

  /// A request was accepted at a steady rate.
  constexpr void holds(std::int64_t now, double rate) noexcept {
    if (rate * much > held_ && rate < held_ * much) return;
    held_ = rate;
    held_since_ = now;
  }
  /// The steady rate `rate` was refused and is lowered.
  constexpr void lost(double rate) noexcept {
    if (lost_ > 0 || seconds(last_refusal_ - held_since_) < long_held) return;
    lost_ = rate;
    lost_at_ = last_refusal_;
  }
  /// The rate that was lost, if a trial of it is due while `rate` is confirmed; otherwise 0.
  constexpr double comes_back(std::int64_t now, double rate) noexcept {
    if (lost_ == 0) return 0;
    if (lost_ < rate * much || seconds(now - lost_at_) > remembered) return lost_ = 0;
    auto const quiet = seconds(now - last_refusal_);
    return quiet > tried_again && quiet > static_cast<double>(quiet_per_cost) * cost_ ? lost_ : 0;
  }
  /// Whether a probe is due after `accepted` requests in a row.
  [[nodiscard]] constexpr bool due(std::int64_t now, std::uint64_t accepted) const noexcept {
    if (accepted < fewest_accepted) return false;
    auto const quiet = seconds(now - last_refusal_);
    bool const enough = accepted >= (fewest_accepted << at_most(failed_probes_, most_doublings));
    bool const enough_by_time =
        accepted >= accepted_by_time && quiet > static_cast<double>(long_quiet << failed_probes_);
    auto const doublings = at_most(failed_probes_, most_cost_doublings);
    return (enough || enough_by_time) && quiet > static_cast<double>(quiet_per_cost << doublings) * cost_;
  }

  /// The cost of a refusal, in requests that could have been sent.
  [[nodiscard]] constexpr double price(double rate) const noexcept { return 1 + cost_ * rate; }

 private:
  static constexpr double weight_of_last = 0.25;          // in the mean of the costs
  static constexpr unsigned most_failures = 6;            // more failed probes do not delay the next one
  static constexpr std::uint64_t fewest_accepted = 64;    // before a probe; doubled for each failed one
  static constexpr unsigned most_doublings = 4;           // so often
  static constexpr std::uint64_t accepted_by_time = 128;  // enough after a long time without a refusal
  static constexpr std::uint64_t long_quiet = 60;         // in seconds; doubled for each failed probe
  static constexpr unsigned quiet_per_cost = 6;           // a probe may cost a sixth of the time since the last refusal
  static constexpr unsigned most_cost_doublings = 3;      // and half of that for each failed probe
  static constexpr double much = 1.1;                     // a rate that is lower by this factor was lost
  static constexpr double long_held = 60;                 // a rate that was held so long may come back, in seconds
  static constexpr double remembered = 600;               // for so long, in seconds
  static constexpr double tried_again = 45;               // so long after a refusal, in seconds

  static constexpr unsigned at_most(unsigned n, unsigned most) noexcept { return n < most ? n : most; }

  std::int64_t last_refusal_ = 0;
  unsigned failed_probes_ = 0;
  double cost_ = 0;  // the cost of a refusal, in seconds
  double held_ = 0;  // about the steady rate, and since when
  std::int64_t held_since_ = 0;
  double lost_ = 0;  // 0: none
  std::int64_t lost_at_ = 0;
};

}  // namespace tenax::detail
