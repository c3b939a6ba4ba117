// SPDX-License-Identifier: MIT
// gate/retry_budget.hpp: retry budget (retry throttling): refuses retries while too many attempts fail.
#pragma once

#include <tenax/detail/reject.hpp>
#include <tenax/gate/gate.hpp>
#include <tenax/platform/shared_number.hpp>

namespace tenax {

/// The options of a retry budget. Tokens are counted in millionths.
struct retry_budget_options {
  std::int64_t tokens = 10;   ///< the greatest number of tokens, and the number at first; from 1 to 1000000
  double ratio = 0.1;         ///< tokens that a success adds; from 0.000001 to `tokens`
  double failure_cost = 1;    ///< tokens that a failure takes; from 0.000001 to `tokens`
  double throttled_cost = 1;  ///< tokens that a throttled attempt takes; from 0.000001 to `tokens`
};

/// Refuses retries, never first attempts, while half of its tokens or fewer are left: every failure takes some, every
/// success adds a few. So single failures are retried, and an outage is not: in the long run, retries need at most
/// `ratio` failures per success. Use one budget per server, or group of servers: failures of one server are no reason
/// to stop retries at another.
///
/// As the retry throttling of gRPC, https://github.com/grpc/proposal/blob/master/A6-client-retries.md. Not for clients
/// that make few calls: ten failures in a row exhaust it, and only successes refill it, not time; see
/// `windowed_retry_budget`.
///
/// Answers that reject a request, failures that the policy does not retry, and cancelled or abandoned attempts change
/// nothing. A retry itself costs nothing, but its failure does.
///
/// Thread safety: safe, without a lock. Neither copied nor moved; must outlive the calls that go through it.
class retry_budget {
 public:
  struct ticket {};

  /// Throws `std::invalid_argument` for an option outside of its range.
  explicit retry_budget(retry_budget_options o = {})
      : most_(unit * static_cast<std::int64_t>(detail::require_between(
                         "retry_budget: tokens", "must be from 1 to 1000000", static_cast<double>(o.tokens), 1, 1e6))),
        ratio_(millionths("retry_budget: ratio", o.ratio)),
        failure_cost_(millionths("retry_budget: failure_cost", o.failure_cost)),
        throttled_cost_(millionths("retry_budget: throttled_cost", o.throttled_cost)),
        tokens_(most_) {}

  /// Overloads for wrong calls: their message shows how to make a retry budget.
  template <detail::bare_value First, class... More>
  explicit retry_budget(First, More...) : retry_budget() {
    static_assert(detail::always_false<First>,
                  "tenax: retry_budget takes options by name; write retry_budget({.tokens = 10, .ratio = 0.1})");
  }

  retry_budget(retry_budget const&) = delete;
  retry_budget& operator=(retry_budget const&) = delete;

  admission admit(ticket&, attempt_info const& info, time_point) const noexcept {
    return !info.is_retry() || may_retry() ? admission::go() : admission::refuse("retry budget exhausted");
  }

  /// Answers for the present tokens; successes of other calls may add some until then.
  admission would_admit(attempt_info const& info, time_point, time_point) const noexcept {
    ticket none;
    return admit(none, info, {});
  }

  void record(ticket&, feedback const& f, time_point) noexcept { count(f.how); }

  /// Whether a retry is admitted now: more than half of the tokens are left. For loops of your own.
  [[nodiscard]] bool may_retry() const noexcept { return 2 * tokens_.load_relaxed() > most_; }

  /// Counts how an attempt ended. For loops of your own.
  void count(feedback::kind how) noexcept {
    switch (how) {
      case feedback::kind::success: return add(ratio_);
      case feedback::kind::failure: return add(-failure_cost_);
      case feedback::kind::throttled: return add(-throttled_cost_);
      case feedback::kind::answered:
      case feedback::kind::cancelled:
      case feedback::kind::unknown: return;
    }
  }

  /// The number of tokens that are left.
  [[nodiscard]] double tokens() const noexcept {
    return static_cast<double>(tokens_.load_relaxed()) / static_cast<double>(unit);
  }

  /// An attempt never waits here; see `gate`.
  [[nodiscard]] static constexpr duration longest_wait() noexcept { return duration::zero(); }

  template <class Out>
  void describe(Out& out) const {
    out.text("a retry budget");
  }

 private:
  static constexpr std::int64_t unit = 1'000'000;

  std::int64_t millionths(char const* parameter, double value) const {
    auto const most = static_cast<double>(most_);
    detail::require_between(parameter, "must be from 0.000001 to the number of tokens", value, 1e-6, most / unit);
    return static_cast<std::int64_t>(value * unit + 0.5);
  }

  void add(std::int64_t change) noexcept {
    auto now = tokens_.load_relaxed();
    std::int64_t next = 0;
    do {
      next = now + change;
      if (next < 0) next = 0;
      if (next > most_) next = most_;
    } while (next != now && !tokens_.replace_relaxed(now, next));
  }

  std::int64_t const most_;
  std::int64_t const ratio_;
  std::int64_t const failure_cost_;
  std::int64_t const throttled_cost_;
  platform::shared_number<std::int64_t> tokens_;
};

}  // namespace tenax
