// SPDX-License-Identifier: MIT
// gate/circuit_breaker.hpp: circuit breaker: stops calling a server that fails, and probes it from time to time.
#pragma once

#include <mutex>
#include <type_traits>
#include <utility>

#include <tenax/environment.hpp>
#include <tenax/gate/circuit_options.hpp>
#include <tenax/gate/detail/circuit_changes.hpp>
#include <tenax/gate/detail/circuit_counts.hpp>
#include <tenax/gate/detail/forward_clock.hpp>
#include <tenax/gate/detail/open_time.hpp>
#include <tenax/gate/detail/probe_places.hpp>
#include <tenax/gate/detail/ticket.hpp>
#include <tenax/gate/gate.hpp>
#include <tenax/platform/threads.hpp>

namespace tenax {

/// A circuit breaker: after too many failures, refuses attempts for a while, so that a server that is down gets no
/// requests and its clients fail immediately. After that while, a few attempts pass as probes: their success closes the
/// circuit, a failure opens it again, for longer. Nygard, "Release It!", 2nd edition, 5.2. Each open time is
/// `d * (1 - open_jitter * U[0,1))`, where `d` grows from `open_for` by `open_factor` up to `max_open`: many clients
/// that lost a server at the same time do not all come back at the same time.
///
/// Failures are outcomes that policies retry (`feedback::kind::failure`), and throttled attempts. An answer that
/// rejects the request counts as a success, because the other side is well. Cancelled and abandoned attempts, and
/// exceptions that the policy does not retry, do not count. Attempts that were admitted before a change of state do not
/// count after it.
///
/// With `slow_after`, a share of `slow_ratio` of slow attempts in `window` opens the circuit too. An attempt is slow
/// when it has run for `slow_after`, however it ends; an attempt that used up the policy's `.attempt_timeout()` is slow
/// as well. An attempt that is still running is counted at the next attempt, at most an eighth of `slow_after` late. A
/// slow probe has failed.
///
/// A failure with a server wait (`feedback::server_wait`) keeps the circuit open for at least that long, without
/// jitter, up to `max_open`; the same holds while it is already open or half-open, and for answers to earlier attempts.
///
/// A probe that does not count makes room for another one: the first few immediately, further ones after `open_for`. A
/// throttled probe with `count_throttled = false` makes room after `open_for` or the server's wait. A probe that
/// exceeds its lease (`probe_lease`) makes room for another one; its answer still counts when it comes.
///
/// `observer(from, to, now)` is called after every change, in order, outside of the lock and by one thread at a time.
/// An exception of the observer ends the call in which it was thrown.
///
/// Thread safety: safe. Neither copied nor moved; must outlive the calls that go through it.
template <class Observer = no_circuit_observer>
class circuit_breaker {
  struct pass {
    std::uint64_t generation;
    std::uint64_t lease;
    random_source* random;
    detail::attempt_start start;
  };

 public:
  using ticket = detail::gate_ticket<circuit_breaker, pass>;

  /// Throws `std::invalid_argument` for an option outside of its range, for `window` and `minimum_calls` without
  /// `failure_ratio` or `slow_after`, for `slow_ratio` without `slow_after`, and for `max_open < open_for`.
  explicit circuit_breaker(circuit_breaker_options const& o = {}, Observer observer = {})
      : rules_(o), probes_(rules_), counts_(rules_), time_(rules_), changes_(std::move(observer)) {}

  /// Overloads for wrong calls: their message shows how to make a breaker.
  template <detail::bare_value First, class... More>
  explicit circuit_breaker(First, More...) : circuit_breaker() {
    static_assert(
        detail::always_false<First>,
        "tenax: circuit_breaker takes options by name; write circuit_breaker({.failures = 5, .open_for = 30s})");
  }

  circuit_breaker(circuit_breaker const&) = delete;
  circuit_breaker& operator=(circuit_breaker const&) = delete;

