// SPDX-License-Identifier: MIT
// testing/virtual_time.hpp: `testing::virtual_time`: a fake clock: a sleep moves it and takes no real time.
#pragma once

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include <tenax/concepts.hpp>
#include <tenax/detail/reject.hpp>
#include <tenax/random.hpp>

namespace tenax::testing {

/// An environment in which no real time passes: a sleep moves the clock and is recorded. The same seed gives the same
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

  /// Moves the clock by `d`, and runs the actions that are planned on the way. A negative `d` counts as zero, as in a
  /// real sleep.
  void sleep(duration d) {
    sleeps_.push_back(not_negative(d));
    move(sleeps_.back(), [] { return false; });
  }

  /// As `sleep(d)`, but stops at the moment at which a planned action makes `token.stop_requested()` true.
  template <cancellation_token Token>
  void sleep(duration d, Token const& token) {
    auto const before = now_;
    auto const at = sleeps_.size();
    sleeps_.push_back(not_negative(d));
    move(sleeps_.back(), [&token] { return static_cast<bool>(token.stop_requested()); });
    sleeps_[at] = saturating_between(before, now_);  // an action may have slept as well
  }

  /// Moves the clock without a sleep: for an operation that takes time. Throws `std::invalid_argument` if `d` is
  /// negative: the clock never goes back.
  void advance(any_duration d) {
    move(detail::require_not_negative("virtual_time::advance(): d", d), [] { return false; });
  }

  /// Plans to run `action` when the clock has advanced by `d`. Actions of the same moment run in the order in which
  /// they were planned. Throws `std::invalid_argument` if `d` is negative or `action` is empty.
  void after(any_duration d, std::function<void()> action) {
    auto const when = saturated(detail::require_not_negative("virtual_time::after(): d", d));
    if (!action) detail::raise(std::invalid_argument("tenax: virtual_time::after() needs an action, but it is empty"));
    auto const later = [when](planned const& p) { return p.when > when; };
    plan_.insert(std::find_if(plan_.begin(), plan_.end(), later), planned{when, std::move(action)});
  }

  /// All sleeps so far, in order; for an interrupted sleep, the time that it lasted.
  [[nodiscard]] std::vector<duration> const& sleeps() const noexcept { return sleeps_; }

  /// The sum of all sleeps.
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

  static duration not_negative(duration d) noexcept { return d < duration::zero() ? duration::zero() : d; }

  [[nodiscard]] time_point saturated(duration d) const noexcept {
    return time_point(saturating_add(now_.time_since_epoch(), d));
  }

  template <class Stopped>
  void move(duration d, Stopped const& stopped) {
    auto const end = saturated(d);
    while (!stopped()) {
      if (plan_.empty() || plan_.front().when > end) {
        now_ = (std::max)(now_, end);
        return;
      }
      auto const next = std::move(plan_.front());
      plan_.erase(plan_.begin());
      now_ = (std::max)(now_, next.when);
      next.action();
    }
  }

  time_point now_{};
  seeded_random random_;
  std::vector<duration> sleeps_;
  std::vector<planned> plan_;
};

}  // namespace tenax::testing
