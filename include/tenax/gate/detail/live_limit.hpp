// SPDX-License-Identifier: MIT
// gate/detail/live_limit.hpp: one rate limit that changes while threads take permits without a lock.
#pragma once

#include <cstdint>
#include <utility>

#include <tenax/duration.hpp>
#include <tenax/gate/detail/gcra.hpp>
#include <tenax/gate/detail/rate_math.hpp>
#include <tenax/platform/shared_number.hpp>

namespace tenax::detail {

/// The numbers of a `gcra`, and how much of it is used. Threads read the numbers one by one, without a lock, and
/// then replace the used part; `change` lets no replacement succeed that was computed with numbers from before.
class live_limit {
 public:
  explicit live_limit(gcra const& g) noexcept { store(g); }

  /// All numbers. The caller holds the lock under which they change.
  [[nodiscard]] gcra const& numbers() const noexcept { return numbers_; }
  /// The numbers that taking permits needs. Without the lock they may be of two different times; then `replace` fails.
  [[nodiscard]] gcra for_taking() const noexcept {
    gcra g;
    g.interval = interval_.load_acquire();
    g.depth = depth_.load_acquire();
    g.ticks = ticks_.load_acquire();
    g.farthest = farthest_.load_acquire();
    g.offset = offset_.load_acquire();
    return g;
  }
  [[nodiscard]] std::uint64_t burst() const noexcept { return burst_.load_relaxed(); }

  /// The arrival time of the next permit. Read it before the numbers.
  [[nodiscard]] std::uint64_t used() const noexcept { return used_.load_acquire(); }
  /// A thread that reads the new value also sees what this one has written before: that others must take the lock.
  bool replace(std::uint64_t& used, std::uint64_t after) noexcept { return used_.replace_acquire_release(used, after); }

  // The functions below need the lock under which the numbers change. Those that close the limit also need that threads
  // without the lock see that they have to take it.

  void use(std::uint64_t after) noexcept { used_.store_release(after); }

  /// How long it takes until `permits` are available.
  [[nodiscard]] std::int64_t wait(std::int64_t now, std::uint64_t permits) const noexcept {
    auto const& l = numbers_;
    if (!closed_) return l.wait(l.owed(used(), l.at(now)), permits);
    auto const closed = duration(opens_ > now ? opens_ - now : 0);
    return saturating_add(closed, duration(l.wait(l.depth, permits))).count();
  }

  /// Whether more is owed than the arrival time can show: it counts in ticks that wrap.
  [[nodiscard]] bool closed() const noexcept { return closed_; }

  /// Uses permits whether or not they are available.
  void charge(std::int64_t now, std::uint64_t permits) noexcept {
    auto const& l = numbers_;
    auto const at = l.at(now);
    auto const time = duration(static_cast<std::int64_t>(scaled_up(permits, l.interval, l.ticks)));
    charged_at_ = now;
    if (closed_) {
      opens_ = saturating_add(duration(opens_), time).count();
      return;
    }
    for (auto used = used_.load_relaxed();;) {
      auto const owed = l.owed(used, at);
      auto const room = l.deepest_debt() - owed;
      bool const fits = room >= 0 && permits <= static_cast<std::uint64_t>(room) / l.interval;
      auto const after = fits ? owed + static_cast<std::int64_t>(permits * l.interval) : l.depth;
      if (!replace(used, at + static_cast<std::uint64_t>(after))) continue;
      debt_ = at + static_cast<std::uint64_t>(after);
      if (!fits) {
        closed_ = true;
        auto const ticks = static_cast<std::int64_t>(l.ticks);
        auto const full = saturating_add(duration(now), time);  // the moment for an empty bucket
        opens_ = owed > l.depth ? saturating_add(full, duration((owed - l.depth) / ticks + 1)).count()
                                : full.count() - (l.depth - owed) / ticks;
      }
      return;
    }
  }

  /// Opens a limit whose debt has come down to a used-up bucket.
  void settle(std::int64_t now) noexcept {
    if (!closed_ || now < opens_) return;
    closed_ = false;
    auto const& l = numbers_;
    bool const whole = now - opens_ > l.depth / static_cast<std::int64_t>(l.ticks);
    use(whole ? l.at(now) : l.at(opens_) + static_cast<std::uint64_t>(l.depth));
  }