  admission admit(ticket& t, attempt_info const& info, time_point at) {
    std::unique_lock lock(mutex_);
    auto const now = clock_.at(at);
    if (rules_.slow_after) {
      if (t.gate_ != nullptr && t.grant_.generation == generation_) counts_.slow().wait_again(t.grant_.start, now);
      if (counts_.found_slow(rules_, state_, now)) open_circuit(now, info.random);
    }
    if (t.gate_ != nullptr && holds(t.grant_)) {
      if (state_ != circuit_state::half_open) return admission::go();
      if (now >= time_.quiet_until()) {
        probes_.renew(now);
        return admission::go();
      }
      probes_.give_back(t.grant_.lease);
    }
    t.gate_ = nullptr;
    if (state_ == circuit_state::open && now >= time_.ends()) change(circuit_state::half_open, now);
    if (state_ == circuit_state::half_open) probes_.end_leases(rules_, now);
    auto const answer = ask(now);
    if (answer.admitted()) {
      if (state_ == circuit_state::half_open) probes_.take(now);
      t.grant_ = {generation_, probes_.number(), info.random, {now}};
      t.gate_ = this;
    }
    tell(lock);
    return answer;
  }

  /// All gates have admitted the attempt.
  void started(ticket& t, time_point at) {
    if (!rules_.slow_after || t.gate_ == nullptr) return;
    std::lock_guard const lock(mutex_);
    if (t.grant_.generation == generation_) counts_.slow().start(t.grant_.start, clock_.at(at));
  }

  /// Refuses if at `then` the circuit is still open or isolated, or half-open before the next probe may start.
  admission would_admit(attempt_info const&, time_point now, time_point then) const {
    std::lock_guard const lock(mutex_);
    then = clock_.translated(then);
    if (state_ == circuit_state::isolated || (state_ == circuit_state::open && then < time_.ends()) ||
        (state_ == circuit_state::half_open && probes_.none_taken() && then < time_.quiet_until())) {
      return ask(clock_.translated(now));
    }
    return admission::go();
  }

  void record(ticket& t, feedback const& f, time_point at) {
    using kind = feedback::kind;
    std::unique_lock lock(mutex_);
    if (t.gate_ == nullptr) return;
    t.gate_ = nullptr;
    auto const now = clock_.at(at);
    bool const bad = f.how == kind::failure || (f.how == kind::throttled && rules_.count_throttled);
    if (t.grant_.generation != generation_) {
      if (bad && state_ != circuit_state::closed) time_.hear(rules_, now, f.server_wait);
      return;
    }
    bool const good = f.how == kind::success || f.how == kind::answered;
    bool const throttled = f.how == kind::throttled;
    bool const slow = rules_.slow_after && counts_.slow().end(t.grant_.start, f, now, good || bad);
    if (bad || (throttled && state_ == circuit_state::half_open)) time_.hear(rules_, now, f.server_wait);
    if (state_ == circuit_state::half_open) {
      probes_.give_back(t.grant_.lease);
      if (good && !slow) {
        if (++successes_ >= rules_.successes_to_close) close_circuit(now);
      } else if (bad || slow) {
        open_circuit(now, t.grant_.random);
      } else if (throttled || ++unanswered_ > rules_.probes) {
        // A few callers may change their minds, but a series of such probes must not become a storm.
        time_.pause(rules_, now, t.grant_.random);
      }
    } else {
      bool const failed = bad && counts_.failed(rules_, now);
      if (good) counts_.succeeded(rules_, now);
      if (failed || (slow && counts_.too_slow(rules_, now))) open_circuit(now, t.grant_.random);
    }
    tell(lock);
  }

  /// The present state. An open circuit becomes half-open at the first call after its open time.
  [[nodiscard]] circuit_state state() const {
    std::lock_guard const lock(mutex_);
    return state_;
  }

  /// Opens the circuit, as a failure would. If it is open, its open time starts again. An isolated circuit stays
  /// isolated.
  void open(time_point now = real_time::now()) {
    std::unique_lock lock(mutex_);
    now = clock_.at(now);
    if (state_ != circuit_state::isolated) open_circuit(now, nullptr);
    tell(lock);
  }

  /// Opens the circuit until `close()`, however long: for operators.
  void isolate(time_point now = real_time::now()) { become(circuit_state::isolated, now); }

