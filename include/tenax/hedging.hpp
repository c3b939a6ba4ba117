// SPDX-License-Identifier: MIT
// hedging.hpp: when a slow call is worth a second one beside it.
#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>
#include <utility>

#include <tenax/detail/reject.hpp>
#include <tenax/environment.hpp>
#include <tenax/gate/gate.hpp>
#include <tenax/latencies.hpp>

namespace tenax {

/// When another attempt joins those that are under way.
struct hedge_options {
  any_duration after =
      std::chrono::milliseconds(100);  ///< more than zero; until latencies are known, if `percentile` is set
  double percentile = 0;               ///< at this share of the latencies seen, such as 0.95; 0: always after `after`
  std::uint32_t at_most = 2;           ///< attempts in all; from 2 to 8
};

namespace detail {

/// Stands in the place of a budget that was not given.
struct no_budget {
  struct ticket {};

  admission admit(ticket&, attempt_info const&, time_point) const { return {}; }
  void report(ticket&, feedback const&, time_point) const {}
};
inline no_budget missing_budget{};

}  // namespace detail

/// Starts another attempt when one takes long, and takes the result that comes first: for slow reads, of which a few are much
/// slower than most. Only for operations that may be made twice.
///
/// There is none without a budget, because hedges double the load of a server that has become slow: a gate that admits
/// attempts other than the first as retries, best a `windowed_retry_budget`, which lets hedges be a share of all calls. The
/// attempts are told to it, too. It outlives the hedging.
///
/// Hedged requests: Dean and Barroso, "The Tail at Scale", CACM 56(2), 2013.
///
/// Thread safety: safe. Shared by the calls of one kind, because it knows their latencies; it neither copies nor moves.
template <gate Budget, class Environment = real_time>
class hedging {
 public:
  using budget_type = Budget;
  using environment_type = Environment;

  /// Throws `std::invalid_argument` for an option outside of its range. `environment`: as for `retrying::environment`.
  explicit hedging(Budget& budget, hedge_options o = {}, Environment environment = {})
      : budget_(&budget),
        environment_(std::move(environment)),
        after_(detail::require_positive("hedging: after", o.after)),
        percentile_(detail::require_between("hedging: percentile", "must be from 0 to 1", o.percentile, 0, 1)),
        at_most_(static_cast<std::uint32_t>(
            detail::require_between("hedging: at_most", "must be from 2 to 8", o.at_most, 2, 8))) {}

  explicit hedging(hedge_options o)
    requires(std::same_as<Budget, detail::no_budget>)
      : hedging(detail::missing_budget, o) {
    static_assert(detail::always_false<Budget>,
                  "tenax: hedging() needs a budget, because hedges double the load of a slow server: a "
                  "tenax::windowed_retry_budget, as in hedging(budget, {.after = 5ms})");
  }

  hedging(hedging const&) = delete;
  hedging& operator=(hedging const&) = delete;

  /// How long an attempt may take until another one joins it.
  [[nodiscard]] duration delay() const noexcept {
    return percentile_ > 0 ? seen_.percentile(percentile_).value_or(after_) : after_;
  }

  [[nodiscard]] std::uint32_t at_most() const noexcept { return at_most_; }
  [[nodiscard]] Budget& budget() const noexcept { return *budget_; }
  [[nodiscard]] Environment const& environment() const noexcept { return environment_; }

  /// Counts how long an attempt took that gave the result.
  void record(duration d) noexcept { seen_.record(d); }
  /// What has been counted.
  [[nodiscard]] latencies const& seen() const noexcept { return seen_; }

  /// Hedges started.
  [[nodiscard]] std::uint64_t hedged() const noexcept { return hedged_.load(std::memory_order_relaxed); }
  void count_hedge() noexcept { hedged_.fetch_add(1, std::memory_order_relaxed); }

 private:
  Budget* budget_;
  Environment environment_;
  duration after_;
  double percentile_;
  std::uint32_t at_most_;
  latencies seen_{};
  std::atomic<std::uint64_t> hedged_{0};
};

hedging(hedge_options) -> hedging<detail::no_budget>;

/// The budget may also be given by `std::ref`, as to `retrying::through`.
template <class Reference, class Environment = real_time>
  requires requires(Reference const& r) {
    typename Reference::type;
    { r.get() } -> std::same_as<typename Reference::type&>;
  }
hedging(Reference, hedge_options = {}, Environment = {}) -> hedging<typename Reference::type, Environment>;

}  // namespace tenax
