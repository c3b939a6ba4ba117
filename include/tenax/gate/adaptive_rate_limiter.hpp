// SPDX-License-Identifier: MIT
// gate/adaptive_rate_limiter.hpp: a limit that nobody tells, found and followed by all who share it.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <utility>

#include <tenax/detail/rate_search.hpp>
#include <tenax/gate/acquire.hpp>
#include <tenax/gate/rate.hpp>

namespace tenax {

/// How an `adaptive_rate_limiter` begins.
struct adaptive_rate_options {
  rate start = per_second(10);  ///< the first guess; too high costs some refusals, too low some time
  rate limit{0};                ///< the limit, if it was announced: never exceeded, and held from the start on
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
  time_point paused_until{};   ///< nobody is admitted before
  std::uint32_t generation = 0;
  std::uint32_t in_flight = 0;  ///< admitted, and not yet told how it went
  std::uint32_t waiting = 0;
  std::uint64_t admitted = 0;
  std::uint64_t throttled = 0;
};

/// Shares a limit that it finds by itself among all threads and calls, and follows it when it changes:
/// `polite.through(std::ref(limiter))`. Requests are paced evenly. When one is refused, the rate changes for all: whoever
/// sleeps at the limiter asks it again when it wakes, so that **no request is sent on a schedule made before the refusal**.
///
/// A wait that the server asks for (`Retry-After`) stops all admission until it has passed; then requests go one by one at
/// the new rate. The rate is cut once for each generation of requests: refusals of those that were under way together say
/// the same thing. Between refusals, it looks for more from time to time. Callers are served in the order in which they came.
///
/// The search is a bracket between the highest rate that was confirmed and the lowest that was refused; how it does beside
/// other laws is in docs/design.md. It assumes that a refusal has to do with the rate: a server that refuses at random makes
/// it slow. Processes that do not share the limiter find a share each. Limits below one request in a minute take long to find.
///
/// Thread safety: safe. A lock is held for some nanoseconds, never while anybody waits. Neither copied nor moved.
class adaptive_rate_limiter {
 public:
  /// Throws `std::invalid_argument` for a rate of no permits or no time.
  explicit adaptive_rate_limiter(adaptive_rate_options const& options = {})
      : search_(options.limit.permits != 0 ? 0.995 * of(options.limit) : of(options.start),
                options.limit.permits != 0 ? 0.995 * of(options.limit) : 0, options.limit.permits != 0) {}

  adaptive_rate_limiter(adaptive_rate_limiter const&) = delete;
  adaptive_rate_limiter& operator=(adaptive_rate_limiter const&) = delete;

  /// A place in the queue, or an admitted request.
  class ticket {
   public:
    ticket() = default;
    ticket(ticket&& other) noexcept
        : limiter_(std::exchange(other.limiter_, nullptr)),
          place_(other.place_),
          admitted_(other.admitted_),
          stamp_(other.stamp_) {}
    ticket& operator=(ticket&& other) noexcept {
      if (this != &other) {
        leave();
        limiter_ = std::exchange(other.limiter_, nullptr);
        place_ = other.place_;
        admitted_ = other.admitted_;
        stamp_ = other.stamp_;
      }
      return *this;
    }
    ~ticket() { leave(); }

   private:
    friend class adaptive_rate_limiter;

    void leave() noexcept {
      if (limiter_ != nullptr) limiter_->abandon(*this);
      limiter_ = nullptr;
    }

    adaptive_rate_limiter* limiter_ = nullptr;
    std::int64_t place_ = 0;
    bool admitted_ = false;
    detail::rate_search::stamp stamp_{};
  };

  admission admit(ticket& t, attempt_info const&, time_point now) {
    std::lock_guard const lock(mutex_);
    auto const time = now.time_since_epoch().count();
    if (t.limiter_ == nullptr) {
      t.limiter_ = this;
      t.admitted_ = false;
      t.place_ = first_ + static_cast<std::int64_t>(queue_.size());
      queue_.push_back({});
    } else if (t.admitted_) {
      // It has waited elsewhere since it was admitted.
      if (t.stamp_.generation == search_.generation() && search_.paused_until() <= time) return admission::go();
      t.admitted_ = false;
      --in_flight_;
      t.place_ = --first_;
      queue_.push_front({});
    }
    drop_late(time);
    auto const next = search_.next(time);
    if (t.place_ <= first_ && next <= time) {
      if (t.place_ == first_) queue_.pop_front(), ++first_;
      drop_gone();
      t.stamp_ = search_.grant(time);
      t.admitted_ = true;
      ++in_flight_;
      ++admitted_;
      return admission::go();
    }
    auto const delay = delay_of(t.place_ - first_, next - time);
    if (t.place_ >= first_) queue_[static_cast<std::size_t>(t.place_ - first_)].due = time + delay;
    return admission::wait(duration(delay));
  }

  void report(ticket& t, feedback const& f, time_point now) {
    std::lock_guard const lock(mutex_);
    auto const time = now.time_since_epoch().count();
    t.limiter_ = nullptr;
    --in_flight_;
    if (f.how == feedback::kind::success) {
      search_.accepted(t.stamp_, time);
    } else if (f.how == feedback::kind::throttled) {
      ++throttled_;
      search_.refused(t.stamp_, time, f.server_wait ? f.server_wait->count() : -1);
    }
    if (f.left.known() && f.left.reset && f.how != feedback::kind::throttled) {
      search_.allowed(t.stamp_, time, f.left.remaining, f.left.reset->count(), in_flight_);
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

  [[nodiscard]] adaptive_rate_state state() const {
    std::lock_guard const lock(mutex_);
    return {.rate = search_.rate(),
            .doing = static_cast<adaptive_rate_state::phase>(search_.current_phase()),
            .paused_until = time_point(duration(search_.paused_until())),
            .generation = search_.generation(),
            .in_flight = in_flight_,
            .waiting = static_cast<std::uint32_t>(queue_.size()),
            .admitted = admitted_,
            .throttled = throttled_};
  }

  template <class Out>
  void describe(Out& out) const {
    out.text("an adaptive rate limiter");
  }

 private:
  /// A place in the queue.
  struct place {
    std::int64_t due = INT64_MAX;  // when its owner will ask again
    bool gone = false;
  };

  static double of(rate const& r) {
    detail::require_rate(r);
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

  void abandon(ticket const& t) noexcept {
    std::lock_guard const lock(mutex_);
    if (t.admitted_) {
      --in_flight_;
    } else if (t.place_ >= first_) {
      queue_[static_cast<std::size_t>(t.place_ - first_)].gone = true;
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
