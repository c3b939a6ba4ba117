// SPDX-License-Identifier: MIT
// observe/counters_snapshot.hpp: the numbers that `counters` reads, for printing.
#pragma once

#include <cstdint>

#include <tenax/duration.hpp>
#include <tenax/report.hpp>

namespace tenax {

/// The totals of `counters`: the type of `counters::snapshot`.
struct counters_snapshot {
  std::uint64_t attempts = 0;   ///< attempts made
  std::uint64_t retries = 0;    ///< retries scheduled
  std::uint64_t succeeded = 0;  ///< calls that ended with a wanted value
  std::uint64_t gave_up = 0;    ///< calls that ended in any other way
  duration waiting{};           ///< sum of the scheduled waits between attempts; at most `duration::max()`
  duration gate_waiting{};      ///< sum of the scheduled waits at gates; at most `duration::max()`

  friend constexpr bool operator==(counters_snapshot const&, counters_snapshot const&) = default;
};

/// All numbers of `counters` together: the totals, and the calls that ended for each reason. `succeeded` and `gave_up`
/// are sums of the latter.
struct counters_reading : counters_snapshot {
  std::uint64_t by_reason[stop_reason_count] = {};  ///< in the order of `stop_reason`

  /// The number of calls that ended for this reason.
  [[nodiscard]] constexpr std::uint64_t ended(stop_reason reason) const noexcept {
    return by_reason[static_cast<unsigned>(reason)];
  }

  friend constexpr bool operator==(counters_reading const&, counters_reading const&) = default;
};

}  // namespace tenax
