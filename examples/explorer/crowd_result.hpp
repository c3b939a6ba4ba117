// SPDX-License-Identifier: MIT
// crowd_result.hpp: what clients and a server counted, and the function that lets them run.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

#include "world.hpp"

namespace explorer {

/// What the clients and the server counted.
struct crowd_result {
  static constexpr std::size_t slots = 150;
  enum kind : std::size_t { load, good, throttled, failed, kinds };

  std::int64_t slot = 1;                                     ///< nanoseconds
  std::array<std::array<std::uint32_t, slots>, kinds> by{};  ///< numbers in each slot: arrivals, and answers by kind
  std::array<std::uint64_t, kinds> all{};
  std::uint64_t calls = 0, succeeded = 0, gave_up = 0, refused = 0, late = 0;
  std::int64_t longest = 0, median = 0, most_95 = 0;  ///< calls, from begin to end, in nanoseconds
  std::int64_t last_good = -1, recovery = -1;         ///< in nanoseconds; -1: never, or there was no outage
  std::int64_t ended = 0;                             ///< when the simulation ended
  bool full = false;                                  ///< it ended because of `most_attempts`

  [[nodiscard]] double amplification() const {
    return calls == 0 ? 0 : static_cast<double>(all[load]) / static_cast<double>(calls);
  }
};

/// Runs a simulation. Defined in crowd.hpp.
crowd_result run_crowd(settings const& s, world const& w);

/// The counts as text, which the test compares with those of the other machine.
inline std::string text_of(crowd_result const& r) {
  std::string out;
  auto const line = [&](char const* name, std::int64_t value) {
    char text[96];
    std::snprintf(text, sizeof text, "%-10s %lld\n", name, static_cast<long long>(value));
    out += text;
  };
  auto const number = [&](char const* name, std::uint64_t value) { line(name, static_cast<std::int64_t>(value)); };
  number("calls", r.calls), number("succeeded", r.succeeded), number("gave up", r.gave_up);
  number("refused", r.refused), number("attempts", r.all[crowd_result::load]),
      number("good", r.all[crowd_result::good]);
  number("throttled", r.all[crowd_result::throttled]), number("failed", r.all[crowd_result::failed]);
  number("late", r.late), line("median", r.median), line("95 of 100", r.most_95), line("longest", r.longest);
  line("last good", r.last_good), line("recovery", r.recovery), line("ended", r.ended);
  for (auto const& row : r.by) {
    for (auto const n : row) out += std::to_string(n) + " ";
    out += "\n";
  }
  return out;
}

}  // namespace explorer
