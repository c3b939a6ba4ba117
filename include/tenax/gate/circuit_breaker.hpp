// SPDX-License-Identifier: MIT
// gate/circuit_breaker.hpp: stops calling what fails all the time, and looks now and then whether it works again.
#pragma once

#include <mutex>
#include <type_traits>
#include <utility>

#include <tenax/detail/circuit_changes.hpp>
#include <tenax/detail/gate_ticket.hpp>
#include <tenax/detail/reject.hpp>
#include <tenax/detail/sliding_window.hpp>
#include <tenax/gate/call.hpp>

namespace tenax {

/// What a circuit breaker lets through.
enum class circuit_state : unsigned char {
  closed,     ///< everything: the normal state
  open,       ///< nothing, until its time has passed
  half_open,  ///< a few probes, whose results decide
  isolated    ///< nothing, until `close()`
};

[[nodiscard]] constexpr char const* to_string(circuit_state s) noexcept {
  switch (s) {
    case circuit_state::closed: return "closed";
    case circuit_state::open: return "open";
    case circuit_state::half_open: return "half-open";
    case circuit_state::isolated: return "isolated";
  }
  return "?";
}

/// When a circuit breaker opens, and for how long. With neither `failures` nor `failure_ratio` it opens after 5 failures
/// in a row; with both, when either is reached.
struct circuit_breaker_options {
  std::optional<std::int64_t> failures{};           ///< failures in a row; at least 1
  std::optional<double> failure_ratio{};            ///< share of the calls in `window`; above 0, at most 1
  std::optional<any_duration> window{};             ///< with `failure_ratio`: more than zero; 30 s if not given
  std::optional<std::int64_t> minimum_calls{};      ///< with `failure_ratio`: below it no ratio counts; 20 if not given
  bool count_throttled = true;                      ///< whether being throttled is a failure; otherwise it says nothing
  any_duration open_for = std::chrono::seconds(5);  ///< more than zero
  double open_factor = 2;                           ///< how much longer after each probe that failed; at least 1
  std::optional<any_duration> max_open{};  ///< not below `open_for`; if not given, the longer one of 1 minute and it
  double open_jitter = 0.2;                ///< which share of that time is drawn at random; from 0 to 1
  std::int64_t probes = 1;                 ///< how many attempts are under way at once when half-open; at least 1
  std::int64_t successes_to_close = 1;     ///< successes of probes, without a failure between them; at least 1
};

/// The observer of a breaker that nobody observes.
struct no_circuit_observer {};

/// Refuses attempts for a while when too many have failed, so that a server that is down is not asked, and its clients
/// learn it at once. After that while a few attempts pass as probes: their success closes the circuit, a failure opens it
/// again, for longer. Nygard, "Release It!", 2nd edition, 5.2. Each time open is `d * (1 - open_jitter * U[0,1))`, where
/// `d` grows from `open_for` by `open_factor` up to `max_open`: many clients that lost a server together do not come back
/// together.
///
/// Failures are what policies retry (`feedback::kind::failure`), and throttled attempts. An answer that rejects the request
/// is as good as a success: the other side is well. Cancelled and abandoned attempts, and exceptions that the policy does
/// not retry, say nothing; if they were probes, another one may start. What was admitted before a change of state does not count
/// after it. A half-open circuit waits for its probes for as long as they take: give attempts a timeout.
///
/// `observer(from, to, now)` is called after every change, in their order, outside of the lock and by one thread at a
/// time. Its exceptions end the call that was told.
///
/// Thread safety: safe. It neither copies nor moves, and outlives the calls that go through it.
template <class Observer = no_circuit_observer>
class circuit_breaker {
  struct pass {
    std::uint64_t generation;
    random_source* random;
  };

 public:
  using ticket = detail::gate_ticket<circuit_breaker, pass>;

  /// Throws `std::invalid_argument` for an option outside of its range, for `window` and `minimum_calls` without
  /// `failure_ratio`, and for `max_open < open_for`.
  explicit circuit_breaker(circuit_breaker_options o = {}, Observer observer = {})
      : circuit_breaker(checked(o), std::move(observer), 0) {}

