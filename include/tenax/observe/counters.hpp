// SPDX-License-Identifier: MIT
// observe/counters.hpp: counters for metrics: attempts, retries and results of all calls that share them.
#pragma once

#include <atomic>
#include <cstdint>

#include <tenax/observe/counters_snapshot.hpp>
#include <tenax/report.hpp>

namespace tenax {

/// Counts what happens in all calls that share this object: `retrying{}.observe(std::ref(counters))`.
///
/// Thread safety: safe. Each number is exact; numbers that are read one after the other may come from different
/// moments.
class counters {
 public:
  static constexpr bool uses_time = false;

  /// The totals, for printing and comparing.
  using snapshot = counters_snapshot;

  constexpr counters() noexcept = default;
  /// With the name of the calls, for pages of metrics. It is not copied: it outlives this object, as a literal does.
  constexpr explicit counters(char const* name) noexcept : name_(name) {}

  /// The name that was given, or an empty text.
  [[nodiscard]] char const* name() const noexcept { return name_; }

  /// The totals, and the calls that ended for each reason.
  [[nodiscard]] counters_reading read() const noexcept {
    counters_reading r{};
    r.attempts = load(attempts_);
    r.retries = load(retries_);
    r.waiting = duration(waiting_.load(std::memory_order_relaxed));
    r.gate_waiting = duration(gate_waiting_.load(std::memory_order_relaxed));
    for (unsigned i = 0; i < stop_reason_count; ++i) {
      r.by_reason[i] = load(ended_[i]);
      (i == index(stop_reason::succeeded) ? r.succeeded : r.gave_up) += r.by_reason[i];
    }
    return r;
  }

  /// The number of calls that ended for this reason.
  [[nodiscard]] std::uint64_t ended(stop_reason reason) const noexcept { return load(ended_[index(reason)]); }

  void after_attempt(attempt_info const&) noexcept { add(attempts_, 1); }
  void before_sleep(attempt_info const& a) noexcept {
    add(retries_, 1);
    add(waiting_, a.upcoming_wait);
  }
  void before_gate_wait(gate_wait const& w) noexcept { add(gate_waiting_, w.upcoming_wait); }
  void on_success(attempt_info const&) noexcept { add(ended_[index(stop_reason::succeeded)], 1); }
  void on_give_up(attempt_info const&, stop_reason reason) noexcept { add(ended_[index(reason)], 1); }

 private:
  using number = std::atomic<std::uint64_t>;
  using sum = std::atomic<duration::rep>;

  static constexpr unsigned index(stop_reason reason) noexcept { return static_cast<unsigned>(reason); }
  static void add(number& n, std::uint64_t by) noexcept { n.fetch_add(by, std::memory_order_relaxed); }
  /// A wait may have no end, so the sum saturates. A negative wait does not count.
  static void add(sum& total, duration by) noexcept {
    if (by <= duration::zero()) return;
    auto before = total.load(std::memory_order_relaxed);
    while (
        !total.compare_exchange_weak(before, saturating_add(duration(before), by).count(), std::memory_order_relaxed)) {
    }
  }
  static std::uint64_t load(number const& n) noexcept { return n.load(std::memory_order_relaxed); }

  number attempts_{};
  number retries_{};
  sum waiting_{};
  sum gate_waiting_{};
  number ended_[stop_reason_count]{};
  char const* name_ = "";
};

}  // namespace tenax
