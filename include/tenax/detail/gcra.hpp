// SPDX-License-Identifier: MIT
// detail/gcra.hpp: the state of rate limits: who may go when.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include <tenax/gate/rate.hpp>

namespace tenax::detail {

/// One limit as GCRA keeps it: the generic cell rate algorithm of ITU-T I.371, a token bucket in one number. That is the
/// "theoretical arrival time" of the next permit if all came at the rate: the further ahead of now, the emptier the bucket.
/// Times are nanoseconds of the steady clock.
struct gcra {
  std::int64_t interval = 1;  // from one permit to the next
  std::int64_t depth = 1;     // what a full bucket is worth, as time
  std::uint64_t burst = 1;

  constexpr gcra() = default;
  constexpr explicit gcra(rate const& r)
      : interval(r.interval().count()), depth(saturating_multiply(r.interval(), r.burst).count()), burst(r.burst) {}

  [[nodiscard]] constexpr std::int64_t cost(std::uint64_t weight) const noexcept {
    return saturating_multiply(duration(interval), weight).count();
  }
  /// When `weight` permits may be taken at the earliest.
  [[nodiscard]] constexpr std::int64_t start(std::int64_t arrival, std::int64_t now,
                                             std::uint64_t weight) const noexcept {
    auto const earliest = saturating_subtract(duration(arrival), duration(depth - cost(weight))).count();
    return earliest > now ? earliest : now;
  }
  /// The arrival time after `weight` permits were taken at `at`.
  [[nodiscard]] constexpr std::int64_t after(std::int64_t arrival, std::int64_t at,
                                             std::uint64_t weight) const noexcept {
    return saturating_add(duration(arrival > at ? arrival : at), duration(cost(weight))).count();
  }
};

/// A place in the order of callers: from when on it is good, and the state that taking it left behind.
struct reservation {
  std::int64_t start = 0;
  std::int64_t left_behind = 0;
};

inline constexpr std::int64_t long_ago = INT64_MIN / 2;

// A limit is kept twice. Callers that have to wait are given consecutive moments, which is what orders them. That alone would
// not do: one that comes late for its moment would go right before the next. So what is really used is counted too, and
// whoever comes too soon after the one before waits on.

/// One limit, in two atomic numbers.
class single_limit {
 public:
  explicit single_limit(rate const& r) : limit_(require_rate(r)) {}

  [[nodiscard]] std::uint64_t most_at_once() const noexcept { return limit_.burst; }

  [[nodiscard]] std::int64_t start(std::int64_t now, std::uint64_t weight) const noexcept {
    return limit_.start(reserved_.load(std::memory_order_relaxed), now, weight);
  }

  /// Reserves a moment, `latest` at the latest, or nothing.
  bool reserve(std::int64_t now, std::int64_t latest, std::uint64_t weight, reservation& r) noexcept {
    auto arrival = reserved_.load(std::memory_order_relaxed);
    for (;;) {
      auto const start = limit_.start(arrival, now, weight);
      if (start > latest) return false;
      auto const next = limit_.after(arrival, start, weight);
      if (reserved_.compare_exchange_weak(arrival, next, std::memory_order_relaxed)) {
        r = {start, next};
        return true;
      }
    }
  }

  void give_back(reservation const& r, std::uint64_t weight) noexcept {
    auto expected = r.left_behind;
    reserved_.compare_exchange_strong(expected, expected - limit_.cost(weight), std::memory_order_relaxed);
  }

  /// Uses a reservation whose moment has come; or returns a later moment.
  std::int64_t use(std::int64_t now, std::uint64_t weight) noexcept {
    auto arrival = used_.load(std::memory_order_relaxed);
    for (;;) {
      auto const start = limit_.start(arrival, now, weight);
      if (start > now) {
        postpone(limit_.after(arrival, start, weight));
        return start;
      }
      if (used_.compare_exchange_weak(arrival, limit_.after(arrival, now, weight), std::memory_order_relaxed))
        return now;
    }
  }

