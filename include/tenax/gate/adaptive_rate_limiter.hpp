// SPDX-License-Identifier: MIT
// gate/adaptive_rate_limiter.hpp: a rate limiter that finds an unannounced limit by itself and follows its changes.
#pragma once

#include <concepts>
#include <cstdint>
#include <deque>
#include <mutex>
#include <utility>

#include <tenax/gate/acquire.hpp>
#include <tenax/gate/adaptive/detail/search.hpp>
#include <tenax/gate/adaptive_rate_options.hpp>
#include <tenax/gate/detail/forward_clock.hpp>
#include <tenax/gate/detail/ticket.hpp>
#include <tenax/platform/threads.hpp>

namespace tenax {

/// A rate limiter that finds the limit by itself, shares it among all threads and calls, and follows it when it
/// changes: `polite.through(std::ref(limiter))`. Paces requests evenly. When a request is refused, the rate changes for
/// all callers. Callers that sleep at the limiter ask it again when they wake, so **no request is sent on a schedule
/// made before the refusal**.
///
/// A wait that the server asks for (`Retry-After`) stops all admission until it has passed, but at most for
/// `max_pause`; then requests go one by one at the new rate. Waits during such a pause are
/// `admission::wait_for_server`. After a pause that was cut at `max_pause`, the first request goes alone, and the
/// others wait for its answer. The rate is lowered once per generation of requests, because refusals of requests that
/// were under way together say the same. Between refusals, the limiter tries a higher rate from time to time. Callers
/// are served in order of arrival.
///
/// The search keeps a bracket between the highest rate that was confirmed and the lowest that was refused;
/// docs/reference/gates.md has its formula and results. Refusals that come at any rate are distinguished from those
/// that a lower rate would avoid, as long as they are few; see `at_least`. Processes that do not share the limiter find
/// a share each. Limits below one request a minute take long to find.
///
/// Thread safety: safe. A lock is held for some nanoseconds, never during a wait. Neither copied nor moved.
class adaptive_rate_limiter {
  /// The content of a ticket.
  struct grant {
    std::int64_t place = 0;
    bool admitted = false;
    detail::rate_search::stamp stamp{};
  };

 public:
  /// Throws `std::invalid_argument` for a `rate` of no permits or no time, or with a burst; for `at_least` above
  /// `limit`; and for `at_once` and `max_pause` outside of their ranges.
  explicit adaptive_rate_limiter(adaptive_rate_options const& options = {}) : search_(detail::search_for(options)) {}

  /// Overloads for wrong calls: their message shows how to make a limiter.
  template <class First, class... More>
    requires(detail::bare_value<First> || std::same_as<First, rate>)
  explicit adaptive_rate_limiter(First, More...) : adaptive_rate_limiter() {
    static_assert(detail::always_false<First>,
                  "tenax: adaptive_rate_limiter takes options by name; write adaptive_rate_limiter({.start = "
                  "per_second(5)}), or {.limit = per_second(5)} for a limit that was announced");
  }

  adaptive_rate_limiter(adaptive_rate_limiter const&) = delete;
  adaptive_rate_limiter& operator=(adaptive_rate_limiter const&) = delete;

  /// A place in the queue, or an admitted request.
  using ticket = detail::gate_ticket<adaptive_rate_limiter, grant>;

  admission admit(ticket& t, attempt_info const&, time_point at) {
    std::lock_guard const lock(mutex_);
    auto const now = clock_.at(at);
    auto const time = now.time_since_epoch().count();
    if (t.gate_ == nullptr) {
      if (queue_.empty() && search_.next(time) <= time) {
        t.gate_ = this;
        return grant_to(t, time);
      }
      queue_.push_back({});  // may throw
      t.gate_ = this;
      t.grant_.admitted = false;
      t.grant_.place = first_ + static_cast<std::int64_t>(queue_.size()) - 1;
    } else if (t.grant_.admitted) {
      // The caller has waited at another gate since it was admitted.
      if (t.grant_.stamp.generation == search_.generation() && search_.paused_until() <= time) return admission::go();
      queue_.push_front({});  // may throw
      t.grant_.admitted = false;
      search_.withdrawn(t.grant_.stamp);
      --in_flight_;
      t.grant_.place = --first_;
    }
    drop_late(time);
    auto const next = search_.next(time);
    if (t.grant_.place <= first_ && next <= time) {
      if (t.grant_.place == first_) queue_.pop_front(), ++first_;
      drop_gone();
      return grant_to(t, time);
    }
    bool const asked = search_.pause().asked_by_server(time);
    auto const delay = delay_of(t.grant_.place - first_, next, time);
    if (t.grant_.place >= first_) {
      auto const due = saturating_add(now.time_since_epoch(), duration(delay));
      queue_[static_cast<std::size_t>(t.grant_.place - first_)].due = due.count();
    }
    return asked ? admission::wait_for_server(duration(delay)) : admission::wait(duration(delay));
  }

