// SPDX-License-Identifier: MIT
// gate/detail/live_limits.hpp: one rate limit or several that change, and what was charged beyond them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include <tenax/gate/detail/limits_apply.hpp>
#include <tenax/gate/detail/live_limit.hpp>
#include <tenax/platform/arithmetic.hpp>

namespace tenax::detail {

/// A number of permits, at most all that can be counted.
inline std::uint64_t permit_sum(std::uint64_t a, std::uint64_t b) noexcept {
  std::uint64_t all = 0;
  return platform::add_carries(a, b, all) ? UINT64_MAX : all;
}

/// Limits that hold together. Used under the lock of its owner, but for `first()` and `most_at_once()`. While one of
/// them is closed, or they change, no thread takes permits without the lock.
template <std::size_t N>
class live_limits {
 public:
  template <class... Rates>
  explicit live_limits(bool empty, Rates const&... rates)
      : limits_{live_limit(gcra(require_rate(rates)))...}, starts_empty_(empty) {
    gcra const checked[N] = {gcra(rates)...};
    require_all_apply(checked);
  }

  [[nodiscard]] live_limit& first() noexcept { return limits_[0]; }
  [[nodiscard]] bool closed() const noexcept {
    for (auto const& l : limits_) {
      if (l.closed()) return true;
    }
    return starts_empty_;
  }
  [[nodiscard]] std::uint64_t most_at_once() const noexcept {
    auto least = limits_[0].burst();
    for (std::size_t i = 1; i < N; ++i) least = limits_[i].burst() < least ? limits_[i].burst() : least;
    return least;
  }

  /// How long it takes until `permits` are available.
  [[nodiscard]] std::int64_t wait(std::int64_t now, std::uint64_t permits) const noexcept {
    return longest(now, [&](live_limit const&) { return permits; });
  }
  /// How long it takes until all permits have come back.
  [[nodiscard]] std::int64_t wait_until_whole(std::int64_t now) const noexcept {
    return longest(now, [](live_limit const& l) { return l.burst(); });
  }

  /// Uses permits if they are available and `agrees(limit, owed, permits)`. Returns whether it did. A caller that wants
  /// more than a burst that was made smaller goes when all permits are available, and leaves a debt.
  template <class Agrees>
  bool use(std::int64_t now, std::uint64_t weight, Agrees const& agrees) noexcept {
    if (closed()) return false;
    auto const most = most_at_once();
    auto const beyond = weight > most ? weight - most : 0;
    weight -= beyond;
    for (;;) {
      std::uint64_t used[N];
      for (std::size_t i = 0; i < N; ++i) {
        auto const& l = limits_[i].numbers();
        used[i] = limits_[i].used();
        auto const owed = l.owed(used[i], l.at(now));
        if (owed > l.depth - l.cost(weight) || !agrees(l, owed, weight)) return false;
      }
      if (!use_now(now, weight, used)) continue;
      if (beyond != 0) charge(now, beyond);
      return true;
    }
  }

  /// Uses permits whether or not they are available.
  void charge(std::int64_t now, std::uint64_t permits) noexcept {
    for (auto& l : limits_) l.charge(now, permits);
  }

  /// Whether the clock was set back: see `live_limit`. Then `go_on` continues with it.
  [[nodiscard]] bool set_back(std::int64_t now) const noexcept {
    for (auto const& l : limits_) {
      if (l.set_back(now)) return true;
    }
    return false;
  }
  void go_on(std::int64_t now) noexcept {
    for (auto& l : limits_) {
      if (l.set_back(now)) l.go_on(now);
    }
  }

  /// Opens what was closed and need not be any more. Returns whether it looked.
  bool settle(std::int64_t now) noexcept {
    if (!closed()) return false;
    for (auto& l : limits_) l.settle(now);
    if (std::exchange(starts_empty_, false)) empty(now);
    return true;
  }

  /// Uses what is available.
  void empty(std::int64_t now) noexcept {
    for (auto& l : limits_) l.empty(now);
  }

  /// Changes the limits. What is used stays used, in permits.
  void change(gcra const (&fresh)[N], std::int64_t now) noexcept {
    for (std::size_t i = 0; i < N; ++i) limits_[i].change(fresh[i], now);
  }

 private:
  template <class Permits>
  [[nodiscard]] std::int64_t longest(std::int64_t now, Permits const& permits) const noexcept {
    std::int64_t longest = 0;
    for (auto const& live : limits_) {
      auto const own = live.wait(now, permits(live));
      longest = own > longest ? own : longest;
    }
    return longest;
  }

  /// With one limit, false if another caller has used permits since `used` was read.
  bool use_now(std::int64_t now, std::uint64_t weight, std::uint64_t (&used)[N]) noexcept {
    for (std::size_t i = 0; i < N; ++i) {
      auto const& l = limits_[i].numbers();
      auto const at = l.at(now);
      auto const after = at + static_cast<std::uint64_t>(l.owed(used[i], at) + l.cost(weight));
      if constexpr (N == 1) {
        return limits_[i].replace(used[i], after);
      } else {
        limits_[i].use(after);
      }
    }
    return true;
  }

  live_limit limits_[N];
  bool starts_empty_;
};

}  // namespace tenax::detail
