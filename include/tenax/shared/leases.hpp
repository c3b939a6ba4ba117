// SPDX-License-Identifier: MIT
// shared/leases.hpp: the permits that a machine has leased: when each may be used, and how many to lease next.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include <tenax/duration.hpp>
#include <tenax/shared/detail/exact_rate.hpp>

namespace tenax::shared {

/// A limit may consist of this many rates.
inline constexpr std::size_t most_limits = 4;

/// Consecutive permits of a shared limit. Times are nanoseconds of this machine's steady clock; differences are
/// microseconds.
struct lease {
  /// One of the rates that hold together: the arrival time of the first permit, from `from` on, and a rest of it.
  struct line {
    detail::exact_rate rate{};
    std::int64_t arrival = 0;
    std::int64_t rest = 0;
  };

  std::int64_t from = 0;        ///< the moment at which the store leased them
  std::int64_t first = 0;       ///< from then to the first permit
  std::int64_t count = 0;       ///< permits, used ones too
  std::int64_t used = 0;        ///< permits that are used or too old
  std::int64_t generation = 0;  ///< the number of the lease in the store
  std::size_t limits = 0;
  std::array<line, most_limits> lines{};

  /// When permit `n` may be used, at the earliest. Rises with `n`.
  [[nodiscard]] constexpr std::int64_t when(std::int64_t n) const noexcept {
    auto latest = first;
    for (std::size_t i = 0; i < limits; ++i) {
      auto const& l = lines[i];
      latest = (std::max)(latest, l.arrival + (l.rest + n * l.rate.time) / l.rate.permits - l.rate.tolerance());
    }
    return from + latest * 1000;
  }
  /// The number of permits that may be used at `now`, used ones too; of the others at most `enough`.
  [[nodiscard]] constexpr std::int64_t due(std::int64_t now, std::int64_t enough) const noexcept {
    auto low = used;
    auto high = enough < count - used ? used + enough : count;
    // Mostly it is the next one or none.
    if (low < high && when(low) > now) return low;
    if (low + 1 < high && when(low + 1) > now) return low + 1;
    while (low < high) {
      auto const middle = low + (high - low) / 2;
      if (when(middle) <= now) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
};

/// The leases of one machine, in order. Pure: without clock, lock and store.
///
/// Thread safety: none; the caller locks.
class leases {
 public:
  /// Permits that were leased and neither used nor too old.
  [[nodiscard]] std::int64_t in_hand() const noexcept { return in_hand_; }

  /// When the permit after `n` others may be used. `n` is less than `in_hand()`.
  [[nodiscard]] std::int64_t when(std::int64_t n) const noexcept {
    for (std::size_t i = 0; i < size_; ++i) {
      auto const& l = at(i);
      if (n < l.count - l.used) return l.when(l.used + n);
      n -= l.count - l.used;
    }
    return INT64_MAX;
  }

  /// The number of permits that may be used at `now`, at most `enough`.
  [[nodiscard]] std::int64_t due(std::int64_t now, std::int64_t enough) const noexcept {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < size_ && sum < enough; ++i) {
      auto const part = at(i).due(now, enough - sum) - at(i).used;
      sum += part;
      if (part < at(i).count - at(i).used) break;
    }
    return (std::min)(sum, enough);
  }

  /// Uses the next `n` permits, at most `in_hand()`.
  void use(std::int64_t n) noexcept { drop(n); }

  /// Forgets permits that should have been used before `now`, less `late` nanoseconds. Returns how many.
  std::int64_t expire(std::int64_t now, std::int64_t late) noexcept {
    std::int64_t sum = 0;
    while (size_ > 0) {
      auto const& l = at(0);
      auto const old = l.due(now - late, l.count) - l.used;
      if (old == 0) break;
      sum += old;
      bool const all = l.used + old == l.count;
      drop(old);
      if (!all) break;
    }
    return sum;
  }

  /// Adds a lease. If there is no room, the oldest permits are lost.
  void add(lease const& l) noexcept {
    if (l.count <= 0) return;
    if (size_ == room) drop(at(0).count - at(0).used);
    all_[(start_ + size_++) % room] = l;
    in_hand_ += l.count - l.used;
  }

  void clear() noexcept {
    size_ = 0;
    in_hand_ = 0;
  }

  /// Takes out the permits of the last lease that may not be used before `moment`: they can be given back. Returns
  /// how many; `generation` is that of their lease.
  std::int64_t take_last(std::int64_t moment, std::int64_t& generation) noexcept {
    if (size_ == 0) return 0;
    auto& l = all_[(start_ + size_ - 1) % room];
    auto const kept = l.due(moment, l.count);
    auto const n = l.count - kept;
    generation = l.generation;
    l.count = kept;
    in_hand_ -= n;
    if (l.count == l.used) --size_;
    return n;
  }

  /// How far ahead permits are leased, in nanoseconds: at most this machine's share of what comes in this time.
  static constexpr std::int64_t horizon = 250'000'000;

 private:
  static constexpr std::size_t room = 8;

  [[nodiscard]] lease const& at(std::size_t i) const noexcept { return all_[(start_ + i) % room]; }

  void drop(std::int64_t n) noexcept {
    while (n > 0 && size_ > 0) {
      auto& l = all_[start_];
      auto const part = (std::min)(n, l.count - l.used);
      l.used += part;
      in_hand_ -= part;
      n -= part;
      if (l.used == l.count) {
        start_ = (start_ + 1) % room;
        --size_;
      }
    }
  }

  std::array<lease, room> all_{};
  std::size_t start_ = 0;
  std::size_t size_ = 0;
  std::int64_t in_hand_ = 0;
};

}  // namespace tenax::shared
