// SPDX-License-Identifier: MIT
// gate/retry_quota.hpp: retry quota (token bucket of retries): each retry has a price, by the kind of failure before
// it.
#pragma once

#include <cstdint>
#include <optional>

#include <tenax/detail/reject.hpp>
#include <tenax/gate/detail/ticket.hpp>
#include <tenax/gate/gate.hpp>
#include <tenax/platform/shared_number.hpp>

namespace tenax {

/// The options of a retry quota; the defaults are `aws_2026()`. Tokens are counted in millionths. Every number of
/// tokens is from 0 to `tokens`; the two costs must not both be zero.
struct retry_quota_options {
  std::int64_t tokens = 500;              ///< the greatest number of tokens, and the number at first; 1 to 1000000
  double retry_cost = 14;                 ///< tokens that a retry takes
  double throttled_retry_cost = 5;        ///< tokens that a retry takes after a throttled attempt
  double success = 1;                     ///< tokens that a successful first attempt adds
  std::optional<double> retry_success{};  ///< tokens that a successful retry adds; if not given, what it took
  double retry_failure = 0;               ///< tokens that a retry adds that fails for another reason than its rate

  /// The retry quota of the AWS SDKs from 2026 on, standard mode. AWS SDKs and Tools Reference Guide, "Retry behavior".
  [[nodiscard]] static constexpr retry_quota_options aws_2026() { return {}; }

  /// The retry budget of MongoDB's drivers, "Client Backpressure", adaptive retry policy: only retries of overload
  /// errors (throttled attempts) cost a token. https://github.com/mongodb/specifications, source/client-backpressure.
  [[nodiscard]] static constexpr retry_quota_options mongodb() {
    return {.tokens = 1000,
            .retry_cost = 0,
            .throttled_retry_cost = 1,
            .success = 0.1,
            .retry_success = 1.1,
            .retry_failure = 1};
  }
};

/// Refuses retries, never first attempts, that cost more tokens than are left. A retry pays when it is decided, before
/// its wait, and the price depends on the failure that it repeats. A success gives tokens back. So single failures are
/// retried, and in an outage retries end soon.
///
/// A retry that never starts gives back what it paid. A retry that did not come through a policy (a hedge, a loop of
/// your own that calls `admit` alone) costs `retry_cost`. Polls cost nothing, and count as first attempts.
///
/// Unlike `retry_budget`, failures themselves cost nothing: a program whose failures are not worth a retry does not use
/// up its quota.
///
/// Thread safety: safe, without a lock. Neither copied nor moved; must outlive the calls that go through it.
class retry_quota {
  struct payment {
    std::int64_t paid;
  };

 public:
  using ticket = detail::gate_ticket<retry_quota, payment>;

  /// Throws `std::invalid_argument` for an option outside of its range, and if no retry would ever be refused.
  explicit retry_quota(retry_quota_options const& o = {})
      : most_(unit * static_cast<std::int64_t>(detail::require_between(
                         "retry_quota: tokens", "must be from 1 to 1000000", static_cast<double>(o.tokens), 1, 1e6))),
        retry_cost_(millionths("retry_quota: retry_cost", o.retry_cost)),
        throttled_retry_cost_(millionths("retry_quota: throttled_retry_cost", o.throttled_retry_cost)),
        success_(millionths("retry_quota: success", o.success)),
        retry_success_(o.retry_success ? millionths("retry_quota: retry_success", *o.retry_success) : as_paid),
        retry_failure_(millionths("retry_quota: retry_failure", o.retry_failure)),
        tokens_(most_) {
    if (retry_cost_ == 0 && throttled_retry_cost_ == 0) {
      invalid_parameter("retry_quota: retry_cost", "must be more than 0 if throttled_retry_cost is 0", o.retry_cost);
    }
  }

  /// Overloads for wrong calls: their message shows how to make a quota.
  template <detail::bare_value First, class... More>
  explicit retry_quota(First, More...) : retry_quota() {
    static_assert(detail::always_false<First>,
                  "tenax: retry_quota takes options by name; write retry_quota({.tokens = 500, .retry_cost = 14})");
  }

  retry_quota(retry_quota const&) = delete;
  retry_quota& operator=(retry_quota const&) = delete;

  admission admit(ticket& t, attempt_info const& info, time_point) noexcept {
    return t.gate_ != nullptr || !info.is_retry() ? admission::go() : pay(t, retry_cost_);
  }

  /// Takes the price of a retry, before its wait.
  admission reserve_retry(ticket& t, attempt_info const& info, feedback::kind how, time_point, time_point) noexcept {
    if (!info.is_retry()) return admission::go();
    return pay(t, how == feedback::kind::throttled ? throttled_retry_cost_ : retry_cost_);
  }

  void record(ticket& t, feedback const& f, time_point) noexcept {
    bool const retry = t.gate_ != nullptr;
    t.gate_ = nullptr;  // paid
    switch (f.how) {
      case feedback::kind::success:
        if (!retry) return add(success_);
        return add(retry_success_ == as_paid ? t.grant_.paid : retry_success_);
      case feedback::kind::failure:
      case feedback::kind::answered:
      case feedback::kind::unknown:
        if (retry) add(retry_failure_);
        return;
      case feedback::kind::throttled:
      case feedback::kind::cancelled: return;
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
    out.text("a retry quota");
  }

 private:
  friend ticket;

  static constexpr std::int64_t unit = 1'000'000;
  static constexpr std::int64_t as_paid = -1;

  std::int64_t millionths(char const* parameter, double value) const {
    auto const most = static_cast<double>(most_);
    detail::require_between(parameter, "must be from 0 to the number of tokens", value, 0, most / unit);
    return static_cast<std::int64_t>(value * unit + 0.5);
  }

  admission pay(ticket& t, std::int64_t price) noexcept {
    auto now = tokens_.load_relaxed();
    do {
      if (now < price) return admission::refuse("retry quota exhausted");
    } while (price != 0 && !tokens_.replace_relaxed(now, now - price));
    t.grant_ = {price};
    t.gate_ = this;
    return admission::go();
  }

  void add(std::int64_t change) noexcept {
    auto now = tokens_.load_relaxed();
    std::int64_t next = 0;
    do {
      next = now + change < most_ ? now + change : most_;
    } while (next != now && !tokens_.replace_relaxed(now, next));
  }

  void take_back(payment const& p) noexcept { add(p.paid); }

  std::int64_t const most_;
  std::int64_t const retry_cost_;
  std::int64_t const throttled_retry_cost_;
  std::int64_t const success_;
  std::int64_t const retry_success_;
  std::int64_t const retry_failure_;
  platform::shared_number<std::int64_t> tokens_;
};

}  // namespace tenax
