// SPDX-License-Identifier: MIT
// gate/detail/rate_limits.hpp: one rate limit or several, and the callers that wait for permits.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <stdexcept>

#include <tenax/gate/detail/gcra.hpp>
#include <tenax/gate/detail/waiting_line.hpp>
#include <tenax/platform/arithmetic.hpp>
#include <tenax/platform/compiler.hpp>
#include <tenax/platform/threads.hpp>

namespace tenax::detail {

// Permits are given when they are used, not before: a caller that waits has a place in line, and no reserved moment.
// When callers before it leave, by going or by giving up, it moves up, and they leave no trace. Only used permits
// count. So a caller that comes late delays those after it, and two callers never go closer together than the limit
// allows.
//
// Callers go in order of arrival. A caller may pass others that
//   - are late: they should have asked again a while ago, and are waiting for something else. They keep their rank;
//   - sleep so long that they will find as many permits anyway, because callers before them have left meanwhile.
//
// A caller with a waker sleeps until its turn if all before it go. Whenever callers leave, the first in line is woken
// if its turn comes sooner. A caller without one asks again from time to time.
//
// Taking available permits while no caller waits changes one number only, without the lock.

/// The answer to a caller that has to wait.
struct line_answer {
  bool goes = false;
  bool too_late = false;       ///< the wait would end after the latest moment; the caller has no place
  std::int64_t wait = 0;       ///< in nanoseconds, if all callers before this one go
  std::int64_t ask_after = 0;  ///< at most `wait`: some callers may have left by then
};

/// One limit or several: a caller goes when all of them allow it.
template <std::size_t N>
class gcra_limits {
 public:
  template <class... Rates>
  explicit gcra_limits(Rates const&... rates) : limits_{gcra(require_rate(rates))...} {
    for (std::size_t i = 0; i < N; ++i) {
      used_[i].store(never_used, std::memory_order_relaxed);
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

  /// How long a caller that asks now would wait for permits, if all callers that wait go first.
  [[nodiscard]] std::int64_t wait(std::int64_t now, std::uint64_t weight) noexcept {
    if constexpr (N == 1) {
      if (waiting_.load(std::memory_order_relaxed) == 0) return wait_behind(0, now, weight);
    }
    std::lock_guard const lock(mutex_);
    forget_late(now);
    return wait_behind(line_.all().weights, now, weight);
  }

  /// When all used permits have come back; the end of time while a caller waits.
  [[nodiscard]] std::int64_t whole_at(std::int64_t now) noexcept {
    std::lock_guard const lock(mutex_);
    if (!line_.empty()) return INT64_MAX;
    std::int64_t longest = 0;
    for (std::size_t i = 0; i < N; ++i) {
      auto const& l = limits_[i];
      // The time after which a full bucket would be full again.
      auto const rest = l.wait(l.owed(used_[i].load(std::memory_order_relaxed), l.at(now)), l.burst);
      longest = rest > longest ? rest : longest;
    }
    return saturating_add(duration(now), duration(longest)).count();
  }

  /// Uses permits that are available now and that no caller waits for. Returns whether it did.
  bool take(std::int64_t now, std::uint64_t weight) noexcept {
    if constexpr (N == 1) {
      auto const& l = limits_[0];
      auto const cost = l.cost(weight);
      auto const at = l.at(now);
      auto used = used_[0].load(std::memory_order_relaxed);
      for (;;) {
        if (waiting_.load(std::memory_order_relaxed) != 0) break;
        auto const owed = l.owed(used, at);
        if (owed > l.depth - cost) return false;
        if (used_[0].compare_exchange_weak(used, at + static_cast<std::uint64_t>(owed + cost),
                                           std::memory_order_relaxed)) {
          return true;
        }
      }
    }
    return take_in_order(now, weight);
  }

  /// Takes a place in line, unless permits have become available meanwhile.
  line_answer join(line_place& p, std::int64_t now, std::int64_t latest, std::uint64_t weight,
                   waker const& w) noexcept {
    std::lock_guard const lock(mutex_);
    now_ = now;
    forget_late(now);
    auto const before = line_.all();
    if (use(before, now, weight)) return {.goes = true};
    auto const wait = wait_behind(before.weights, now, weight);
    if (saturating_add(duration(now), duration(wait)).count() > latest) return {.too_late = true, .wait = wait};
    p.weight = weight;
    p.wakes = w;
    p.asks = p.late = now;
    line_.append(p);
    return stays(p, before.weights, wait, now);
  }

  /// A caller asks again.
  line_answer ask(line_place& p, std::int64_t now, waker const& w) noexcept {
    std::lock_guard const lock(mutex_);
    now_ = now;
    p.wakes = w;
    p.late = INT64_MAX;
    if (!p.linked) line_.insert(p);
    forget_late(now);
    auto const before = line_.before(p);
    if (use(before, now, p.weight)) {
      leave(p);
      wake_first();
      return {.goes = true};
    }
    return stays(p, before.weights, wait_behind(before.weights, now, p.weight), now);
  }

  /// A caller gives up.
  void give_up(line_place& p) noexcept {
    std::lock_guard const lock(mutex_);
    if (!p.linked) return;
    leave(p);
    wake_first();
  }

  /// The ticket of a caller has moved.
  void move(line_place& from, line_place& to) noexcept {
    std::lock_guard const lock(mutex_);
    line_.move(from, to);
  }

 private:
  [[noreturn, gnu::cold]] void never_applies(std::size_t idle, std::size_t stricter) const {
    char text[192];
    int const n = std::snprintf(text, sizeof text, "tenax: rate_limiter: limit %zu never applies beside limit %zu; ",
                                idle + 1, stricter + 1);
    auto const room = sizeof text - static_cast<std::size_t>(n);
    if (limits_[stricter].pace() > limits_[idle].pace()) {
      std::snprintf(text + n, room,
                    "give limit %zu, the slower one, a burst with .with_burst(n), or leave limit %zu out", stricter + 1,
                    idle + 1);
    } else {
      std::snprintf(text + n, room, "leave limit %zu out", idle + 1);
    }
    raise(std::invalid_argument(text));
  }

  /// Whether `j` never applies beside `i`. Of two equal limits, the second one is reported.
  [[nodiscard]] bool is_stricter(std::size_t i, std::size_t j) const noexcept {
    auto const a = limits_[i].pace();
    auto const b = limits_[j].pace();
    auto const at_once = limits_[i].burst;
    auto const other = limits_[j].burst;
    return a >= b && at_once <= other && (i < j || a > b || at_once != other);
  }

  /// Not inlined, so that callers that find no line need fewer registers.
  TENAX_NEVER_INLINE bool take_in_order(std::int64_t now, std::uint64_t weight) noexcept {
    std::lock_guard const lock(mutex_);
    forget_late(now);
    return use(line_.all(), now, weight);
  }

  /// How long it takes until `weight` permits are available in addition to `before`.
  [[nodiscard]] std::int64_t wait_behind(std::uint64_t before, std::int64_t now, std::uint64_t weight) const noexcept {
    std::uint64_t all = 0;
    if (platform::add_carries(before, weight, all)) all = UINT64_MAX;
    std::int64_t longest = 0;
    for (std::size_t i = 0; i < N; ++i) {
      auto const& l = limits_[i];
      auto const own = l.wait(l.owed(used_[i].load(std::memory_order_relaxed), l.at(now)), all);
      longest = own > longest ? own : longest;
    }
    return longest;
  }

  /// Uses permits that are available now, if callers before this one can still go when they ask next. Returns whether
  /// it did.
  bool use(waiting_line::summary const& before, std::int64_t now, std::uint64_t weight) noexcept {
    for (;;) {
      std::uint64_t used[N];
      for (std::size_t i = 0; i < N; ++i) {
        auto const& l = limits_[i];
        used[i] = used_[i].load(std::memory_order_relaxed);
        auto const owed = l.owed(used[i], l.at(now));
        if (owed > l.depth - l.cost(weight)) return false;
        if (before.weights == 0) continue;
        auto const others = before.weights < l.burst ? before.weights : l.burst;
        auto const asleep = before.first > now ? before.first - now : 0;
        if (l.wait(owed, weight + others) > asleep) return false;
      }
      if (use_now(now, weight, used)) return true;
    }
  }

  /// With one limit, false if another caller has used permits since `used` was read.
  bool use_now(std::int64_t now, std::uint64_t weight, std::uint64_t (&used)[N]) noexcept {
    for (std::size_t i = 0; i < N; ++i) {
      auto const& l = limits_[i];
      auto const at = l.at(now);
      auto const after = at + static_cast<std::uint64_t>(l.owed(used[i], at) + l.cost(weight));
      if constexpr (N == 1) {
        return used_[i].compare_exchange_strong(used[i], after, std::memory_order_relaxed);
      } else {
        used_[i].store(after, std::memory_order_relaxed);
      }
    }
    return true;
  }

  /// Callers near the front ask in each slot, so that they notice when callers before them have left. Callers further
  /// back ask less often, so that about fifty ask in a slot if a thousand wait.
  line_answer stays(line_place& p, std::uint64_t before, std::int64_t wait, std::int64_t now) noexcept {
    auto const slot = wait_behind(before + p.weight, now, 1) - wait;
    auto const next = wait_behind(0, now, 1);
    auto ask_after = wait;
    if (before != 0 && !p.wakes) {
      auto const slots = slot > 0 ? (wait - next) / slot / 16 : 0;
      // While the head has not come for the available permits, the others look one after another.
      ask_after = next > 0 ? next + slots * slot : wait / 16;
    }
    ask_after = ask_after < 1 ? 1 : ask_after;
    ask_after = ask_after < wait ? ask_after : wait;
    p.asks = saturating_add(duration(now), duration(ask_after)).count();
    p.late = saturating_add(duration(now), saturating_add(duration(wait), duration(slot))).count();
    line_.changed(p);
    publish();
    return {.wait = wait, .ask_after = ask_after};
  }

  /// Wakes the first in line if its turn comes before the moment at which it would ask.
  void wake_first() noexcept {
    auto* const p = line_.head();
    if (p == nullptr || !p->wakes) return;
    auto const wait = wait_behind(0, now_, p->weight);
    auto const turn = saturating_add(duration(now_), duration(wait)).count();
    if (turn >= p->asks) return;
    auto const slot = wait_behind(p->weight, now_, 1) - wait;
    p->asks = turn;
    p->late = saturating_add(duration(turn), duration(slot < patience ? patience : slot)).count();
    line_.changed(*p);
    p->wakes();
  }

  /// Lets others pass callers at the front that should have asked again a while ago.
  void forget_late(std::int64_t now) noexcept {
    for (auto* p = line_.head(); p != nullptr && p->late <= now; p = line_.head()) leave(*p);
  }

  void leave(line_place& p) noexcept {
    line_.erase(p);
    publish();
  }

  /// Shows callers that do not hold the lock whether others wait.
  void publish() noexcept { waiting_.store(line_.empty() ? 0 : 1, std::memory_order_relaxed); }

  gcra limits_[N];
  std::atomic<std::uint64_t> used_[N];  // arrival times
  /// How long a caller that was woken may take to ask.
  static constexpr std::int64_t patience = 50'000'000;

  std::atomic<int> waiting_{0};
  waiting_line line_;
  std::int64_t now_ = 0;  // when a caller asked last
  mutable std::mutex mutex_;
};

}  // namespace tenax::detail
