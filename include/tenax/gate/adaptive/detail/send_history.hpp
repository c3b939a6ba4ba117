// SPDX-License-Identifier: MIT
// gate/adaptive/detail/send_history.hpp: when the last requests were sent, and what that says about rates.
#pragma once

#include <cstdint>

#include <tenax/duration.hpp>
#include <tenax/gate/detail/rate_math.hpp>

namespace tenax::detail {

/// The moments of the last requests, in nanoseconds. Rates are per second.
class send_history {
 public:
  static constexpr double slowest = 1.0 / 3600;

  void add(std::int64_t now) noexcept {
    if (count_ == 0) first_ = now;
    moments_[count_++ % size] = now;
  }

  /// All that were ever sent.
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

  /// What the server demonstrably allowed: the most requests in a time that ended with the pause. `accepted`: of all
  /// requests, if they count, too.
  [[nodiscard]] double demonstrated(std::int64_t refused_at, double pause_seconds,
                                    std::uint64_t accepted) const noexcept {
    auto const known = count_ < size ? count_ : size;
    double best = static_cast<double>(accepted) / (seconds(refused_at - first_) + pause_seconds + 1e-9);
    if (best < slowest) best = slowest;
    std::uint64_t n = 0;
    for (std::uint64_t i = 1; i <= known; ++i) {
      auto const at = moments_[(count_ - i) % size];
      if (at >= refused_at) continue;
      ++n;
      auto const rate = static_cast<double>(n) / (seconds(refused_at - at) + pause_seconds + 1e-9);
      if (rate > best) best = rate;
    }
    return best;
  }

  /// When the next one may be sent, if those of the last `window` should have been `interval` apart. After another window
  /// at the latest: then none of them counts any more.
  [[nodiscard]] std::int64_t next_after(std::int64_t now, std::int64_t window, std::int64_t interval) const noexcept {
    auto const known = count_ < size ? count_ : size;
    auto next = duration(now);
    auto const forgotten = saturating_add(next, duration(window));
    for (std::uint64_t i = 1; i <= known; ++i) {
      auto const at = moments_[(count_ - i) % size];
      if (now - at > window) break;
      next = longer(next, saturating_add(duration(at), saturating_multiply(duration(interval), i)));
    }
    return shorter(next, forgotten).count();
  }

  /// How fast the last few were sent, which may be slower than they were allowed to.
  [[nodiscard]] double peak() const noexcept {
    auto const known = count_ < 8 ? count_ : 8;
    if (known < 2) return slowest;
    auto const took = seconds(moments_[(count_ - 1) % size] - moments_[(count_ - known) % size]);
    return static_cast<double>(known - 1) / (took + 1e-9);
  }

 private:
  static constexpr std::uint64_t size = 128;

  std::uint64_t count_ = 0;
  std::int64_t first_ = 0;
  std::int64_t moments_[size] = {};
};

}  // namespace tenax::detail
