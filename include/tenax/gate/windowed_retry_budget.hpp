// SPDX-License-Identifier: MIT
// gate/windowed_retry_budget.hpp: retry budget over a time window: retries are limited to a share of recent successes.
#pragma once

#include <mutex>

#include <tenax/detail/reject.hpp>
#include <tenax/environment.hpp>
#include <tenax/gate/detail/forward_clock.hpp>
#include <tenax/gate/detail/sliding_window.hpp>
#include <tenax/gate/detail/ticket.hpp>
#include <tenax/gate/gate.hpp>
#include <tenax/platform/threads.hpp>

namespace tenax {

/// The options: how many retries there may be in a window of time. `ratio` and `min_per_second` must not both be zero.
struct windowed_retry_budget_options {
  double ratio = 0.2;                              ///< retries per success; from 0 to 1000
  any_duration window = std::chrono::seconds(10);  ///< more than zero; counted in ten parts
  double min_per_second = 0.1;      ///< retries without any success, averaged over a window; from 0 to 1000000
  std::int64_t throttled_cost = 0;  ///< retries that a throttled attempt takes from the budget; at least 0
};

/// Refuses retries, never first attempts, when the last `window` had more than
/// `ratio * successes + min_per_second * window` of them. So retries never multiply the load by more than `1 + ratio`,
/// apart from the few of `min_per_second`, without which clients with few calls could not retry at all.
///
/// `min_per_second` holds for each budget: with 1000 clients and 1 per second, a server that is down gets 1000 retries
/// per second. As Finagle's `RetryBudget`, but with successes in the place of requests: so an outage ends the retries
/// within a window.
///
/// A retry that is abandoned before it starts gives back what it took. A retry that has started does not, however it
/// ends.
///
/// Thread safety: safe. Neither copied nor moved; must outlive the calls that go through it.
class windowed_retry_budget {
  struct withdrawal {
    std::int64_t part;
  };

 public:
  using ticket = detail::gate_ticket<windowed_retry_budget, withdrawal>;

  /// Throws `std::invalid_argument` for an option outside of its range, and if there could never be a retry.
  explicit windowed_retry_budget(windowed_retry_budget_options o = {})
      : ratio_(detail::require_between("windowed_retry_budget: ratio", "must be from 0 to 1000", o.ratio, 0, 1000)),
        throttled_cost_(
            detail::require_count("windowed_retry_budget: throttled_cost", "must be at least 0", o.throttled_cost, 0)),
        counts_(detail::require_positive("windowed_retry_budget: window", o.window)) {
    detail::require_between("windowed_retry_budget: min_per_second", "must be from 0 to 1000000", o.min_per_second, 0,
                            1e6);
    floor_ = o.min_per_second * 1e-9 * static_cast<double>(o.window.value().count());
    if (ratio_ == 0 && floor_ < whole_retry) {
      invalid_parameter("windowed_retry_budget: min_per_second", "must allow one retry in a window if ratio is 0",
                        o.min_per_second);
    }
  }

  /// Overloads for wrong calls: their message shows how to make a windowed retry budget.
  template <detail::bare_value First, class... More>
  explicit windowed_retry_budget(First, More...) : windowed_retry_budget() {
    static_assert(detail::always_false<First>,
                  "tenax: windowed_retry_budget takes options by name; write windowed_retry_budget({.ratio = 0.2, "
                  ".window = 10s})");
  }

  windowed_retry_budget(windowed_retry_budget const&) = delete;
  windowed_retry_budget& operator=(windowed_retry_budget const&) = delete;

  admission admit(ticket& t, attempt_info const& info, time_point now) {
    if (!info.is_retry()) return admission::go();
    std::lock_guard const lock(mutex_);
    if (t.gate_ != nullptr) return admission::go();
    if (!take(clock_.at(now))) return admission::refuse(exhausted);
    t.grant_ = {counts_.newest()};
    t.gate_ = this;
    return admission::go();
  }

  /// Answers for the present budget; successes of other calls, or the end of a window, may add to it until then.
  admission would_admit(attempt_info const& info, time_point now, time_point) {
    if (info.polls) return admission::go();
    std::lock_guard const lock(mutex_);
    return left_at(clock_.at(now)) < whole_retry ? admission::refuse(exhausted) : admission::go();
  }

  void record(ticket& t, feedback const& f, time_point now) {
    t.gate_ = nullptr;  // spent: not to be given back
    count(f.how, now);
  }

  /// Takes the cost of one retry, if the budget has it. Returns whether it did. For loops of your own.
  [[nodiscard]] bool withdraw(time_point now = real_time::now()) {
    std::lock_guard const lock(mutex_);
    return take(clock_.at(now));
  }

  /// Counts how an attempt ended. For loops of your own.
  void count(feedback::kind how, time_point now = real_time::now()) {
    std::lock_guard const lock(mutex_);
    now = clock_.at(now);
    if (how == feedback::kind::success) counts_.add(now, 1, 0);
    if (how == feedback::kind::throttled) counts_.add(now, 0, throttled_cost_);
  }

  /// The number of retries that would be admitted now.
  [[nodiscard]] std::int64_t balance(time_point now = real_time::now()) {
    std::lock_guard const lock(mutex_);
    auto const left = left_at(clock_.at(now));
    return left < whole_retry ? 0 : static_cast<std::int64_t>(left + (1 - whole_retry));
  }

  /// Until when `keyed` must keep this budget: until the retries that it counts have left the window. `now`: there are
  /// none.
  [[nodiscard]] time_point keep_until(time_point now) const {
    std::lock_guard const lock(mutex_);
    return counts_.counted().second == 0 ? now : clock_.told(counts_.empty_at());
  }

  /// An attempt never waits here; see `gate`.
  [[nodiscard]] static constexpr duration longest_wait() noexcept { return duration::zero(); }

  template <class Out>
  void describe(Out& out) const {
    out.text("a windowed retry budget");
  }

 private:
  friend ticket;

  static constexpr char const* exhausted = "retry budget exhausted";
  // Below 1, because in binary 100 successes of 0.29 each add up to slightly less than 29 retries.
  static constexpr double whole_retry = 1 - 1e-6;

  double left_at(time_point now) {
    auto const [successes, retries] = counts_.total(now);
    return floor_ + ratio_ * static_cast<double>(successes) - static_cast<double>(retries);
  }

  bool take(time_point now) {
    if (left_at(now) < whole_retry) return false;
    counts_.add(now, 0, 1);
    return true;
  }

  void take_back(withdrawal const& w) noexcept {
    std::lock_guard const lock(mutex_);
    counts_.take_back(w.part, 0, 1);
  }

  double const ratio_;
  std::int64_t const throttled_cost_;
  double floor_;
  std::mutex mutable mutex_;
  detail::forward_clock clock_;
  detail::sliding_window counts_;
};

}  // namespace tenax
