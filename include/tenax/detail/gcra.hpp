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
  /// When permits of this cost may be taken at the earliest.
  [[nodiscard]] constexpr std::int64_t start(std::int64_t arrival, std::int64_t now, std::int64_t cost) const noexcept {
    auto const earliest = saturating_subtract(duration(arrival), duration(depth - cost)).count();
    return earliest > now ? earliest : now;
  }
  /// The arrival time after they were taken at `at`.
  [[nodiscard]] static constexpr std::int64_t after(std::int64_t arrival, std::int64_t at, std::int64_t cost) noexcept {
    return saturating_add(duration(arrival > at ? arrival : at), duration(cost)).count();
  }
};

/// A place in the order of callers: from when on it is good, and the state that taking it left behind.
struct reservation {
  std::int64_t start = 0;
  std::int64_t left_behind = 0;
};

inline constexpr std::int64_t long_ago = INT64_MIN / 2;

// A limit is kept twice. What was used is what counts: whoever goes, goes by it. Callers that have to wait are given
// consecutive moments, which is what orders them; but one that comes late for its moment must not go right before the next,
// so at its moment each asks again. Whoever comes later is behind both. Who may go at once therefore changes one number only.

/// One limit, in two atomic numbers.
class single_limit {
 public:
  explicit single_limit(rate const& r) : limit_(require_rate(r)) {}

  [[nodiscard]] std::uint64_t most_at_once() const noexcept { return limit_.burst; }

  [[nodiscard]] std::int64_t start(std::int64_t now, std::uint64_t weight) const noexcept {
    return limit_.start(behind(used_.load(std::memory_order_relaxed)), now, limit_.cost(weight));
  }

  /// Uses permits that are there now and that nobody waits for.
  bool take(std::int64_t now, std::uint64_t weight) noexcept {
    auto const cost = limit_.cost(weight);
    auto used = used_.load(std::memory_order_relaxed);
    for (;;) {
      if (limit_.start(behind(used), now, cost) > now) return false;
      if (used_.compare_exchange_weak(used, gcra::after(used, now, cost), std::memory_order_relaxed)) return true;
    }
  }

  /// Reserves a moment, `latest` at the latest, or nothing.
  bool reserve(std::int64_t now, std::int64_t latest, std::uint64_t weight, reservation& r) noexcept {
    auto const cost = limit_.cost(weight);
    auto reserved = reserved_.load(std::memory_order_relaxed);
    for (;;) {
      auto const used = used_.load(std::memory_order_relaxed);
      auto const arrival = reserved > used ? reserved : used;
      auto const start = limit_.start(arrival, now, cost);
      if (start > latest) return false;
      auto const next = gcra::after(arrival, start, cost);
      if (reserved_.compare_exchange_weak(reserved, next, std::memory_order_relaxed)) {
        r = {start, next};
        return true;
      }
    }
  }

  void give_back(reservation const& r, std::uint64_t weight) noexcept {
    auto expected = r.left_behind;
    reserved_.compare_exchange_strong(expected, expected - limit_.cost(weight), std::memory_order_relaxed);
  }

  /// Uses a reservation whose moment has come; or returns a later moment, and reserves it if nobody has come after.
  std::int64_t use(std::int64_t now, std::uint64_t weight, reservation& r) noexcept {
    auto const cost = limit_.cost(weight);
    auto used = used_.load(std::memory_order_relaxed);
    for (;;) {
      auto const start = limit_.start(used, now, cost);
      if (start > now) {
        postpone(r, {start, gcra::after(used, start, cost)});
        return start;
      }
      if (used_.compare_exchange_weak(used, gcra::after(used, now, cost), std::memory_order_relaxed)) return now;
    }
  }

 private:
  [[nodiscard]] std::int64_t behind(std::int64_t used) const noexcept {
    auto const reserved = reserved_.load(std::memory_order_relaxed);
    return reserved > used ? reserved : used;
  }

  void postpone(reservation& r, reservation const& later) noexcept {
    auto reserved = reserved_.load(std::memory_order_relaxed);
    while (reserved < later.left_behind) {
      if (reserved_.compare_exchange_weak(reserved, later.left_behind, std::memory_order_relaxed)) {
        r = later;
        return;
      }
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
    return start_behind_all(now, weight);
  }

  bool take(std::int64_t now, std::uint64_t weight) noexcept {
    std::lock_guard const lock(mutex_);
    if (start_behind_all(now, weight) > now) return false;
    add(used_, now, weight);
    return true;
  }

  bool reserve(std::int64_t now, std::int64_t latest, std::uint64_t weight, reservation& r) noexcept {
    std::lock_guard const lock(mutex_);
    auto const start = start_behind_all(now, weight);
    if (start > latest) return false;
    for (std::size_t i = 0; i < N; ++i) reserved_[i] = behind(i);
    add(reserved_, start, weight);
    r = {start, ++changes_};
    return true;
  }

  void give_back(reservation const& r, std::uint64_t weight) noexcept {
    std::lock_guard const lock(mutex_);
    if (r.left_behind != changes_) return;
    for (std::size_t i = 0; i < N; ++i) reserved_[i] -= limits_[i].cost(weight);
    ++changes_;
  }

  std::int64_t use(std::int64_t now, std::uint64_t weight, reservation& r) noexcept {
    std::lock_guard const lock(mutex_);
    auto const start = latest_start(used_, now, weight);
    if (start <= now) {
      add(used_, now, weight);
      return now;
    }
    bool const last = r.left_behind == changes_;
    std::size_t postponed = 0;
    for (std::size_t i = 0; i < N; ++i) {
      auto const after = gcra::after(used_[i], start, limits_[i].cost(weight));
      if (reserved_[i] < after) reserved_[i] = after, ++postponed;
    }
    if (postponed != 0) ++changes_;
    if (last || postponed == N) r = {start, changes_};
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
      auto const own = limits_[i].start(arrivals[i], now, limits_[i].cost(weight));
      start = own > start ? own : start;
    }
    return start;
  }

  [[nodiscard]] std::int64_t behind(std::size_t i) const noexcept {
    return reserved_[i] > used_[i] ? reserved_[i] : used_[i];
  }

  [[nodiscard]] std::int64_t start_behind_all(std::int64_t now, std::uint64_t weight) const noexcept {
    auto const reserved = latest_start(reserved_, now, weight);
    auto const used = latest_start(used_, now, weight);
    return reserved > used ? reserved : used;
  }

  void add(std::int64_t (&arrivals)[N], std::int64_t at, std::uint64_t weight) noexcept {
    for (std::size_t i = 0; i < N; ++i) arrivals[i] = gcra::after(arrivals[i], at, limits_[i].cost(weight));
  }

  gcra limits_[N];
  std::int64_t reserved_[N];
  std::int64_t used_[N];
  std::int64_t changes_ = 0;
  mutable std::mutex mutex_;
};

}  // namespace tenax::detail
