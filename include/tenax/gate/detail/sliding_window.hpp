// SPDX-License-Identifier: MIT
// gate/detail/sliding_window.hpp: two counts over a sliding time window, in constant memory.
#pragma once

#include <cstdint>

#include <tenax/duration.hpp>

namespace tenax::detail {

/// Counts two kinds of events over the last `length` of time. Time is divided into parts of a tenth of the length,
/// which are dropped as a whole. So the counted time is between nine tenths of the length and all of it.
///
/// Thread safety: unsafe. A `now` before the newest one counts as the newest: threads may report in any order.
class sliding_window {
 public:
  static constexpr std::uint64_t parts = 10;

  struct counts {
    std::int64_t first;
    std::int64_t second;
  };

  explicit constexpr sliding_window(duration length) noexcept
      : part_(longer(duration(length.count() / static_cast<duration::rep>(parts)), duration(1))) {}

  constexpr void add(time_point now, std::int64_t first, std::int64_t second) noexcept {
    advance(now);
    change(position_, first, second);
  }

  [[nodiscard]] constexpr counts total(time_point now) noexcept {
    advance(now);
    return total_;
  }

  /// The counts at the last update of the time.
  [[nodiscard]] constexpr counts counted() const noexcept { return total_; }

  /// When all counts have left the window, at the latest.
  [[nodiscard]] constexpr time_point empty_at() const noexcept {
    auto const part = saturating_add(duration(newest_), duration(static_cast<duration::rep>(parts)));
    bool const before_zero = part.count() < 0;
    auto const end = saturating_multiply(before_zero ? -part : part, static_cast<std::uint64_t>(part_.count()));
    if (end == (duration::max)()) return (time_point::max)();
    return time_point(before_zero ? -end : end);
  }

  /// The number of the newest part, for `take_back`.
  [[nodiscard]] constexpr std::int64_t newest() const noexcept { return newest_; }

  /// Takes back what was added when `newest()` was `part`, unless that part has left the window.
  constexpr void take_back(std::int64_t part, std::int64_t first, std::int64_t second) noexcept {
    auto const age = distance(part, newest_);
    if (age < parts) change((position_ + parts - age) % parts, -first, -second);
  }

  constexpr void clear() noexcept {
    for (auto& c : parts_) c = {};
    total_ = {};
  }

 private:
  static constexpr std::uint64_t distance(std::int64_t from, std::int64_t to) noexcept {
    return static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
  }

  constexpr void advance(time_point now) noexcept {
    auto const part = now.time_since_epoch().count() / part_.count();
    if (part <= newest_) return;
    auto const steps = distance(newest_, part);
    newest_ = part;
    if (steps >= parts) return clear();
    for (std::uint64_t i = 0; i < steps; ++i) {
      position_ = (position_ + 1) % parts;
      change(position_, -parts_[position_].first, -parts_[position_].second);
    }
  }

  constexpr void change(std::uint64_t where, std::int64_t first, std::int64_t second) noexcept {
    parts_[where].first += first;
    parts_[where].second += second;
    total_.first += first;
    total_.second += second;
  }

  duration part_;
  std::int64_t newest_ = (std::numeric_limits<std::int64_t>::min)();
  std::uint64_t position_ = 0;
  counts parts_[parts]{};
  counts total_{};
};

}  // namespace tenax::detail
