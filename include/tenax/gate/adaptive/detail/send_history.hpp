// SPDX-License-Identifier: MIT
// gate/adaptive/detail/send_history.hpp: when the last requests were sent, and which rates follow from that.
#pragma once

#include <cstdint>

#include <tenax/duration.hpp>
#include <tenax/gate/detail/rate_math.hpp>

namespace tenax::detail {

/// The moments of the last requests, in nanoseconds. Rates are per second.
class send_history {
 public:
  static constexpr double slowest = 1.0 / 3600;

  /// `idle`: no request was sent for a while, although it was allowed.
  constexpr void add(std::int64_t now, bool idle) noexcept {
    if (count_ == 0) first_ = now;
    if (idle) idle_ = count_;
    moments_[count_++ % size] = last_ = now;
    charged_ = 0;
  }

  /// Counts `n` requests that were not sent, `interval` apart after the last one. That one counts as sent at `ready` at
  /// the earliest.
  constexpr void charge(std::int64_t ready, std::int64_t interval, std::uint64_t n) noexcept {
    delay_until(ready);
    if (charged_ == 0) sent_ = last_;
    charged_ = n < UINT64_MAX - charged_ ? charged_ + n : UINT64_MAX;
    space_charged(interval);
  }
  /// Requests that were charged count as `interval` apart from now on.
  constexpr void space_charged(std::int64_t interval) noexcept {
    if (charged_ == 0) return;
    last_ = saturating_add(duration(sent_), saturating_multiply(duration(interval), charged_)).count();
  }
  /// Counts the last request, sent or charged, as sent at `moment`, if that is later.
  constexpr void delay_until(std::int64_t moment) noexcept {
    if (any() && moment <= last_) return;
    last_ = moment;
    charged_ = 0;
  }

  /// Whether requests were sent or charged.
  [[nodiscard]] constexpr bool any() const noexcept { return count_ != 0 || charged_ != 0; }
  /// When the last request was sent, or would have been sent with those that were charged.
  [[nodiscard]] constexpr std::int64_t last() const noexcept { return last_; }

  /// The number of all requests so far.
  [[nodiscard]] constexpr std::uint64_t count() const noexcept { return count_; }

  /// The rate that the server demonstrably allowed: the highest rate over any time span that ends with the pause.
  /// `accepted`: the number of accepted requests, if all requests count, otherwise 0.
  [[nodiscard]] constexpr double demonstrated(std::int64_t refused_at, double pause_seconds,
                                              std::uint64_t accepted) const noexcept {
    auto const known = count_ < size ? count_ : size;
    double best = static_cast<double>(accepted) / (seconds(refused_at - first_) + pause_seconds + not_zero);
    if (best < slowest) best = slowest;
    std::uint64_t n = 0;
    for (std::uint64_t i = 1; i <= known; ++i) {
      auto const at = moments_[(count_ - i) % size];
      if (at >= refused_at) continue;
      ++n;
      auto const rate = static_cast<double>(n) / (seconds(refused_at - at) + pause_seconds + not_zero);
      if (rate > best) best = rate;
    }
    return best;
  }

  /// When the next request may be sent if the requests of the last `window` should have been `interval` apart. At the
  /// latest after another window: then none of them counts any more.
  [[nodiscard]] constexpr std::int64_t next_after(std::int64_t now, std::int64_t window,
                                                  std::int64_t interval) const noexcept {
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

  /// The rate of the last few requests, which may be below the allowed rate.
  [[nodiscard]] constexpr double peak() const noexcept {
    auto const known = count_ - idle_ < last_few ? count_ - idle_ : last_few;
    if (known < 2) return slowest;
    auto const took = seconds(moments_[(count_ - 1) % size] - moments_[(count_ - known) % size]);
    return static_cast<double>(known - 1) / (took + not_zero);
  }

 private:
  static constexpr std::uint64_t size = 128;
  static constexpr std::uint64_t last_few = 8;
  static constexpr double not_zero = 1e-9;  // a nanosecond: a time that is divided by is more than zero

  std::uint64_t count_ = 0;
  std::uint64_t idle_ = 0;  // the number of requests before the last idle time
  std::int64_t first_ = 0;
  std::int64_t last_ = 0;
  std::int64_t sent_ = 0;      // if some were charged: when the last request was sent
  std::uint64_t charged_ = 0;  // since the last request
  std::int64_t moments_[size] = {};
};

}  // namespace tenax::detail
