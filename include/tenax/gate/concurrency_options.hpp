// SPDX-License-Identifier: MIT
// gate/concurrency_options.hpp: the options, the priorities and the state of a concurrency limiter.
#pragma once

#include <cstddef>
#include <cstdint>

#include <tenax/detail/reject.hpp>
#include <tenax/duration.hpp>

namespace tenax {

/// How important an attempt is. When attempts have to wait for a place, more important ones come first; when the queue
/// is full, the least important are refused.
enum class priority : unsigned char { critical, high, normal, low, optional };

[[nodiscard]] constexpr char const* to_string(priority p) noexcept {
  switch (p) {
    case priority::critical: return "critical";
    case priority::high: return "high";
    case priority::normal: return "normal";
    case priority::low: return "low";
    case priority::optional: return "optional";
  }
  return "?";
}

/// The options of a concurrency limiter: where its search begins and ends, and how many attempts may wait.
struct concurrency_options {
  std::int64_t start = 8;                           ///< places at first; from `at_least` to `at_most`
  std::int64_t at_least = 1;                        ///< the fewest places; at least 1
  std::int64_t at_most = 1000;                      ///< the most places; from `at_least` to 1000000
  std::int64_t queue = 16;                          ///< attempts that wait for a free place; 0 to 65536
  any_duration max_wait = std::chrono::seconds(1);  ///< the longest wait of such an attempt; more than zero
};

/// The state of a concurrency limiter at a moment.
struct concurrency_state {
  std::uint32_t limit = 0;      ///< places now
  double found = 0;             ///< places that the search has found, without its present trial
  std::uint32_t in_flight = 0;  ///< attempts under way; for a moment more than `limit` after it has shrunk
  std::size_t waiting = 0;      ///< attempts in the queue
  duration round_trip{};        ///< the usual time of an attempt, within a few percent; zero if not known
  duration least_round_trip{};  ///< the shortest usual time; grows by at most 5 % in an hour; zero if not known
  std::uint64_t admitted = 0;   ///< attempts so far
  std::uint64_t refused = 0;    ///< refusals so far
};

namespace detail {

/// Throws `std::invalid_argument` for an option outside of its range.
inline concurrency_options checked(concurrency_options const& o) {
  require_between("concurrency_limiter: at_least", "must be from 1 to 1000000", static_cast<double>(o.at_least), 1,
                  1e6);
  require_between("concurrency_limiter: at_most", "must be from at_least to 1000000", static_cast<double>(o.at_most),
                  static_cast<double>(o.at_least), 1e6);
  require_between("concurrency_limiter: start", "must be from at_least to at_most", static_cast<double>(o.start),
                  static_cast<double>(o.at_least), static_cast<double>(o.at_most));
  require_between("concurrency_limiter: queue", "must be from 0 to 65536", static_cast<double>(o.queue), 0, 65536);
  require_positive("concurrency_limiter: max_wait", o.max_wait);
  return o;
}

}  // namespace detail
}  // namespace tenax