  void record(ticket& t, feedback const& f, time_point at) {
    std::lock_guard const lock(mutex_);
    if (t.gate_ == nullptr || !t.grant_.admitted) return;
    auto const time = clock_.at(at).time_since_epoch().count();
    t.gate_ = nullptr;
    --in_flight_;
    switch (f.how) {
      case feedback::kind::success:
      case feedback::kind::answered: search_.accepted(t.grant_.stamp, time); break;
      case feedback::kind::throttled:
        ++throttled_;
        search_.refused(t.grant_.stamp, time, f.server_wait ? f.server_wait->count() : -1);
        break;
      case feedback::kind::failure: search_.failed(t.grant_.stamp); break;
      case feedback::kind::cancelled:
      case feedback::kind::unknown: search_.withdrawn(t.grant_.stamp); break;
    }
    if (makes_sense(f.left)) {
      auto const seconds = detail::seconds(f.left.window->count());
      search_.announced(time, static_cast<double>(f.left.limit) / seconds, f.left.window->count());
    }
    if (f.left.known() && f.left.reset && f.how != feedback::kind::throttled) {
      search_.allowed(t.grant_.stamp, time, f.left.remaining, f.left.limit == allowance::unknown ? 0 : f.left.limit,
                      f.left.reset->count(), in_flight_);
    }
  }

  /// Ends a pause and discards the server's remaining quota: callers that ask from now on are admitted at the present
  /// rate. Callers that already sleep ask when they wake. For operators who know that a server's wait was wrong.
  void resume(time_point now = real_time::now()) {
    std::lock_guard const lock(mutex_);
    search_.resume(clock_.at(now).time_since_epoch().count());
  }

  /// Until when `keyed` must keep this limiter: during a pause, until the next request may be sent; a few intervals
  /// longer if the rate found is below the start rate. `now` or earlier: a new limiter would do as well.
  [[nodiscard]] time_point keep_until(time_point now) const {
    std::lock_guard const lock(mutex_);
    return clock_.told(time_point(duration(search_.owes_until(clock_.translated(now).time_since_epoch().count()))));
  }

  /// Waits until a request may be sent. Report on the returned permit how the request ended.
  ///
  /// Throws `std::invalid_argument` for a negative timeout.
  template <cancellation_token Token = detail::no_token, environment Env = real_time>
  [[nodiscard]] permit<adaptive_rate_limiter> acquire(any_duration timeout = (duration::max)(), Token const& token = {},
                                                      Env&& environment = {}) {
    detail::plain_waiter const waiter;
    ticket t;
    auto const result = detail::wait_at(
        [&](time_point now, waker const&) { return admit(t, {}, now); },
        detail::require_not_negative("adaptive_rate_limiter::acquire: timeout", timeout), token, environment, waiter);
    if (result != acquired::yes) t = {};
    return {*this, std::move(t), result};
  }

  /// The present state.
  [[nodiscard]] adaptive_rate_state state() const {
    std::lock_guard const lock(mutex_);
    std::uint32_t waiting = 0;
    for (auto const& p : queue_) waiting += p.gone ? 0 : 1;
    return {.rate = search_.rate(),
            .doing = static_cast<adaptive_rate_state::phase>(search_.current_phase()),
            .paused_until = clock_.told(time_point(duration(paused_until()))),
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

  admission grant_to(ticket& t, std::int64_t time) noexcept {
    t.grant_.stamp = search_.grant(time);
    t.grant_.admitted = true;
    ++in_flight_;
    ++admitted_;
    return admission::go();
  }

  /// A place in the queue.
  struct place {
    std::int64_t due = INT64_MAX;  // when its owner will ask again
    bool gone = false;
  };

  /// Whether an announcement is plausible for a service: a period of at most a month, and at least one request a day.
  static bool makes_sense(allowance const& left) noexcept {
    constexpr duration day = std::chrono::hours(24);
    return left.announces() && *left.window <= 31 * day && saturating_multiply(day, left.limit) >= *left.window;
  }

  [[nodiscard]] std::int64_t paused_until() const noexcept {
    auto const& pause = search_.pause();
    return pause.asking_until() > pause.until() ? pause.asking_until() : pause.until();
  }

  /// The wait of a caller with `before` others before it, if the first of them may go at `next`. Kept short enough to
  /// notice in time that the rate has risen, or that the request that asks again was answered.
  [[nodiscard]] std::int64_t delay_of(std::int64_t before, std::int64_t next, std::int64_t now) const noexcept {
    constexpr std::int64_t soon = 100'000'000;
    auto first = saturating_subtract(duration(next), duration(now)).count();
    if (before < 0) before = 0;
    if (first < 0) first = 0;
    if (search_.pause().asking_until() > now) return first < soon ? first + 1 : soon;
    auto const interval = duration(search_.interval());
    auto const few = saturating_multiply(interval, static_cast<std::uint64_t>(before < 2 ? before : 2)).count();
    auto const all = saturating_multiply(interval, static_cast<std::uint64_t>(before)).count();
    auto const own = all < soon ? all : few < soon ? soon : few;
    auto delay = saturating_add(duration(first), duration(own)).count();
    // A wait that the server asked for is at most the longest pause, so a `max_server_wait` of that length is enough.
    auto const& pause = search_.pause();
    if (pause.asked_by_server(now) && delay > pause.longest() && first <= pause.longest()) delay = pause.longest();
    return delay > 0 ? delay : 1;
  }

  /// If the first of the queue does not come back, it would delay all others. So it loses its place after a while, and
  /// goes first when it comes.
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
      search_.withdrawn(g.stamp);
      --in_flight_;
    } else if (g.place >= first_) {
      queue_[static_cast<std::size_t>(g.place - first_)].gone = true;
      drop_gone();
    }
  }

  mutable std::mutex mutex_;
  detail::forward_clock clock_;
  detail::rate_search search_;
  std::deque<place> queue_;
  std::int64_t first_ = 0;  // the number of the first place in the queue
  std::uint32_t in_flight_ = 0;
  std::uint64_t admitted_ = 0;
  std::uint64_t throttled_ = 0;
};

}  // namespace tenax