  /// Uses what is available.
  void empty(std::int64_t now) noexcept {
    auto const& l = numbers_;
    auto const at = l.at(now);
    auto used = used_.load_relaxed();
    while (l.owed(used, at) < l.depth && !replace(used, at + static_cast<std::uint64_t>(l.depth))) {
    }
  }

  /// Whether the clock was set back by more than a second: more is owed than callers can have used.
  [[nodiscard]] bool set_back(std::int64_t now) const noexcept {
    constexpr std::int64_t second = 1'000'000'000;
    if (closed_) return saturating_subtract(duration(charged_at_), duration(now)).count() > second;
    auto const& l = numbers_;
    auto const more = l.owed(used(), l.at(now)) - can_owe();
    return more > 0 && more / static_cast<std::int64_t>(l.ticks) > second;
  }
  /// Goes on with a clock that was set back: as much is owed as callers can have used.
  void go_on(std::int64_t now) noexcept {
    if (closed_) {
      auto const back = saturating_subtract(duration(charged_at_), duration(now));
      opens_ = saturating_subtract(duration(opens_), back).count();
    } else {
      auto const owes = can_owe();
      begin(numbers_, used_.fetch_add_release(1), static_cast<std::uint64_t>(owes), now);
    }
    charged_at_ = now;
  }

  /// Changes the numbers to those of `g`. Used permits stay used.
  void change(gcra g, std::int64_t now) noexcept {
    auto const old = numbers_;
    std::uint64_t beyond = 0;
    if (closed_ && opens_ > now) beyond = scaled_up(static_cast<std::uint64_t>(opens_ - now), old.ticks, old.interval);
    bool const was_closed = std::exchange(closed_, false);
    // Arrival times only rise, so a thread that has read one from before, or any of the numbers below, does not find
    // its arrival time again.
    auto const before = used_.fetch_add_release(1);
    auto const owed = was_closed ? old.depth : old.owed(before, old.at(now));
    auto kept = scaled_up(static_cast<std::uint64_t>(owed), g.interval, old.interval);
    auto const most = static_cast<std::uint64_t>(g.deepest_debt());
    if (kept > most) {
      beyond += (kept - most) / g.interval + 1;
      kept = most;
    }
    begin(g, before, kept, now);
    if (beyond != 0) charge(now, beyond);
  }

 private:
  /// The most that callers can have used, with what was charged.
  [[nodiscard]] std::int64_t can_owe() const noexcept {
    auto const& l = numbers_;
    auto const charged = used() == debt_ ? l.owed(debt_, l.at(charged_at_)) : 0;
    return charged > l.depth ? charged : l.depth;
  }

  /// Puts other numbers in place. `before`: the arrival time, which was increased meanwhile; `owed`: what is owed now.
  void begin(gcra g, std::uint64_t before, std::uint64_t owed, std::int64_t now) noexcept {
    auto const after = before + 2;
    g.offset = after - owed - static_cast<std::uint64_t>(now) * g.ticks;
    store(g);
    use(after);
    debt_ = after;
    charged_at_ = now;
  }

  void store(gcra const& g) noexcept {
    numbers_ = g;
    interval_.store_release(g.interval);
    depth_.store_release(g.depth);
    ticks_.store_release(g.ticks);
    farthest_.store_release(g.farthest);
    offset_.store_release(g.offset);
    burst_.store_release(g.burst);
  }

  gcra numbers_;  // under the lock; the same numbers for threads without it:
  platform::shared_number<std::uint64_t> interval_;
  platform::shared_number<std::int64_t> depth_;
  platform::shared_number<std::uint64_t> ticks_;
  platform::shared_number<std::uint64_t> farthest_;
  platform::shared_number<std::uint64_t> offset_;
  platform::shared_number<std::uint64_t> burst_;
  platform::shared_number<std::uint64_t> used_{never_used};
  bool closed_ = false;
  std::uint64_t debt_ = never_used;  // the arrival time that the last charge or change left, and when
  std::int64_t charged_at_ = 0;
  std::int64_t opens_ = 0;  // if closed: when as much is owed as a full bucket has
};

}  // namespace tenax::detail
