// SPDX-License-Identifier: MIT
// gate/detail/gcra.hpp: one rate limit (GCRA, token bucket): how much of it is used, and when more is available.
#pragma once

#include <cstdint>

#include <tenax/gate/detail/rate_math.hpp>
#include <tenax/gate/rate.hpp>
#include <tenax/platform/arithmetic.hpp>

namespace tenax::detail {

/// One limit as GCRA keeps it: the generic cell rate algorithm of ITU-T I.371, a token bucket in one number. That
/// number is the "theoretical arrival time" of the next permit if all came at the rate: the further ahead of now, the
/// emptier the bucket.
///
/// Arrival times are counted in ticks: nanoseconds, or for fast rates fractions of them, so that rounding the time from
/// one permit to the next up to a tick costs less than 0.01 % of a rate. Fine ticks wrap, so they are compared by their
/// difference. An arrival time that seems further ahead than callers can move it is one from long ago.
struct gcra {
  std::uint64_t interval = 1;  // from one permit to the next, in ticks
  std::int64_t depth = 1;      // the value of a full bucket, in ticks
  std::uint64_t burst = 1;
  std::uint64_t ticks = 1;  // per nanosecond
  std::uint64_t farthest = 3 * (INT64_MAX / 4);
  std::uint64_t offset = 0;  // the tick of the clock's epoch

  constexpr gcra() = default;
  constexpr explicit gcra(rate const& r) : burst(r.burst) {
    auto const per = static_cast<std::uint64_t>(r.per.value().count());
    auto const divisor = common_divisor(per, r.permits);
    interval = scaled_up(1, per / divisor, r.permits / divisor);
    if (r.permits != divisor && interval < (1U << 17)) count_finer(per / divisor, r.permits / divisor);
    // A bucket of more than 146 years is cut to that: permits beyond it would be available only after the end of time.
    if (burst > deepest / interval) burst = deepest > interval ? deepest / interval : 1;
    depth = static_cast<std::int64_t>(burst * interval);
    if (ticks == 1) {
      farthest = burst * interval > farthest ? burst * interval : farthest;
    } else {
      // How much the clocks of callers may differ that were interrupted between reading and using them: a second, if
      // that is small beside the time after which ticks wrap.
      constexpr std::uint64_t second = 1'000'000'000;
      constexpr std::uint64_t most = std::uint64_t(1) << 48;
      auto const slack = ticks > most / second ? most : ticks * second;
      farthest = burst * interval + slack;
    }
  }

  /// The value of permits, in ticks. At most `burst` of them.
  [[nodiscard]] constexpr std::int64_t cost(std::uint64_t weight) const noexcept {
    return static_cast<std::int64_t>(interval * weight);
  }
  [[nodiscard]] constexpr std::uint64_t at(std::int64_t now) const noexcept {
    return static_cast<std::uint64_t>(now) * ticks + offset;
  }
  /// How farthest ahead of now an arrival time is, in ticks: the used part that has not come back yet.
  [[nodiscard]] constexpr std::int64_t owed(std::uint64_t arrival, std::uint64_t at) const noexcept {
    auto const ahead = arrival - at;  // more than `farthest` if it is behind
    return static_cast<std::int64_t>(ahead <= farthest ? ahead : 0);
  }
  /// How long it takes, in nanoseconds, until a bucket with `owed` ticks in use has `weight` permits.
  [[nodiscard]] constexpr std::int64_t wait(std::int64_t owed, std::uint64_t weight) const noexcept {
    constexpr auto most = static_cast<std::uint64_t>(INT64_MAX);
    std::uint64_t sum = 0;
    if (platform::multiply_carries(interval, weight, sum) ||
        platform::add_carries(sum, static_cast<std::uint64_t>(owed), sum)) {
      return INT64_MAX;
    }
    auto const full = static_cast<std::uint64_t>(depth);
    if (sum <= full) return 0;
    auto const rest = sum - full;
    auto const time = rest / ticks + (rest % ticks != 0 ? 1 : 0);
    return static_cast<std::int64_t>(time < most ? time : most);
  }

  /// How far ahead of now charged permits may move the arrival time, in ticks.
  [[nodiscard]] constexpr std::int64_t deepest_debt() const noexcept {
    auto const full = static_cast<std::uint64_t>(depth);
    return static_cast<std::int64_t>(full + (farthest - full) / 2);
  }

  /// The time from one permit to the next, to compare limits.
  [[nodiscard]] constexpr long double pace() const noexcept {
    return static_cast<long double>(interval) / static_cast<long double>(ticks);
  }

 private:
  static constexpr std::uint64_t deepest = std::uint64_t(1) << 62;

  /// Counts in fractions of a nanosecond. As fine as the precision needs: the finer the ticks, the sooner they wrap.
  constexpr void count_finer(std::uint64_t time, std::uint64_t permits) noexcept {
    if (permits <= 4096 && burst <= deepest / 4 / time) {  // exact
      interval = time;
      ticks = permits;
      return;
    }
    for (int power = 1; power <= 30 && interval < (1U << 14); ++power) {
      auto const finer = scaled_up(time, std::uint64_t(1) << power, permits);
      if (burst > deepest / 4 / finer) return;
      interval = finer;
      ticks = std::uint64_t(1) << power;
    }
  }
};

/// The arrival time of an unused bucket: 73 years before the clock's epoch.
inline constexpr auto never_used = static_cast<std::uint64_t>(INT64_MIN / 4);

}  // namespace tenax::detail
