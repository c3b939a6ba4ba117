// SPDX-License-Identifier: MIT
// gate/adaptive_rate_limiter.hpp: a limit that nobody tells, found and followed by all who share it.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <utility>

#include <tenax/detail/gate_ticket.hpp>
#include <tenax/detail/rate_search.hpp>
#include <tenax/gate/acquire.hpp>
#include <tenax/gate/rate.hpp>

namespace tenax {

/// How an `adaptive_rate_limiter` begins. It paces requests evenly: rates with a burst are refused.
struct adaptive_rate_options {
  rate start = per_second(10);  ///< the first guess; too high costs some refusals, too low some time
  rate limit{0};  ///< the limit, if it was announced (`rate{0}`: it was not): held at 0.5 % below, never exceeded
};

/// What an `adaptive_rate_limiter` does at a moment, for logs and plots.
struct adaptive_rate_state {
  enum class phase : unsigned char {
    start,   ///< doubles its rate until a request is refused
    search,  ///< tries rates between one that was confirmed and one that was refused
    steady,  ///< keeps to the confirmed rate
    probe    ///< tries whether a little more is allowed now
  };

  double rate = 0;             ///< permits per second
  phase doing = phase::start;  ///< see `phase`
  time_point paused_until{};   ///< nobody is admitted before; in the past: not paused
  std::uint32_t generation = 0;
  std::uint32_t in_flight = 0;  ///< admitted, and not yet told how it went
  std::uint32_t waiting = 0;
  std::uint64_t admitted = 0;
  std::uint64_t throttled = 0;
};

[[nodiscard]] constexpr char const* to_string(adaptive_rate_state::phase p) noexcept {
  switch (p) {
    case adaptive_rate_state::phase::start: return "start";
    case adaptive_rate_state::phase::search: return "search";
    case adaptive_rate_state::phase::steady: return "steady";
    case adaptive_rate_state::phase::probe: return "probe";
  }
  return "?";
}

/// Shares a limit that it finds by itself among all threads and calls, and follows it when it changes:
/// `polite.through(std::ref(limiter))`. Requests are paced evenly. When one is refused, the rate changes for all: whoever
/// sleeps at the limiter asks it again when it wakes, so that **no request is sent on a schedule made before the refusal**.
///
/// A wait that the server asks for (`Retry-After`) stops all admission until it has passed; then requests go one by one at
/// the new rate. The rate is cut once for each generation of requests: refusals of those that were under way together say
/// the same thing. Between refusals, it looks for more from time to time. Callers are served in the order in which they came.
///
/// The search is a bracket between the highest rate that was confirmed and the lowest that was refused; its formula and how
/// it does are in docs/reference/gates.md. It assumes that a refusal has to do with the rate: a server that refuses at random makes
/// it slow. Processes that do not share the limiter find a share each. Limits below one request in a minute take long to find.
///
/// Thread safety: safe. A lock is held for some nanoseconds, never while anybody waits. Neither copied nor moved.
class adaptive_rate_limiter {
  /// What a ticket holds.
  struct grant {
    std::int64_t place = 0;
    bool admitted = false;
    detail::rate_search::stamp stamp{};
  };

 public:
  /// Throws `std::invalid_argument` for a rate of no permits or no time, or with a burst.
  explicit adaptive_rate_limiter(adaptive_rate_options const& options = {}) : search_(of(checked(options.start))) {
    if (options.limit.permits != 0) search_ = detail::rate_search::with_ceiling(0.995 * of(checked(options.limit)));
  }

  adaptive_rate_limiter(adaptive_rate_limiter const&) = delete;
  adaptive_rate_limiter& operator=(adaptive_rate_limiter const&) = delete;

  /// A place in the queue, or an admitted request.
  using ticket = detail::gate_ticket<adaptive_rate_limiter, grant>;

  admission admit(ticket& t, attempt_info const&, time_point now) {
    std::lock_guard const lock(mutex_);
    auto const time = now.time_since_epoch().count();
    if (t.gate_ == nullptr) {
      queue_.push_back({});  // may throw
      t.gate_ = this;
      t.grant_.admitted = false;
      t.grant_.place = first_ + static_cast<std::int64_t>(queue_.size()) - 1;
    } else if (t.grant_.admitted) {
      // It has waited elsewhere since it was admitted.
      if (t.grant_.stamp.generation == search_.generation() && search_.paused_until() <= time) return admission::go();
      queue_.push_front({});  // may throw
      t.grant_.admitted = false;
      --in_flight_;
      t.grant_.place = --first_;
    }
    drop_late(time);
    auto const next = search_.next(time);
    if (t.grant_.place <= first_ && next <= time) {
      if (t.grant_.place == first_) queue_.pop_front(), ++first_;
      drop_gone();
      t.grant_.stamp = search_.grant(time);
      t.grant_.admitted = true;
      ++in_flight_;
      ++admitted_;
      return admission::go();
    }
    auto const delay = delay_of(t.grant_.place - first_, next - time);
    if (t.grant_.place >= first_) {
      auto const due = saturating_add(now.time_since_epoch(), duration(delay));
      queue_[static_cast<std::size_t>(t.grant_.place - first_)].due = due.count();
    }
    return admission::wait(duration(delay));
  }

