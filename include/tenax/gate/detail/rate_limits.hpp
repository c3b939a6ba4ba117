// SPDX-License-Identifier: MIT
// gate/detail/rate_limits.hpp: one rate limit or several, and the callers that wait for permits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>

#include <tenax/gate/detail/gcra.hpp>
#include <tenax/gate/detail/live_limits.hpp>
#include <tenax/gate/detail/waiting_line.hpp>
#include <tenax/platform/arithmetic.hpp>
#include <tenax/platform/compiler.hpp>
#include <tenax/platform/shared_number.hpp>
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
  explicit gcra_limits(bool empty, Rates const&... rates) : limits_(empty, rates...), waiting_(empty ? 1 : 0) {}

  [[nodiscard]] std::uint64_t most_at_once() const noexcept { return limits_.most_at_once(); }

  /// Changes the rates. What is used stays used, in permits; callers that wait learn their new turn.
  void set(rate const (&rates)[N], std::int64_t now) {
    gcra fresh[N];
    for (std::size_t i = 0; i < N; ++i) fresh[i] = gcra(require_rate(rates[i]));
    require_all_apply(fresh);
    std::lock_guard const lock(mutex_);
    settle(now);
    waiting_.store_relaxed(1);
    limits_.change(fresh, now);
    publish();
    wake_first();
  }

  /// Uses permits whether or not they are available.
  void charge(std::int64_t now, std::uint64_t weight) noexcept {
    std::lock_guard const lock(mutex_);
    settle(now);
    waiting_.store_relaxed(1);
    limits_.charge(now, weight);
    publish();
  }

  /// Uses all permits that are available.
  void drain(std::int64_t now) noexcept {
    std::lock_guard const lock(mutex_);
    settle(now);
    limits_.empty(now);
  }

  /// How long a caller that asks now would wait for permits, if all callers that wait go first.
  [[nodiscard]] std::int64_t wait(std::int64_t now, std::uint64_t weight) noexcept {
    std::lock_guard const lock(mutex_);
    settle(now);
    forget_late(now);
    return wait_behind(line_.all().weights, now, weight);
  }

  /// When all used permits have come back; the end of time while a caller waits.
  [[nodiscard]] std::int64_t whole_at(std::int64_t now) noexcept {
    std::lock_guard const lock(mutex_);
    if (!line_.empty()) return INT64_MAX;
    settle(now);
    return saturating_add(duration(now), duration(limits_.wait_until_whole(now))).count();
  }

  /// Uses permits that are available now and that no caller waits for. Returns whether it did.
  bool take(std::int64_t now, std::uint64_t weight) noexcept {
    if constexpr (N == 1) {
      auto& live = limits_.first();
      auto used = live.used();
      for (;;) {
        if (waiting_.load_acquire() != 0) break;
        auto const l = live.for_taking();
        auto const at = l.at(now);
        auto const cost = l.cost(weight);
        auto const owed = l.owed(used, at);
        if (owed > l.depth - cost) {
          // The numbers are of one time if the used part is the same.
          if (live.used() == used) return take_after_all(now, weight);
          used = live.used();
        } else if (live.replace(used, at + static_cast<std::uint64_t>(owed + cost))) {
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
    settle(now);
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
    settle(now);
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
  /// Opens limits whose debt has been paid. If the clock was set back, goes on from there: callers wait as long as they
  /// would have waited.
  void settle(std::int64_t now) noexcept {
    auto const back = saturating_subtract(duration(now_), duration(now));
    if (back > std::chrono::seconds(1) && !line_.empty()) line_.set_back(back);
    if (limits_.set_back(now)) {
      waiting_.store_relaxed(1);
      limits_.go_on(now);
      publish();
    }
    now_ = now;
    if (limits_.settle(now)) publish();
  }

  /// There are no permits. Looks again if that may be because the clock was set back.
  TENAX_NEVER_INLINE bool take_after_all(std::int64_t now, std::uint64_t weight) noexcept {
    auto const used = limits_.first().used();
    auto const l = limits_.first().for_taking();
    return l.owed(used, l.at(now)) > l.depth && take_in_order(now, weight);
  }

  /// Not inlined, so that callers that find no line need fewer registers.
  TENAX_NEVER_INLINE bool take_in_order(std::int64_t now, std::uint64_t weight) noexcept {
    std::lock_guard const lock(mutex_);
    settle(now);
    forget_late(now);
    return use(line_.all(), now, weight);
  }

  /// How long it takes until `weight` permits are available in addition to `before`.
  [[nodiscard]] std::int64_t wait_behind(std::uint64_t before, std::int64_t now, std::uint64_t weight) const noexcept {
    return limits_.wait(now, permit_sum(before, weight));
  }

  /// Uses permits that are available now, if callers before this one can still go when they ask next. Returns whether
  /// it did.
  bool use(waiting_line::summary const& before, std::int64_t now, std::uint64_t weight) noexcept {
    return limits_.use(now, weight, [&](gcra const& l, std::int64_t owed, std::uint64_t own) {
      if (before.weights == 0) return true;
      auto const others = before.weights < l.burst ? before.weights : l.burst;
      auto const asleep = before.first > now ? before.first - now : 0;
      return l.wait(owed, own + others) <= asleep;
    });
  }

  /// Callers near the front ask in each slot, so that they notice when callers before them have left. Callers further
  /// back ask less often, so that about fifty ask in a slot if a thousand wait.
  line_answer stays(line_place& p, std::uint64_t before, std::int64_t wait, std::int64_t now) noexcept {
    auto const slot = wait_behind(before + p.weight, now, 1) - wait;
    auto const next = wait_behind(0, now, 1);
    auto ask_after = wait;
    if (before != 0 && !p.wakes) {
      auto const ahead = slot > 0 ? (wait - next) / slot / 16 : 0;
      // While the head has not come for the available permits, the others look one after another.
      ask_after = next > 0 ? next + ahead * slot : wait / 16;
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

  /// Shows callers that do not hold the lock whether they have to take it: others wait, or there is a debt.
  void publish() noexcept { waiting_.store_release(line_.empty() && !limits_.closed() ? 0 : 1); }

  live_limits<N> limits_;
  /// How long a caller that was woken may take to ask.
  static constexpr std::int64_t patience = 50'000'000;

  platform::shared_number<int> waiting_;
  waiting_line line_;
  std::int64_t now_ = 0;  // when a caller asked last
  mutable std::mutex mutex_;
};

}  // namespace tenax::detail
