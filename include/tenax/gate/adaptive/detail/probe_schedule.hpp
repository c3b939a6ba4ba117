// SPDX-License-Identifier: MIT
// gate/adaptive/detail/probe_schedule.hpp: when to risk a refusal to find out whether a limit has risen.
#pragma once

#include <cstdint>

#include <tenax/gate/detail/rate_math.hpp>

namespace tenax::detail {

/// Probes less often the more probes have failed and the more a refusal costs; at low rates, by time. In nanoseconds.
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

  /// Whether a probe is due after `accepted` requests in a row.
  [[nodiscard]] constexpr bool due(std::int64_t now, std::uint64_t accepted) const noexcept {
    if (accepted < fewest_accepted) return false;
    auto const quiet = seconds(now - last_refusal_);
    bool const enough = accepted >= (fewest_accepted << failed_probes_);
    bool const enough_by_time = accepted >= accepted_by_time && quiet > long_quiet;
    auto const doublings = failed_probes_ < most_cost_doublings ? failed_probes_ : most_cost_doublings;
    return (enough || enough_by_time) && quiet > static_cast<double>(quiet_per_cost << doublings) * cost_;
  }

  /// The cost of a refusal, in requests that could have been sent.
  [[nodiscard]] constexpr double price(double rate) const noexcept { return 1 + cost_ * rate; }

 private:
  static constexpr double weight_of_last = 0.25;          // in the mean of the costs
  static constexpr unsigned most_failures = 4;            // more failed probes do not delay the next one
  static constexpr std::uint64_t fewest_accepted = 32;    // before a probe; doubled for each failed one
  static constexpr std::uint64_t accepted_by_time = 128;  // enough after a long time without a refusal
  static constexpr double long_quiet = 100;               // in seconds
  static constexpr unsigned quiet_per_cost = 6;           // a probe may cost a sixth of the time since the last refusal
  static constexpr unsigned most_cost_doublings = 3;      // and half of that for each failed probe

  std::int64_t last_refusal_ = 0;
  unsigned failed_probes_ = 0;
  double cost_ = 0;  // the cost of a refusal, in seconds
};

}  // namespace tenax::detail
