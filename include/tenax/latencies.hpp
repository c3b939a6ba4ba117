// SPDX-License-Identifier: MIT
// latencies.hpp: how long calls have taken of late, as percentiles.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include <tenax/duration.hpp>

namespace tenax {

/// How long calls have taken of late. Counts in classes that are an eighth of a power of two wide, and so is off by at most
/// 13 %. Old calls count less: whenever 4096 have been counted, all counts are halved.
///
/// Thread safety: safe, and without a lock. Memory: 1.4 KB. Complexity: `record` is constant, `percentile` looks at 344
/// classes.
class latencies {
 public:
  latencies() = default;
  latencies(latencies const&) = delete;
  latencies& operator=(latencies const&) = delete;

  /// Counts a call that took `d`. What took less than a microsecond counts as a microsecond.
  void record(duration d) noexcept {
    counts_[class_of(d)].fetch_add(1, std::memory_order_relaxed);
    if (total_.fetch_add(1, std::memory_order_relaxed) + 1 == forgets_at) forget();
  }

  /// What `share` of the calls took at most; none before 20 calls were counted. `share` is from 0 to 1: 0.95 is what all but
  /// the slowest twentieth took.
  [[nodiscard]] optional_duration percentile(double share) const noexcept {
    std::uint64_t total = 0;
    std::array<std::uint32_t, classes> counts;
    for (std::size_t i = 0; i < classes; ++i) total += counts[i] = counts_[i].load(std::memory_order_relaxed);
    if (total < enough) return {};
    auto const wanted = share * static_cast<double>(total);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < classes; ++i) {
      seen += counts[i];
      if (static_cast<double>(seen) >= wanted && seen > 0) return longest_of(i);
    }
    return longest_of(classes - 1);
  }

  /// The calls that count now.
  [[nodiscard]] std::uint64_t count() const noexcept { return total_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::uint64_t enough = 20;
  static constexpr std::uint32_t forgets_at = 4096;
  static constexpr std::size_t classes = 344;  // up to 13 days

  /// Below 8 microseconds one each; then eight to each power of two.
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
    return duration(static_cast<duration::rep>((8 + i % 8 + 1) << power) * 1000);
  }

  void forget() noexcept {
    std::uint32_t left = 0;
    for (auto& count : counts_) {
      auto const half = count.load(std::memory_order_relaxed) / 2;
      left += count.fetch_sub(half, std::memory_order_relaxed) - half;
    }
    total_.store(left, std::memory_order_relaxed);
  }

  std::array<std::atomic<std::uint32_t>, classes> counts_{};
  std::atomic<std::uint32_t> total_{0};
};

}  // namespace tenax
