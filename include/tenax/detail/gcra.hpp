// SPDX-License-Identifier: MIT
// detail/gcra.hpp: the state of rate limits: who may go when.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <stdexcept>

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
  constexpr explicit gcra(rate const& r) : interval(r.interval().count()), burst(r.burst) {
    // A bucket that is worth more than 146 years is no deeper: beyond the end of time, nothing taken from it would count.
    auto const most = static_cast<std::uint64_t>(INT64_MAX / 2 / interval);
    if (burst > most) burst = most > 1 ? most : 1;
    depth = saturating_multiply(r.interval(), burst).count();
  }

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

inline constexpr std::int64_t long_ago = INT64_MIN / 2;

/// A place in the order of callers: the moment from which on it is good, and the arrival times that taking it leaves behind,
/// in the callers' time.
template <std::size_t N>
struct reservation {
  std::int64_t start = 0;
  std::int64_t after[N] = {};
  std::int64_t change = 0;
};

// What was used is what counts: whoever goes, goes by it. Callers that have to wait are given consecutive moments, which is
// what orders them. One that comes late for its moment must not go right before the next; so the moments of all others move
// by as much as it was late, as far as the bucket does not make up for it. They are kept in a time of the callers, which runs
// behind the real one by `shift_`, so that moving them all is one addition.
//
// Permits that are there now, and that nobody waits for, change one number only, and without the lock.

/// One limit or several: a moment is good when it is good for all of them.
template <std::size_t N>
class limits {
 public:
  using place = reservation<N>;

  template <class... Rates>
  explicit limits(Rates const&... rates) : limits_{gcra(require_rate(rates))...} {
    for (std::size_t i = 0; i < N; ++i) {
      used_[i].store(long_ago, std::memory_order_relaxed);
      waiting_[i].store(long_ago, std::memory_order_relaxed);
      reserved_[i] = planned_[i] = long_ago;
      for (std::size_t j = 0; j < N; ++j) {
        if (i != j && is_stricter(i, j)) never_applies(j, i);
      }
    }
  }

  [[nodiscard]] std::uint64_t most_at_once() const noexcept {
    auto least = limits_[0].burst;
    for (auto const& l : limits_) least = l.burst < least ? l.burst : least;
    return least;
  }

  /// When permits could be had by who asks now.
  [[nodiscard]] std::int64_t start(std::int64_t now, std::uint64_t weight) const noexcept {
    if constexpr (N == 1) {
      return start_behind_all(now, weight);
    } else {
      std::lock_guard const lock(mutex_);
      return start_behind_all(now, weight);
    }
  }

  /// Uses permits that are there now and that nobody waits for.
  bool take(std::int64_t now, std::uint64_t weight) noexcept {
    if constexpr (N == 1) {
      auto const cost = limits_[0].cost(weight);
      auto used = used_[0].load(std::memory_order_relaxed);
      for (;;) {
        auto const waiting = waiting_[0].load(std::memory_order_relaxed);
        if (limits_[0].start(waiting > used ? waiting : used, now, cost) > now) return false;
        if (used_[0].compare_exchange_weak(used, gcra::after(used, now, cost), std::memory_order_relaxed)) return true;
      }
    } else {
      std::lock_guard const lock(mutex_);
      return start_behind_all(now, weight) <= now && use_now(now, weight);
    }
  }

  /// Reserves a moment, `latest` at the latest, or nothing.
  bool reserve(std::int64_t now, std::int64_t latest, std::uint64_t weight, place& r) noexcept {
    std::lock_guard const lock(mutex_);
    std::int64_t arrivals[N];
    std::int64_t start = now - shift_;
    for (std::size_t i = 0; i < N; ++i) {
      auto const used = used_[i].load(std::memory_order_relaxed) - shift_;
      arrivals[i] = reserved_[i] > used ? reserved_[i] : used;
      auto const own = limits_[i].start(arrivals[i], start, limits_[i].cost(weight));
      start = own > start ? own : start;
    }
    if (start + shift_ > latest) return false;
    r.start = start;
    r.change = ++changes_;
    for (std::size_t i = 0; i < N; ++i) {
      // A new row of callers begins behind what was used without waiting.
      if (arrivals[i] > reserved_[i]) planned_[i] = arrivals[i];
      r.after[i] = reserved_[i] = gcra::after(arrivals[i], start, limits_[i].cost(weight));
    }
    publish(shift_);
    return true;
  }

  /// Gives a reservation back, unless somebody has come after.
  void give_back(place const& r, std::uint64_t weight) noexcept {
    std::lock_guard const lock(mutex_);
    if (r.change != changes_) return;
    ++changes_;
    for (std::size_t i = 0; i < N; ++i) reserved_[i] = r.after[i] - limits_[i].cost(weight);
    publish(shift_);
  }

