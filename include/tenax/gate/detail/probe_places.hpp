// SPDX-License-Identifier: MIT
// gate/detail/probe_places.hpp: the places of probes, each held at most for a lease.
#pragma once

#include <cstdint>

#include <tenax/gate/circuit_options.hpp>

namespace tenax::detail {

/// Counts the probes under way. When no place is free and the lease of the last probe has ended, those probes are
/// hanging: all places become free again. The lease number distinguishes them from later probes.
///
/// Thread safety: unsafe.
class probe_places {
 public:
  explicit probe_places(circuit_rules const& rules) : lease_(*rules.probe_lease) {}

  /// The number of the leases that end together, for `holds` and `give_back`.
  [[nodiscard]] std::uint64_t number() const noexcept { return number_; }
  [[nodiscard]] bool holds(std::uint64_t number) const noexcept { return number == number_; }
  [[nodiscard]] bool none_taken() const noexcept { return taken_ == 0; }
  [[nodiscard]] bool all_taken(circuit_rules const& rules) const noexcept { return taken_ >= rules.probes; }

  /// The rest of the lease of the last probe: more than zero.
  [[nodiscard]] duration left(time_point now) const noexcept {
    return longer(saturating_between(now, until_), duration(1));
  }

  /// Frees the places of hanging probes.
  void end_leases(circuit_rules const& rules, time_point now) {
    if (!all_taken(rules) || now < until_) return;
    ++number_;
    taken_ = 0;
    lease_ = rules.next(lease_);
  }

  void take(time_point now) noexcept {
    ++taken_;
    renew(now);
  }
  /// A probe was still waiting at another gate.
  void renew(time_point now) noexcept { until_ = time_point(saturating_add(now.time_since_epoch(), lease_)); }
  void give_back(std::uint64_t number) noexcept {
    if (holds(number)) --taken_;
  }

  /// Frees all places; tickets hold none afterwards.
  void start_over(circuit_rules const& rules) noexcept {
    taken_ = 0;
    lease_ = *rules.probe_lease;
  }

 private:
  std::uint64_t number_ = 0;
  std::int64_t taken_ = 0;
  duration lease_;
  time_point until_{};
};

}  // namespace tenax::detail