  circuit_breaker(circuit_breaker const&) = delete;
  circuit_breaker& operator=(circuit_breaker const&) = delete;

  admission admit(ticket& t, attempt_info const& info, time_point now) {
    std::unique_lock lock(mutex_);
    if (t.gate_ != nullptr && t.grant_.generation == generation_) return admission::go();
    t.gate_ = nullptr;
    if (state_ == circuit_state::open && now >= open_until_) change(circuit_state::half_open, now);
    auto const answer = ask(now);
    if (answer.answer == admission::verdict::go) {
      if (state_ == circuit_state::half_open) ++probing_;
      t.grant_ = {generation_, info.random};
      t.gate_ = this;
    }
    tell(lock);
    return answer;
  }

  /// Refuses what would find the circuit open still, or isolated.
  admission foresee(attempt_info const&, time_point now, time_point then) const {
    std::lock_guard const lock(mutex_);
    if (state_ == circuit_state::isolated || (state_ == circuit_state::open && then < open_until_)) return ask(now);
    return admission::go();
  }

  void report(ticket& t, feedback const& f, time_point now) {
    std::unique_lock lock(mutex_);
    if (t.gate_ == nullptr) return;
    t.gate_ = nullptr;
    if (t.grant_.generation != generation_) return;
    if (state_ == circuit_state::half_open) --probing_;
    if (f.how == feedback::kind::success || f.how == feedback::kind::answered) {
      succeeded(now);
    } else if (f.how == feedback::kind::failure || (f.how == feedback::kind::throttled && options_.count_throttled)) {
      failed(now, t.grant_.random);
    }
    tell(lock);
  }

  /// Calls `f()` if the circuit lets it through, and counts how it ends. Throws `tenax::refused` if it does not, and what
  /// `f` throws. `environment` brings the time; without one it is real.
  template <class F>
  decltype(auto) call(F&& f) {
    return call_through(*this, std::forward<F>(f));
  }
  template <class F, class Environment>
  decltype(auto) call(F&& f, Environment& environment) {
    return call_through(*this, std::forward<F>(f), environment);
  }

  /// What it lets through. An open circuit becomes half-open when the first call asks after its time.
  [[nodiscard]] circuit_state state() const {
    std::lock_guard const lock(mutex_);
    return state_;
  }

  /// Opens it, as a failure would; starts its time again if it is open. An isolated circuit stays so.
  void open(time_point now = real_time::now()) {
    std::unique_lock lock(mutex_);
    if (state_ != circuit_state::isolated) open_circuit(now, nullptr);
    tell(lock);
  }

  /// Opens it until `close()`, whatever time passes: for operators.
  void isolate(time_point now = real_time::now()) { become(circuit_state::isolated, now); }

  /// Closes it, whatever it was, and forgets the failures so far.
  void close(time_point now = real_time::now()) { become(circuit_state::closed, now); }

  template <class Out>
  void describe(Out& out) const {
    out.text("a circuit breaker");
  }

 private:
  friend ticket;
  static constexpr bool observed = !std::is_same_v<Observer, no_circuit_observer>;

  circuit_breaker(circuit_breaker_options const& o, Observer observer, int)
      : options_(o), window_(*o.window), next_open_(o.open_for), changes_(std::move(observer)) {}

  /// The options with every default in its place.
  static circuit_breaker_options checked(circuit_breaker_options o) {
    using namespace detail;
    auto const least = [](char const* name, std::int64_t value) {
      require_count(name, "must be at least 1", value, 1);
    };
    if (!o.failure_ratio) {
      if (o.window) invalid_parameter("circuit_breaker: window", "needs a failure_ratio", *o.window);
      if (o.minimum_calls) {
        invalid_parameter("circuit_breaker: minimum_calls", "needs a failure_ratio",
                          static_cast<double>(*o.minimum_calls));
      }
      if (!o.failures) o.failures = 5;
    } else if (!(*o.failure_ratio > 0 && *o.failure_ratio <= 1)) {
      invalid_parameter("circuit_breaker: failure_ratio", "must be above 0 and at most 1", *o.failure_ratio);
    }
    if (o.failures) least("circuit_breaker: failures", *o.failures);
    o.window = require_positive("circuit_breaker: window", o.window.value_or(std::chrono::seconds(30)));
    o.minimum_calls = o.minimum_calls.value_or(20);
    least("circuit_breaker: minimum_calls", *o.minimum_calls);
    require_positive("circuit_breaker: open_for", o.open_for);
    require_between("circuit_breaker: open_factor", "must be at least 1", o.open_factor, 1,
                    std::numeric_limits<double>::infinity());
    o.max_open = require_at_least("circuit_breaker: max_open", "must not be below open_for",
                                  o.max_open.value_or(longer(std::chrono::minutes(1), o.open_for)), o.open_for);
    require_between("circuit_breaker: open_jitter", "must be between 0 and 1", o.open_jitter, 0, 1);
    least("circuit_breaker: probes", o.probes);
    least("circuit_breaker: successes_to_close", o.successes_to_close);
    return o;
  }

