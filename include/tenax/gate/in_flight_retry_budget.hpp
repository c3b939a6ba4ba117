// SPDX-License-Identifier: MIT
// gate/in_flight_retry_budget.hpp: retry budget as a share of the attempts in flight; limits concurrent retries.
#pragma once

#include <cstdint>

#include <tenax/detail/reject.hpp>
#include <tenax/gate/detail/ticket.hpp>
#include <tenax/gate/gate.hpp>
#include <tenax/platform/shared_number.hpp>

namespace tenax {

/// The options. `ratio` and `min_retries` must not both be zero.
struct in_flight_retry_budget_options {
  double ratio = 0.2;            ///< retries per attempt in flight; from 0 to 1, counted in millionths
  std::int64_t min_retries = 3;  ///< retries in flight that need no other attempts; from 0 to 1000000
};

/// Refuses retries, never first attempts, while the retries in flight are more than a share of all attempts in flight:
/// a retry is admitted if there are then at most `max(min_retries, ratio * in_flight)` retries. So retries never
/// multiply the load at a moment by more than `1 / (1 - ratio)`, apart from `min_retries`. No time and no past counts:
/// the budget works from the first call on, and it is free again when the load is.
///
/// In flight are the attempts that are under way, and the retries that wait for their turn: a retry holds its share
/// from the decision to retry until its end. Concurrent callers never take more than the budget. When other attempts
/// end, the retries that hold a share keep it. Hedges count as retries: give the same budget to the policy and to the
/// `hedging`.
///
/// As `retry_budget` in Envoy's circuit breakers (`budget_percent`, `min_retry_concurrency`), but waits count.
///
/// Thread safety: safe, without a lock. Neither copied nor moved; must outlive the calls that go through it.
class in_flight_retry_budget {
  struct share {
    bool retry;
  };

 public:
  using ticket = detail::gate_ticket<in_flight_retry_budget, share>;

  /// Throws `std::invalid_argument` for an option outside of its range, and if there could never be a retry.
  explicit in_flight_retry_budget(in_flight_retry_budget_options o = {})
      : ratio_(static_cast<std::uint64_t>(
            detail::require_between("in_flight_retry_budget: ratio", "must be from 0 to 1", o.ratio, 0, 1) * 1e6 +
            0.5)),
        least_(static_cast<std::uint64_t>(detail::require_between("in_flight_retry_budget: min_retries",
                                                                  "must be from 0 to 1000000",
                                                                  static_cast<double>(o.min_retries), 0, 1e6))) {
    if (ratio_ == 0 && least_ == 0) {
      invalid_parameter("in_flight_retry_budget: min_retries", "must be at least 1 if ratio is 0",
                        static_cast<double>(o.min_retries));
    }
  }

  /// Overloads for wrong calls: their message shows how to make a budget.
  template <detail::bare_value First, class... More>
  explicit in_flight_retry_budget(First, More...) : in_flight_retry_budget() {
    static_assert(detail::always_false<First>,
                  "tenax: in_flight_retry_budget takes options by name; write in_flight_retry_budget({.ratio = 0.2, "
                  ".min_retries = 3})");
  }

  in_flight_retry_budget(in_flight_retry_budget const&) = delete;
  in_flight_retry_budget& operator=(in_flight_retry_budget const&) = delete;

  admission admit(ticket& t, attempt_info const& info, time_point) noexcept {
    if (t.gate_ != nullptr) return admission::go();
    return take(t, info.is_retry());
  }

  /// Takes the share of a retry, which it holds during its wait.
  admission reserve_retry(ticket& t, attempt_info const& info, feedback::kind, time_point, time_point) noexcept {
    return info.is_retry() ? take(t, true) : admission::go();
  }

  void record(ticket& t, feedback const&, time_point) noexcept { t = {}; }

  /// The number of attempts in flight, retries that wait included.
  [[nodiscard]] std::uint32_t in_flight() const noexcept { return low(counts_.load_relaxed()); }
  /// The number of retries among them.
  [[nodiscard]] std::uint32_t retries() const noexcept { return high(counts_.load_relaxed()); }

  /// An attempt never waits here; see `gate`.
  [[nodiscard]] static constexpr duration longest_wait() noexcept { return duration::zero(); }

  template <class Out>
  void describe(Out& out) const {
    out.text("a retry budget of attempts in flight");
  }

 private:
  friend ticket;

  // Both counts in one number: the attempts in the lower half, the retries in the upper half.
  static constexpr std::uint64_t one_attempt = 1;
  static constexpr std::uint64_t one_retry = (std::uint64_t(1) << 32) + one_attempt;
  static constexpr std::uint32_t low(std::uint64_t counts) noexcept { return static_cast<std::uint32_t>(counts); }
  static constexpr std::uint32_t high(std::uint64_t counts) noexcept {
    return static_cast<std::uint32_t>(counts >> 32);
  }

  admission take(ticket& t, bool retry) noexcept {
    if (!retry) {
      counts_.fetch_add_relaxed(one_attempt);
    } else {
      auto counts = counts_.load_relaxed();
      do {
        auto const most = ratio_ * (std::uint64_t(low(counts)) + 1) / 1'000'000;
        if (high(counts) >= (most < least_ ? least_ : most)) return admission::refuse("retry budget exhausted");
      } while (!counts_.replace_relaxed(counts, counts + one_retry));
    }
    t.grant_ = {retry};
    t.gate_ = this;
    return admission::go();
  }

  void take_back(share const& s) noexcept { counts_.fetch_sub_relaxed(s.retry ? one_retry : one_attempt); }

  std::uint64_t const ratio_;  // in millionths
  std::uint64_t const least_;
  platform::shared_number<std::uint64_t> counts_{0};
};

}  // namespace tenax