 private:
  /// Those who come later are to be later too.
  void postpone(std::int64_t arrival) noexcept {
    auto reserved = reserved_.load(std::memory_order_relaxed);
    while (reserved < arrival && !reserved_.compare_exchange_weak(reserved, arrival, std::memory_order_relaxed)) {
    }
  }

  gcra limit_;
  std::atomic<std::int64_t> reserved_{long_ago};
  std::atomic<std::int64_t> used_{long_ago};
};

/// Several limits at once: a moment is good when it is good for all of them.
template <std::size_t N>
class several_limits {
 public:
  template <class... Rates>
  explicit several_limits(Rates const&... rates) : limits_{gcra(require_rate(rates))...} {
    for (std::size_t i = 0; i < N; ++i) {
      reserved_[i] = used_[i] = long_ago;
      for (std::size_t j = 0; j < N; ++j) {
        if (i != j && is_stricter(i, j)) {
          invalid_parameter("rate_limiter: limit",
                            "must be stricter than each other one in some way, or it never applies; leave it out",
                            static_cast<double>(j + 1));
        }
      }
    }
  }

  [[nodiscard]] std::uint64_t most_at_once() const noexcept {
    auto least = limits_[0].burst;
    for (auto const& l : limits_) least = l.burst < least ? l.burst : least;
    return least;
  }

  [[nodiscard]] std::int64_t start(std::int64_t now, std::uint64_t weight) const noexcept {
    std::lock_guard const lock(mutex_);
    return latest_start(reserved_, now, weight);
  }

  bool reserve(std::int64_t now, std::int64_t latest, std::uint64_t weight, reservation& r) noexcept {
    std::lock_guard const lock(mutex_);
    auto const start = latest_start(reserved_, now, weight);
    if (start > latest) return false;
    take(reserved_, start, weight);
    r = {start, ++changes_};
    return true;
  }

  void give_back(reservation const& r, std::uint64_t weight) noexcept {
    std::lock_guard const lock(mutex_);
    if (r.left_behind != changes_) return;
    for (std::size_t i = 0; i < N; ++i) reserved_[i] -= limits_[i].cost(weight);
    ++changes_;
  }

  std::int64_t use(std::int64_t now, std::uint64_t weight) noexcept {
    std::lock_guard const lock(mutex_);
    auto const start = latest_start(used_, now, weight);
    if (start <= now) {
      take(used_, now, weight);
      return now;
    }
    for (std::size_t i = 0; i < N; ++i) {
      auto const after = limits_[i].after(used_[i], start, weight);
      if (reserved_[i] < after) reserved_[i] = after, ++changes_;
    }
    return start;
  }

 private:
  /// Whether `j` never applies beside `i`. Of equal ones, the second is to blame.
  [[nodiscard]] bool is_stricter(std::size_t i, std::size_t j) const noexcept {
    auto const& a = limits_[i];
    auto const& b = limits_[j];
    return a.interval >= b.interval && a.burst <= b.burst && (i < j || a.interval != b.interval || a.burst != b.burst);
  }

  [[nodiscard]] std::int64_t latest_start(std::int64_t const (&arrivals)[N], std::int64_t now,
                                          std::uint64_t weight) const noexcept {
    auto start = now;
    for (std::size_t i = 0; i < N; ++i) {
      auto const own = limits_[i].start(arrivals[i], now, weight);
      start = own > start ? own : start;
    }
    return start;
  }

  void take(std::int64_t (&arrivals)[N], std::int64_t at, std::uint64_t weight) noexcept {
    for (std::size_t i = 0; i < N; ++i) arrivals[i] = limits_[i].after(arrivals[i], at, weight);
  }

  gcra limits_[N];
  std::int64_t reserved_[N];
  std::int64_t used_[N];
  std::int64_t changes_ = 0;
  mutable std::mutex mutex_;
};

}  // namespace tenax::detail
