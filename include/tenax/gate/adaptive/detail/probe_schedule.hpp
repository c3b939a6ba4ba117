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
    cost_ = cost_ < pause ? pause : cost_ * 0.75 + pause * 0.25;
    auto const since = now - last_refusal_;
    last_refusal_ = now;
    return since;
  }
  /// A refusal may cost so many seconds.
  constexpr void costs(double seconds) noexcept { cost_ = cost_ < seconds ? seconds : cost_; }

  constexpr void in_vain() noexcept {
    if (failed_probes_ < 4) ++failed_probes_;
  }
  constexpr void start_over() noexcept { failed_probes_ = 0; }

  /// Whether a probe is due after `accepted` requests in a row.
  [[nodiscard]] constexpr bool due(std::int64_t now, std::uint64_t accepted) const noexcept {
    auto const quiet = seconds(now - last_refusal_);
    return accepted >= 32 && (accepted >= (std::uint64_t(32) << failed_probes_) || (accepted >= 128 && quiet > 100)) &&
           quiet > static_cast<double>(6U << (failed_probes_ < 3 ? failed_probes_ : 3)) * cost_;
  }

  /// The cost of a refusal, in requests that could have been sent.
  [[nodiscard]] constexpr double price(double rate) const noexcept { return 1 + cost_ * rate; }

 private:
  std::int64_t last_refusal_ = 0;
  unsigned failed_probes_ = 0;
  double cost_ = 0;  // the cost of a refusal, in seconds
};

}  // namespace tenax::detail
