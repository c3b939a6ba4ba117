// SPDX-License-Identifier: MIT
// async/hedging.hpp: hedged requests: a second attempt in parallel with a slow one, limited by a budget.
#pragma once

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <tenax/async/latencies.hpp>
#include <tenax/detail/reject.hpp>
#include <tenax/driver/detail/check_shared.hpp>
#include <tenax/environment.hpp>
#include <tenax/gate/gate.hpp>
#include <tenax/observe/hedge_counts.hpp>
#include <tenax/platform/compiler.hpp>

namespace tenax {

/// When to start another attempt in parallel with those that are under way.
struct hedge_options {
  any_duration after =
      std::chrono::milliseconds(100);  ///< the delay; more than zero. With `percentile`: until latencies are known
  double percentile = 0;               ///< delay at this percentile of the latencies, such as 0.95; 0: always `after`
  std::uint32_t at_most = 2;           ///< number of attempts in all; from 2 to 8
  /// False: the call ends when every attempt has ended, so that no attempt outlives the objects that it refers to.
  /// True: the call ends with the first result, and attempts that ignore their cancellation go on alone. Then the
  /// operation must not use objects of the caller: let it own what it needs, as in `[url] { return fetch(url); }`,
  /// never `[&]`. The hedging, its budget and its gates have to outlive these attempts: destroy them when
  /// `hedging::under_way()` is 0.
  bool abandon_losers = false;
};

namespace detail {

/// Used if no budget is given.
struct no_budget {
  struct ticket {};

  admission admit(ticket&, attempt_info const&, time_point) const { return {}; }
  void record(ticket&, feedback const&, time_point) const {}
};
inline no_budget missing_budget{};

/// A call's use of its hedging. Its end is the last thing that a call does with it.
template <class Hedging>
struct hedging_use {
  explicit hedging_use(Hedging& h) noexcept : hedging(h) { hedging.begin_use(); }
  hedging_use(hedging_use const&) = delete;
  hedging_use& operator=(hedging_use const&) = delete;
  ~hedging_use() { hedging.end_use(); }

  Hedging& hedging;
};

}  // namespace detail

/// Starts another attempt when an attempt takes too long, and takes the result that comes first. For reads of which a
/// few are much slower than most. Only for operations that may be made twice.
///
/// A budget is required, because hedges can double the load of a server that has become slow. Use a gate that counts
/// attempts other than the first as retries, preferably a `windowed_retry_budget`, which limits hedges to a share of
/// all calls. The hedging reports every attempt to the budget. The budget must outlive the hedging.
///
/// Calls: `tenax::asio::async_hedged` and `tenax::boost_asio::async_hedged`; for functions that block their thread,
/// `tenax::hedged` of <tenax/async/hedged.hpp>; in any event loop, `tenax::callback_hedged` of
/// <tenax/async/callback_hedged.hpp>; in coroutines of any library, `tenax::coroutine::hedged` of
/// <tenax/async/coroutine_hedged.hpp>.
///
/// Every attempt passes the gates of `.through()`. Inside a retried call whose policy has gates, the policy has
/// admitted the first attempt, and the others pass the policy's gates as well. Give a gate to one of the two, not to
/// both.
///
/// Hedged requests: Dean and Barroso, "The Tail at Scale", CACM 56(2), 2013.
///
/// Thread safety: safe. Share one object between the calls of one kind, because it measures their latencies. It can
/// neither be copied nor moved.
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

  /// Returns the same options with a gate that every attempt passes, the first one and the hedges. Call it where the
  /// hedging is made: `auto reads = tenax::hedging(budget, {.after = 5ms}).through(std::ref(limiter));`. Gates that
  /// were added earlier are asked first. While an attempt waits at a gate, the others go on. A hedge that a gate
  /// refuses is tried again later.
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