  void report(ticket& t, feedback const& f, time_point now) {
    std::lock_guard const lock(mutex_);
    if (t.gate_ == nullptr || !t.grant_.admitted) return;
    auto const time = now.time_since_epoch().count();
    t.gate_ = nullptr;
    --in_flight_;
    if (f.how == feedback::kind::success || f.how == feedback::kind::answered) {
      search_.accepted(t.grant_.stamp, time);
    } else if (f.how == feedback::kind::throttled) {
      ++throttled_;
      search_.refused(t.grant_.stamp, time, f.server_wait ? f.server_wait->count() : -1);
    }
    // A period without end is nonsense, and nonsense announces nothing.
    if (f.left.announces() && *f.left.window != duration::max()) {
      search_.announced(time, of({.permits = f.left.limit, .per = *f.left.window}), f.left.window->count());
    }
    if (f.left.known() && f.left.reset && f.how != feedback::kind::throttled) {
      search_.allowed(t.grant_.stamp, time, f.left.remaining, f.left.reset->count(), in_flight_);
    }
  }

  /// Waits until a request may be sent. The permit wants to be told how it went.
  ///
  /// Throws `std::invalid_argument` for a negative timeout.
  template <cancellation_token Token = detail::no_token, environment Env = real_time>
  [[nodiscard]] permit<adaptive_rate_limiter> acquire(any_duration timeout = duration::max(), Token const& token = {},
                                                      Env&& environment = {}) {
    ticket t;
    auto const result = detail::wait_at(
        [&](time_point now) { return admit(t, {}, now); },
        detail::require_not_negative("adaptive_rate_limiter::acquire: timeout", timeout), token, environment);
    if (result != acquired::yes) t = {};
    return {*this, std::move(t), result};
  }

  /// What it does now.
  [[nodiscard]] adaptive_rate_state state() const {
    std::lock_guard const lock(mutex_);
    std::uint32_t waiting = 0;
    for (auto const& p : queue_) waiting += p.gone ? 0 : 1;
    return {.rate = search_.rate(),
            .doing = static_cast<adaptive_rate_state::phase>(search_.current_phase()),
            .paused_until = time_point(duration(search_.paused_until())),
            .generation = search_.generation(),
            .in_flight = in_flight_,
            .waiting = waiting,
            .admitted = admitted_,
            .throttled = throttled_};
  }

  template <class Out>
  void describe(Out& out) const {
    out.text("an adaptive rate limiter");
  }

 private:
  friend ticket;

  /// A place in the queue.
  struct place {
    std::int64_t due = INT64_MAX;  // when its owner will ask again
    bool gone = false;
  };

  static rate const& checked(rate const& r) {
    detail::require_rate(r);
    if (r.burst != 1)
      invalid_parameter("adaptive_rate_limiter: burst", "must be 1: requests are paced", static_cast<double>(r.burst));
    return r;
  }

  static double of(rate const& r) noexcept {
    return static_cast<double>(r.permits) / (static_cast<double>(r.per.value().count()) * 1e-9);
  }

  /// What somebody with `before` others before it has to wait, if the first of them may go after `first`. Not longer than it
  /// takes to notice in time that the rate has risen.
  [[nodiscard]] std::int64_t delay_of(std::int64_t before, std::int64_t first) const noexcept {
    constexpr std::int64_t soon = 100'000'000;
    if (before < 0) before = 0;
    if (first < 0) first = 0;
    auto const interval = duration(search_.interval());
    auto const few = saturating_multiply(interval, static_cast<std::uint64_t>(before < 2 ? before : 2)).count();
    auto const all = saturating_multiply(interval, static_cast<std::uint64_t>(before)).count();
    auto const own = all < soon ? all : few < soon ? soon : few;
    auto const delay = saturating_add(duration(first), duration(own)).count();
    return delay > 0 ? delay : 1;
  }

  /// The first of the queue who does not come back would hold up all others: after a while it loses its place, and goes
  /// first when it comes.
  void drop_late(std::int64_t now) {
    constexpr std::int64_t patience = 250'000'000;
    while (!queue_.empty() && (queue_.front().gone || queue_.front().due < now - patience)) {
      queue_.pop_front();
      ++first_;
    }
  }

  void drop_gone() {
    while (!queue_.empty() && queue_.front().gone) {
      queue_.pop_front();
      ++first_;
    }
  }

  /// An attempt was abandoned, in the queue or under way.
  void take_back(grant const& g) noexcept {
    std::lock_guard const lock(mutex_);
    if (g.admitted) {
      --in_flight_;
    } else if (g.place >= first_) {
      queue_[static_cast<std::size_t>(g.place - first_)].gone = true;
      drop_gone();
    }
  }

  mutable std::mutex mutex_;
  detail::rate_search search_;
  std::deque<place> queue_;
  std::int64_t first_ = 0;  // the number of the first place in the queue
  std::uint32_t in_flight_ = 0;
  std::uint64_t admitted_ = 0;
  std::uint64_t throttled_ = 0;
};

}  // namespace tenax
