// SPDX-License-Identifier: MIT
// async/latencies.hpp: percentiles of recent call latencies.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include <tenax/duration.hpp>

namespace tenax {

/// Percentiles of recent call durations. Counts durations in classes that are an eighth of a power of two wide, so
/// results are off by at most 13 %. Old calls count less: after every 4096 calls, all counts are halved.
///
/// Thread safety: safe, and lock-free. Memory: 2.8 KB. Complexity: `record` is constant, `percentile` reads 344
/// classes. Estimate: Kaplan and Meier, "Nonparametric estimation from incomplete observations", JASA 53, 1958.
class latencies {
 public:
  latencies() = default;
  latencies(latencies const&) = delete;
  latencies& operator=(latencies const&) = delete;

  /// Records a call that took `d`. Less than a microsecond counts as a microsecond.
  void record(duration d) noexcept { count(took_, d); }

  /// Records a call that was cancelled after `d`: it would have taken longer, but the time is unknown.
  void record_at_least(duration d) noexcept { count(took_longer_, d); }

  /// Returns the time within which `share` of the calls end, from 0 to 1: for 0.95, only the slowest twentieth takes
  /// longer. None before 20 calls are recorded. If too few calls are known for that, returns the longest time.
  [[nodiscard]] optional_duration percentile(double share) const noexcept {
    std::array<std::uint32_t, classes> took;
    std::array<std::uint32_t, classes> longer;
    std::uint64_t at_risk = 0;
    std::size_t last = 0;
    for (std::size_t i = 0; i < classes; ++i) {
      took[i] = took_[i].load(std::memory_order_relaxed);
      longer[i] = took_longer_[i].load(std::memory_order_relaxed);
      at_risk += std::uint64_t{took[i]} + longer[i];
      if (took[i] + longer[i] > 0) last = i;
    }
    if (at_risk < enough) return {};
    // Kaplan-Meier estimate of the share of calls that take longer than each class: the product, over the classes so
    // far, of the share of calls that went on.
    constexpr double rounding = 1e-9;
    double slower = 1;
    for (std::size_t i = 0; i <= last; ++i) {
      if (took[i] > 0) {
        slower *= static_cast<double>(at_risk - took[i]) / static_cast<double>(at_risk);
        if (1 - slower >= share - rounding) return longest_of(i);
      }
      at_risk -= std::uint64_t{took[i]} + longer[i];
    }
    return longest_of(last);
  }

  /// Returns the number of calls that count at present.
  [[nodiscard]] std::uint64_t count() const noexcept { return total_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::uint64_t enough = 20;
  static constexpr std::uint32_t forgets_at = 4096;
  static constexpr std::size_t classes = 344;  // up to 13 days

  /// Below 8 microseconds, one class for each; above that, eight classes for each power of two.
  static constexpr std::size_t class_of(duration d) noexcept {
    auto const n = d.count() <= 1000 ? std::uint64_t{1} : static_cast<std::uint64_t>(d.count()) / 1000;
    if (n < 8) return static_cast<std::size_t>(n);
    auto const power = static_cast<unsigned>(std::bit_width(n)) - 4;
    auto const i = 8 * (power + 1) + ((n >> power) & 7);
    return i < classes ? static_cast<std::size_t>(i) : classes - 1;
  }

  static constexpr duration longest_of(std::size_t i) noexcept {
    if (i < 8) return duration(static_cast<duration::rep>(i + 1) * 1000);
    auto const power = i / 8 - 1;
    return duration(static_cast<duration::rep>((std::uint64_t{8} + i % 8 + 1) << power) * 1000);
  }

  using table = std::array<std::atomic<std::uint32_t>, classes>;

  void count(table& calls, duration d) noexcept {
    calls[class_of(d)].fetch_add(1, std::memory_order_relaxed);
    if (total_.fetch_add(1, std::memory_order_relaxed) + 1 == forgets_at) forget();
  }

  void forget() noexcept {
    std::uint32_t left = 0;
    for (auto* const calls : {&took_, &took_longer_}) {
      for (auto& count : *calls) {
        auto const half = count.load(std::memory_order_relaxed) / 2;
        left += count.fetch_sub(half, std::memory_order_relaxed) - half;
      }
    }
    total_.store(left, std::memory_order_relaxed);
  }

  table took_{};
  table took_longer_{};
  std::atomic<std::uint32_t> total_{0};
};

}  // namespace tenax