  /// Uses a reservation if its moment has come; otherwise returns the moment to come.
  std::int64_t use(std::int64_t now, std::uint64_t weight, place& r) noexcept {
    std::lock_guard const lock(mutex_);
    if (r.start + shift_ > now) return r.start + shift_;
    for (;;) {
      std::int64_t used[N];
      auto start = now;
      for (std::size_t i = 0; i < N; ++i) {
        used[i] = used_[i].load(std::memory_order_relaxed);
        auto const own = limits_[i].start(used[i], now, limits_[i].cost(weight));
        start = own > start ? own : start;
      }
      // Whoever is not used yet comes behind this one.
      std::int64_t late = 0;
      for (std::size_t i = 0; i < N; ++i) {
        auto const plan = r.after[i] > planned_[i] ? r.after[i] : planned_[i];
        auto const own = gcra::after(used[i], start, limits_[i].cost(weight)) - plan - shift_;
        late = own > late ? own : late;
      }
      publish(shift_ + late);
      if (start <= now && !use_now(now, weight, used)) continue;
      shift_ += late;
      for (std::size_t i = 0; i < N; ++i) {
        if (start <= now) {
          planned_[i] = r.after[i] > planned_[i] ? r.after[i] : planned_[i];
        } else {
          r.after[i] = gcra::after(used[i], start, limits_[i].cost(weight)) - shift_;
        }
      }
      r.start = start - shift_;
      return start;
    }
  }

 private:
  [[noreturn, gnu::cold]] void never_applies(std::size_t idle, std::size_t stricter) const {
    char text[192];
    int const n = std::snprintf(text, sizeof text, "tenax: rate_limiter: limit %zu never applies beside limit %zu; ",
                                idle + 1, stricter + 1);
    auto const room = sizeof text - static_cast<std::size_t>(n);
    if (limits_[stricter].interval > limits_[idle].interval) {
      std::snprintf(text + n, room,
                    "give limit %zu, the slower one, a burst with .with_burst(n), or leave limit %zu out", stricter + 1,
                    idle + 1);
    } else {
      std::snprintf(text + n, room, "leave limit %zu out", idle + 1);
    }
    raise(std::invalid_argument(text));
  }

  /// Whether `j` never applies beside `i`. Of equal ones, the second is to blame.
  [[nodiscard]] bool is_stricter(std::size_t i, std::size_t j) const noexcept {
    auto const& a = limits_[i];
    auto const& b = limits_[j];
    return a.interval >= b.interval && a.burst <= b.burst && (i < j || a.interval != b.interval || a.burst != b.burst);
  }

  [[nodiscard]] std::int64_t start_behind_all(std::int64_t now, std::uint64_t weight) const noexcept {
    auto start = now;
    for (std::size_t i = 0; i < N; ++i) {
      auto const waiting = waiting_[i].load(std::memory_order_relaxed);
      auto const used = used_[i].load(std::memory_order_relaxed);
      auto const own = limits_[i].start(waiting > used ? waiting : used, now, limits_[i].cost(weight));
      start = own > start ? own : start;
    }
    return start;
  }

  /// Uses permits at `now`. With one limit, false if somebody else has used some since `used` was read.
  bool use_now(std::int64_t now, std::uint64_t weight, [[maybe_unused]] std::int64_t const (&used)[N]) noexcept {
    if constexpr (N == 1) {
      auto expected = used[0];
      return used_[0].compare_exchange_strong(expected, gcra::after(expected, now, limits_[0].cost(weight)),
                                              std::memory_order_relaxed);
    } else {
      return use_now(now, weight);
    }
  }
  bool use_now(std::int64_t now, std::uint64_t weight) noexcept {
    for (std::size_t i = 0; i < N; ++i) {
      auto const used = used_[i].load(std::memory_order_relaxed);
      used_[i].store(gcra::after(used, now, limits_[i].cost(weight)), std::memory_order_relaxed);
    }
    return true;
  }

  /// Tells who asks without the lock until when permits are spoken for.
  void publish(std::int64_t shift) noexcept {
    for (std::size_t i = 0; i < N; ++i) waiting_[i].store(reserved_[i] + shift, std::memory_order_relaxed);
  }

  gcra limits_[N];
  std::atomic<std::int64_t> used_[N];     // in real time
  std::atomic<std::int64_t> waiting_[N];  // what is reserved, in real time
  std::int64_t reserved_[N];              // in the callers' time, as everything below
  std::int64_t planned_[N];               // what was reserved by those who have gone
  std::int64_t shift_ = 0;
  std::int64_t changes_ = 0;
  mutable std::mutex mutex_;
};

}  // namespace tenax::detail