  /// Closes the circuit from any state, and resets the counted failures.
  void close(time_point now = real_time::now()) { become(circuit_state::closed, now); }

  /// Until when `keyed` must keep this breaker: while it is open and as long again for its probe, and for a while after
  /// a failure that still counts; for ever while it is isolated. `now` or earlier: a new breaker would do as well.
  [[nodiscard]] time_point keep_until(time_point now) const {
    std::lock_guard const lock(mutex_);
    auto const quiet = time_.quiet_until();
    switch (state_) {
      case circuit_state::closed: return counts_.any() ? clock_.told(counts_.count_until(rules_)) : now;
      case circuit_state::open: return clock_.told(detail::open_time::after(time_.ends(), time_.next()));
      case circuit_state::half_open: {
        auto const kept = detail::open_time::after(half_open_at_, time_.next());
        return clock_.told(kept > quiet ? kept : quiet);
      }
      case circuit_state::isolated: break;
    }
    return (time_point::max)();
  }

  /// An attempt never waits here; see `gate`.
  [[nodiscard]] static constexpr duration longest_wait() noexcept { return duration::zero(); }

  template <class Out>
  void describe(Out& out) const {
    out.text("a circuit breaker");
  }

 private:
  friend ticket;
  static constexpr bool observed = !std::is_same_v<Observer, no_circuit_observer>;

  /// Whether an attempt that was admitted with `p` may still start.
  bool holds(pass const& p) const noexcept { return p.generation == generation_ && probes_.holds(p.lease); }

  admission ask(time_point now) const noexcept {
    switch (state_) {
      case circuit_state::closed: break;
      case circuit_state::open: return admission::refuse("circuit open", saturating_between(now, time_.ends()));
      case circuit_state::half_open:
        if (now < time_.quiet_until()) {
          return admission::refuse("circuit half-open, and the next probe has to wait",
                                   saturating_between(now, time_.quiet_until()));
        }
        if (probes_.all_taken(rules_)) {
          return admission::refuse("circuit half-open, and probes are under way", probes_.left(now));
        }
        break;
      case circuit_state::isolated: return admission::refuse("circuit isolated");
    }
    return admission::go();
  }

  void open_circuit(time_point now, random_source* random) {
    if (state_ != circuit_state::open) change(circuit_state::open, now);
    time_.begin(rules_, now, random);
  }

  void close_circuit(time_point now) {
    change(circuit_state::closed, now);
    time_.start_over(rules_);
  }

  void become(circuit_state to, time_point at) {
    std::unique_lock lock(mutex_);
    auto const now = clock_.at(at);
    if (to == circuit_state::closed) {
      close_circuit(now);
    } else if (state_ != to) {
      change(to, now);
    }
    tell(lock);
  }

  /// Begins a new generation: tickets of the old one no longer count and hold no probe.
  void change(circuit_state to, time_point now) {
    if constexpr (observed) {
      if (state_ != to) changes_.add(state_, to, clock_.told(now));
    }
    state_ = to;
    ++generation_;
    successes_ = unanswered_ = 0;
    probes_.start_over(rules_);
    half_open_at_ = now;
    counts_.clear();
  }

  void tell([[maybe_unused]] std::unique_lock<std::mutex>& lock) {
    if constexpr (observed) changes_.tell(lock);
  }

  void take_back(pass const& p) noexcept {
    std::lock_guard const lock(mutex_);
    if (p.generation != generation_) return;
    if (state_ == circuit_state::half_open) probes_.give_back(p.lease);
    counts_.slow().take_back(p.start);
  }

  detail::circuit_rules const rules_;
  std::mutex mutable mutex_;
  detail::forward_clock clock_;
  circuit_state state_ = circuit_state::closed;
  std::uint64_t generation_ = 1;
  std::int64_t successes_ = 0;
  std::int64_t unanswered_ = 0;  // probes that did not count
  detail::probe_places probes_;
  detail::circuit_counts counts_;
  detail::open_time time_;
  time_point half_open_at_{};
  detail::state_changes<circuit_state, Observer> changes_;
};

template <class Observer>
circuit_breaker(circuit_breaker_options const&, Observer) -> circuit_breaker<Observer>;

}  // namespace tenax