  /// Returns how long an attempt may take until another one is started.
  [[nodiscard]] duration delay() const noexcept {
    return options_.percentile > 0 ? seen_.percentile(options_.percentile).value_or(options_.after)
                                   : duration(options_.after);
  }

  [[nodiscard]] std::uint32_t at_most() const noexcept { return options_.at_most; }
  /// Whether a call ends with the first result, before its other attempts have ended.
  [[nodiscard]] bool abandons_losers() const noexcept { return options_.abandon_losers; }
  [[nodiscard]] Gates const& gates() const noexcept { return gates_; }
  [[nodiscard]] Budget& budget() const noexcept { return *budget_; }
  [[nodiscard]] Environment const& environment() const noexcept { return environment_; }

  /// Records how long the first attempt of a call took.
  void record(duration d) noexcept { seen_.record(d); }
  /// Records a lower bound for the time of a call's first attempt, when a hedge has decided the call.
  void record_at_least(duration d) noexcept { seen_.record_at_least(d); }
  /// Returns the recorded latencies.
  [[nodiscard]] latencies const& seen() const noexcept { return seen_; }

  /// Returns the number of hedges started.
  [[nodiscard]] std::uint64_t hedged() const noexcept {
    std::uint64_t all = 0;
    for (auto const& n : with_at_least_) all += load(n);
    return all;
  }
  /// Returns the numbers of all calls so far.
  [[nodiscard]] hedge_counts counts() const noexcept {
    // A hedge ends after it has started, so these never add up to more than `hedges`.
    hedge_counts c{.won = load(won_), .lost = load(lost_)};
    c.hedges = hedged();
    c.calls = load(calls_);
    return c;
  }
  /// Returns how many hedges the calls so far had.
  [[nodiscard]] hedges_per_call per_call() const noexcept {
    hedges_per_call h{};
    std::uint64_t more = 0;  // from the last number on, because a call's second hedge starts after its first
    for (auto i = hedges_per_call::most; i-- > 0;) {
      auto const at_least = load(with_at_least_[i]);
      h.calls_with[i] = at_least - more;
      more = at_least;
    }
    return h;
  }

  /// Returns the number of calls that use this object: those that have not ended, and those that have ended and whose
  /// abandoned attempts go on. When it is 0 and no call begins any more, the hedging, its budget, its gates, and what
  /// abandoned attempts refer to may be destroyed: their operations have been destroyed, and gates were told.
  [[nodiscard]] std::uint64_t under_way() const noexcept { return load(under_way_); }

  // For the drivers.
  void begin_use() noexcept { add(under_way_); }
  void end_use() noexcept { under_way_.fetch_sub(1, std::memory_order_acq_rel); }
  void count_call() noexcept { add(calls_); }
  /// `nth`: 1 for the first hedge of a call.
  void count_hedge(std::size_t nth) noexcept { add(with_at_least_[nth - 1]); }
  void count_end_of_hedge(bool won) noexcept { add(won ? won_ : lost_); }

 private:
  template <gate OtherBudget, class OtherEnvironment, class OtherGates>
  friend class hedging;

  using number = std::atomic<std::uint64_t>;

  static std::uint64_t load(number const& n) noexcept { return n.load(std::memory_order_acquire); }
  static void add(number& n) noexcept { n.fetch_add(1, std::memory_order_acq_rel); }

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
  number calls_{0};
  number with_at_least_[hedges_per_call::most]{};  ///< calls with at least one hedge, with two, ...
  number won_{0};
  number lost_{0};
  number under_way_{0};
};

hedging(hedge_options) -> hedging<detail::no_budget>;

/// The budget may be given by `std::ref`, as a gate to `retrying::through`.
template <class Reference, class Environment = real_time>
  requires requires(Reference const& r) {
    typename Reference::type;
    { r.get() } -> std::same_as<typename Reference::type&>;
  }
hedging(Reference, hedge_options = {}, Environment = {}) -> hedging<typename Reference::type, Environment>;

}  // namespace tenax
