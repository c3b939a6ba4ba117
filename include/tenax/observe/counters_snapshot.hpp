// SPDX-License-Identifier: MIT
// observe/counters_snapshot.hpp: the numbers that `counters` reads, for printing.
#pragma once

#include <cstdint>

#include <tenax/duration.hpp>

namespace tenax {

/// All numbers of `counters` together: the type of `counters::snapshot`.
struct counters_snapshot {
  std::uint64_t attempts = 0;   ///< attempts made
  std::uint64_t retries = 0;    ///< retries scheduled
  std::uint64_t succeeded = 0;  ///< calls that ended with a wanted value
  std::uint64_t gave_up = 0;    ///< calls that ended in any other way
  duration waiting{};           ///< sum of the scheduled waits between attempts; at most `duration::max()`
  duration gate_waiting{};      ///< sum of the scheduled waits at gates; at most `duration::max()`

  friend constexpr bool operator==(counters_snapshot const&, counters_snapshot const&) = default;
};

}  // namespace tenax
