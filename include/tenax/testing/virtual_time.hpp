// SPDX-License-Identifier: MIT
// testing/virtual_time.hpp: a clock that moves only when somebody sleeps.
#pragma once

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include <tenax/concepts.hpp>
#include <tenax/random.hpp>

namespace tenax::testing {

/// An environment in which no real time passes: a sleep moves the clock and is remembered. The same seed gives the same
/// waits.
/// ```
/// tenax::testing::virtual_time clock;
/// auto const policy = tenax::retrying{}.environment(std::ref(clock));
/// policy(flaky);
/// CHECK(clock.sleeps() == std::vector<tenax::duration>{100ms, 200ms});
/// ```
///
/// Thread safety: unsafe; one clock for one thread.
class virtual_time {
 public:
  explicit virtual_time(std::uint64_t seed = 0) noexcept : random_(seed) {}

  virtual_time(virtual_time const&) = delete;
  virtual_time& operator=(virtual_time const&) = delete;

  [[nodiscard]] time_point now() const noexcept { return now_; }
  [[nodiscard]] random_source& random() noexcept { return random_; }

  /// Moves the clock by `d`, running what was planned on the way.
  void sleep(duration d) {
    sleeps_.push_back(d);
    advance(d);
  }

  /// As `sleep(d)`, but stops at the moment at which something planned makes `token.stop_requested()` true.
  template <cancellation_token Token>
  void sleep(duration d, Token const& token) {
    auto const before = now_;
    sleeps_.push_back(d);
    move(d, [&token] { return static_cast<bool>(token.stop_requested()); });
    sleeps_.back() = now_ - before;
  }

  /// Moves the clock without a sleep: an operation that takes time calls it.
  void advance(duration d) {
    move(d, [] { return false; });
  }

  /// Plans to run `action` when the clock is `d` further than now. Actions of the same moment run in the order in which
  /// they were planned.
  void after(duration d, std::function<void()> action) {
    auto const when = saturated(d);
    auto const later = [when](planned const& p) { return p.when > when; };
    plan_.insert(std::find_if(plan_.begin(), plan_.end(), later), planned{when, std::move(action)});
  }

  /// Every sleep so far, in order; an interrupted one with the time that it lasted.
  [[nodiscard]] std::vector<duration> const& sleeps() const noexcept { return sleeps_; }

  /// All that was slept.
  [[nodiscard]] duration slept() const noexcept {
    duration total{};
    for (auto const d : sleeps_) total = saturating_add(total, d);
    return total;
  }

 private:
  struct planned {
    time_point when;
    std::function<void()> action;
  };

  [[nodiscard]] time_point saturated(duration d) const noexcept {
    return time_point(saturating_add(now_.time_since_epoch(), d));
  }

  template <class Stopped>
  void move(duration d, Stopped const& stopped) {
    auto const end = saturated(d);
    while (!stopped()) {
      if (plan_.empty() || plan_.front().when > end) {
        now_ = std::max(now_, end);
        return;
      }
      auto const next = std::move(plan_.front());
      plan_.erase(plan_.begin());
      now_ = std::max(now_, next.when);
      next.action();
    }
  }

  time_point now_{};
  seeded_random random_;
  std::vector<duration> sleeps_;
  std::vector<planned> plan_;
};

}  // namespace tenax::testing