  admission ask(time_point now) const noexcept {
    switch (state_) {
      case circuit_state::closed: break;
      case circuit_state::open: return admission::refuse("circuit open", saturating_between(now, open_until_));
      case circuit_state::half_open:
        if (probing_ >= options_.probes) return admission::refuse("circuit half-open, and probes are under way");
        break;
      case circuit_state::isolated: return admission::refuse("circuit isolated");
    }
    return admission::go();
  }

  void succeeded(time_point now) {
    if (state_ == circuit_state::half_open) {
      if (++successes_ >= options_.successes_to_close) close_circuit(now);
      return;
    }
    in_a_row_ = 0;
    if (options_.failure_ratio) window_.add(now, 1, 0);
  }

  void failed(time_point now, random_source* random) {
    ++in_a_row_;
    bool enough = state_ == circuit_state::half_open || (options_.failures && in_a_row_ >= *options_.failures);
    if (options_.failure_ratio) {
      window_.add(now, 1, 1);
      auto const [calls, failures] = window_.total(now);
      enough = enough || (calls >= *options_.minimum_calls &&
                          static_cast<double>(failures) >= *options_.failure_ratio * static_cast<double>(calls));
    }
    if (enough) open_circuit(now, random);
  }

  void open_circuit(time_point now, random_source* random) {
    if (state_ != circuit_state::open) change(circuit_state::open, now);
    auto time = next_open_;
    next_open_ = detail::shorter(*options_.max_open, saturating_scale(next_open_, options_.open_factor));
    if (options_.open_jitter > 0) {
      time = draw_between(random != nullptr ? *random : this_thread_random(),
                          time - saturating_scale(time, options_.open_jitter), time);
    }
    open_until_ = time_point(saturating_add(now.time_since_epoch(), time));
  }

  void close_circuit(time_point now) {
    change(circuit_state::closed, now);
    next_open_ = options_.open_for;
  }

  void become(circuit_state to, time_point now) {
    std::unique_lock lock(mutex_);
    if (to == circuit_state::closed) {
      close_circuit(now);
    } else if (state_ != to) {
      change(to, now);
    }
    tell(lock);
  }

  /// A new generation: tickets of the old one count no more, and hold no probe.
  void change(circuit_state to, time_point now) {
    if constexpr (observed) {
      if (state_ != to) changes_.add(state_, to, now);
    }
    state_ = to;
    ++generation_;
    in_a_row_ = successes_ = probing_ = 0;
    window_.clear();
  }

  void tell([[maybe_unused]] std::unique_lock<std::mutex>& lock) {
    if constexpr (observed) changes_.tell(lock);
  }

  void take_back(pass const& p) noexcept {
    std::lock_guard const lock(mutex_);
    if (p.generation == generation_ && state_ == circuit_state::half_open) --probing_;
  }

  circuit_breaker_options const options_;
  std::mutex mutable mutex_;
  circuit_state state_ = circuit_state::closed;
  std::uint64_t generation_ = 1;
  std::int64_t in_a_row_ = 0;
  std::int64_t successes_ = 0;
  std::int64_t probing_ = 0;
  detail::sliding_window window_;
  duration next_open_;
  time_point open_until_{};
  detail::state_changes<circuit_state, Observer> changes_;
};

}  // namespace tenax
