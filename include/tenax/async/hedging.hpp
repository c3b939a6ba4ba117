// SPDX-License-Identifier: MIT
// async/hedging.hpp: when a slow call is worth a second one beside it.
#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>
#include <utility>

#include <tenax/async/latencies.hpp>
#include <tenax/detail/reject.hpp>
#include <tenax/driver/detail/check_shared.hpp>
#include <tenax/environment.hpp>
#include <tenax/gate/gate.hpp>
#include <tenax/platform/compiler.hpp>

namespace tenax {

/// When another attempt joins those that are under way.
struct hedge_options {
  any_duration after =
      std::chrono::milliseconds(100);  ///< more than zero; until latencies are known, if `percentile` is set
  double percentile = 0;               ///< at this share of the latencies seen, such as 0.95; 0: always after `after`
  std::uint32_t at_most = 2;           ///< attempts in all; from 2 to 8
  /// False: the call ends when every attempt has ended, so that none outlives what it refers to. True: the call ends with
  /// the first result. Attempts that ignore their cancellation go on alone. Then nothing that the operation uses may
  /// belong to the caller: let it own what it needs, as in `[url] { return fetch(url); }`, never `[&]`. The hedging, its
  /// budget and its gates have to outlive these attempts.
  bool abandon_losers = false;
};

namespace detail {

/// Stands in the place of a budget that was not given.
struct no_budget {
  struct ticket {};

  admission admit(ticket&, attempt_info const&, time_point) const { return {}; }
  void record(ticket&, feedback const&, time_point) const {}
};
inline no_budget missing_budget{};

}  // namespace detail

/// Starts another attempt when one takes long, and takes the result that comes first: for slow reads, of which a few are much
/// slower than most. Only for operations that may be made twice.
///
/// There is none without a budget, because hedges double the load of a server that has become slow: a gate that admits
/// attempts other than the first as retries, best a `windowed_retry_budget`, which lets hedges be a share of all calls. The
/// attempts are reported to it. It outlives the hedging.
///
/// Every attempt passes the gates of `.through()`. Within a retried call whose policy has gates, the policy has admitted
/// the first attempt, and the others pass the policy's gates as well. Give a gate to one of the two, not to both.
///
/// Hedged requests: Dean and Barroso, "The Tail at Scale", CACM 56(2), 2013.
///
/// Thread safety: safe. Shared by the calls of one kind, because it knows their latencies; it neither copies nor moves.
template <gate Budget, class Environment = real_time, class Gates = detail::no_gates>
class hedging {
 public:
  using budget_type = Budget;
  using environment_type = Environment;
  using gates_type = Gates;

  /// Throws `std::invalid_argument` for an option outside of its range. `environment`: as for `retrying::environment`.
  explicit hedging(Budget& budget, hedge_options o = {}, Environment environment = {})
    requires(Gates::empty)
      : hedging(budget, o, std::move(environment), Gates()) {}

  explicit hedging(hedge_options o)
    requires(std::same_as<Budget, detail::no_budget>)
      : hedging(detail::missing_budget, o) {
    static_assert(detail::always_false<Budget>,
                  "tenax: hedging() needs a budget, because hedges double the load of a slow server: a "
                  "tenax::windowed_retry_budget, as in hedging(budget, {.after = 5ms})");
  }

  /// The same options, with a gate that every attempt passes, the first one and the hedges. Write it where the hedging is
  /// made: `auto reads = tenax::hedging(budget, {.after = 5ms}).through(std::ref(limiter));`. Gates that were added earlier
  /// are asked first. While an attempt waits at a gate, the others go on. A hedge that a gate refuses is asked for again.
  template <class G>
  [[nodiscard]] auto through(G const& g) const {
    if constexpr (detail::check_gate<G>()) {
      using more = detail::gates<Gates, G>;
      return hedging<Budget, Environment, more>(*budget_, options_, environment_, more(gates_, g));
    } else {
      return hedging<Budget, Environment, Gates>(*budget_, options_, environment_, gates_);
    }
  }

  hedging(hedging const&) = delete;
  hedging& operator=(hedging const&) = delete;

  /// How long an attempt may take until another one joins it.
  [[nodiscard]] duration delay() const noexcept {
    return options_.percentile > 0 ? seen_.percentile(options_.percentile).value_or(options_.after)
                                   : duration(options_.after);
  }

  [[nodiscard]] std::uint32_t at_most() const noexcept { return options_.at_most; }
  /// Whether calls end before attempts that are of no more use have ended.
  [[nodiscard]] bool abandons_losers() const noexcept { return options_.abandon_losers; }
  [[nodiscard]] Gates const& gates() const noexcept { return gates_; }
  [[nodiscard]] Budget& budget() const noexcept { return *budget_; }
  [[nodiscard]] Environment const& environment() const noexcept { return environment_; }

  /// Counts how long the first attempt of a call took.
  void record(duration d) noexcept { seen_.record(d); }
  /// Counts how long the first attempt of a call took at least: a hedge has decided the call.
  void record_at_least(duration d) noexcept { seen_.record_at_least(d); }
  /// What has been counted.
  [[nodiscard]] latencies const& seen() const noexcept { return seen_; }

  /// Hedges started.
  [[nodiscard]] std::uint64_t hedged() const noexcept { return hedged_.load(std::memory_order_relaxed); }
  void count_hedge() noexcept { hedged_.fetch_add(1, std::memory_order_relaxed); }

 private:
  template <gate OtherBudget, class OtherEnvironment, class OtherGates>
  friend class hedging;

  hedging(Budget& budget, hedge_options o, Environment environment, Gates gates)
      : budget_(&budget), environment_(std::move(environment)), gates_(std::move(gates)), options_(o) {
    detail::require_positive("hedging: after", o.after);
    detail::require_between("hedging: percentile", "must be from 0 to 1", o.percentile, 0, 1);
    detail::require_between("hedging: at_most", "must be from 2 to 8", o.at_most, 2, 8);
  }

  Budget* budget_;
  Environment environment_;
  TENAX_NO_UNIQUE_ADDRESS Gates gates_;
  hedge_options options_;
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
