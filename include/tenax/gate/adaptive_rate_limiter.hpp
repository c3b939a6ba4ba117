// SPDX-License-Identifier: MIT
// gate/adaptive_rate_limiter.hpp: a rate limiter that finds an unannounced limit by itself and follows its changes.
#pragma once

#include <concepts>
#include <cstdint>
#include <mutex>
#include <utility>

#include <tenax/gate/acquire.hpp>
#include <tenax/gate/adaptive/detail/queue_wait.hpp>
#include <tenax/gate/adaptive/detail/search.hpp>
#include <tenax/gate/adaptive_rate_options.hpp>
#include <tenax/gate/detail/forward_clock.hpp>
#include <tenax/gate/detail/ticket.hpp>
#include <tenax/gate/detail/wait_queue.hpp>
#include <tenax/gate/detail/whole_number.hpp>
#include <tenax/gate/waking.hpp>
#include <tenax/platform/threads.hpp>

namespace tenax {

/// A rate limiter that finds the limit by itself, shares it among all threads and calls, and follows it when it
/// changes: `polite.through(std::ref(limiter))`. Paces requests evenly. When a request is refused, the rate changes for
/// all callers. Callers that sleep at the limiter ask it again when they wake, so **no request is sent on a schedule
/// made before the refusal**; when the rate rises or a caller leaves, the first in the queue is woken.
///
/// A wait that the server asks for (`Retry-After`) stops all admission until it has passed, but at most for
/// `max_pause`; then requests go one by one at the new rate. Waits during such a pause are
/// `admission::wait_for_server`. After a pause that was cut at `max_pause`, the first request goes alone, and the
/// others wait for its answer. The rate is lowered once per generation of requests, because refusals of requests that
/// were under way together say the same. Between refusals, the limiter tries a higher rate from time to time. Callers
/// are served in order of arrival.
///
/// The search keeps a bracket between the highest rate that was confirmed and the lowest that was refused; its page in
/// docs/reference/gates has its formula and results. Refusals that come at any rate are distinguished from those that a
/// lower rate would avoid, as long as they are few; see `at_least`. Processes that do not share the limiter find a
/// share each; `shared::adaptive_rate_limiter` finds the limit for all. Limits below one request a minute take long to
/// find.
///
/// Thread safety: safe. A lock is held for some nanoseconds, never during a wait. Neither copied nor moved.
class adaptive_rate_limiter {
  /// What a ticket holds.
  enum class standing : unsigned char {
    queued,   ///< a rank in the queue
    aside,    ///< its rank, while it is late or waits at another gate
    admitted  ///< an admitted request
  };
  struct grant : detail::queue_links<grant> {
    standing is = standing::aside;
    std::int64_t due = 0;  ///< queued: when its owner will ask again
    waker wakes{};
    detail::rate_search::stamp stamp{};
  };

 public:
  /// Throws `std::invalid_argument` for a `rate` of no permits or no time, or with a burst; for `at_least` above
  /// `limit`; and for `at_once` and `max_pause` outside of their ranges.
  explicit adaptive_rate_limiter(adaptive_rate_options const& options = {})
      : options_(options), search_(detail::search_for(options)) {}

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

  admission admit(ticket& t, attempt_info const&, time_point at, waker const& w = {}) {
    std::lock_guard const lock(mutex_);
    auto const time = clock_.at(at).time_since_epoch().count();
    auto& g = t.grant_;
    if (t.gate_ == nullptr) {
      t.gate_ = this;
      if (queue_.empty() && search_.next(time) <= time) {
        g.rank = queue_.next_rank();
        return grant_to(g, time);
      }
      queue_.append(g);
    } else if (g.is == standing::admitted) {
      // The caller has waited at another gate since it was admitted.
      if (g.stamp.generation == search_.generation() && search_.paused_until() <= time) return admission::go();
      search_.withdrawn(g.stamp);
      --in_flight_;
      queue_.insert(g);
    } else if (g.is == standing::aside) {
      queue_.insert(g);
    }
    g.is = standing::queued;
    g.wakes = w;
    g.due = INT64_MAX;
    drop_late(time);
    auto const next = search_.next(time);
    if (queue_.front() == &g && next <= time) {
      queue_.erase(g);
      auto const answer = grant_to(g, time);
      wake_first(time);
      return answer;
    }
    auto const answer = wait(g, next, time);
    wake_first(time);
    return answer;
  }

  /// The caller waits at another gate: it keeps its rank, and others may pass it until it asks again.
  void step_aside(ticket& t) {
    if (t.gate_ == nullptr) return;
    std::lock_guard const lock(mutex_);
    if (t.grant_.is != standing::queued) return;
    queue_.erase(t.grant_);
    t.grant_.is = standing::aside;
    wake_first(last());
  }

  void record(ticket& t, feedback const& f, time_point at) {
    std::lock_guard const lock(mutex_);
    if (t.gate_ == nullptr || t.grant_.is != standing::admitted) return;
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
    if (detail::makes_sense(f.left)) {
      auto const seconds = detail::seconds(f.left.window->count());
      search_.announced(time, static_cast<double>(f.left.limit) / seconds, f.left.window->count());
    }
    if (f.left.known() && f.left.reset && f.how != feedback::kind::throttled) {
      search_.allowed(t.grant_.stamp, time, f.left.remaining, f.left.limit == allowance::unknown ? 0 : f.left.limit,
                      f.left.reset->count(), in_flight_);
    }
    wake_first(time);
  }

  /// Ends a pause and discards the server's remaining quota: callers are admitted at the present rate, and the first
  /// one that waits is woken. For operators who know that a server's wait was wrong.
  void resume(time_point now = real_time::now()) {
    std::lock_guard const lock(mutex_);
    auto const time = clock_.at(now).time_since_epoch().count();
    search_.resume(time);
    wake_first(time);
  }

  /// Changes the limit while the limiter works, as the option `limit`: the rate is kept 0.5 % below `limit`, never
  /// above, and lower after refusals. A pause goes on; callers that wait keep their places, and the first one is woken
  /// if its turn comes earlier. Throws `std::invalid_argument` as the constructor does, and changes nothing then.
  void set(rate limit, time_point now = real_time::now()) {
    detail::paced(limit);  // `rate{0}` means no limit only for the constructor
    auto changed = options_;
    changed.limit = limit;
    auto const begun = detail::search_for(changed);
    std::lock_guard const lock(mutex_);
    search_.begin_again(begun);
    wake_first(clock_.at(now).time_since_epoch().count());
  }

  /// Counts `n` more requests, for costs that are known only afterwards: the next request waits for that many intervals
  /// longer. Throws `std::invalid_argument` for a negative `n`.
  void charge(detail::whole_number<std::int64_t> n, time_point now = real_time::now()) {
    if (n < 0) invalid_parameter("adaptive_rate_limiter::charge: n", "must not be negative", static_cast<double>(n));
    std::lock_guard const lock(mutex_);
    search_.charge(clock_.at(now).time_since_epoch().count(), static_cast<std::uint64_t>(n));
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
    detail::gate_waiter<std::remove_reference_t<Env>, Token> waiter;  // outlives the ticket
    ticket t;
    auto const result = detail::wait_at(
        [&](time_point now, waker const& w) { return admit(t, {}, now, w); },
        detail::require_not_negative("adaptive_rate_limiter::acquire: timeout", timeout), token, environment, waiter);
    if (result != acquired::yes) t = {};
    return {*this, std::move(t), result};
  }

  /// The present state.
  [[nodiscard]] adaptive_rate_state state() const {
    std::lock_guard const lock(mutex_);
    return {.rate = search_.rate(),
            .doing = static_cast<adaptive_rate_state::phase>(search_.current_phase()),
            .paused_until = clock_.told(time_point(duration(paused_until()))),
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
  friend ticket;

  static constexpr bool moves_grants = true;

  admission grant_to(grant& g, std::int64_t time) noexcept {
    g.stamp = search_.grant(time);
    g.is = standing::admitted;
    ++in_flight_;
    ++admitted_;
    return admission::go();
  }

  [[nodiscard]] std::int64_t last() const noexcept { return clock_.last().time_since_epoch().count(); }
  [[nodiscard]] std::int64_t paused_until() const noexcept {
    auto const& pause = search_.pause();
    return pause.asking_until() > pause.until() ? pause.asking_until() : pause.until();
  }

  /// Lets a caller wait. `next`: when the first in the queue may go.
  admission wait(grant& g, std::int64_t next, std::int64_t now) noexcept {
    auto const before = static_cast<std::int64_t>(g.rank - queue_.front()->rank);
    auto const delay = detail::delay_of(search_, before, next, now, static_cast<bool>(g.wakes));
    g.due = saturating_add(duration(now), duration(delay)).count();
    auto const& pause = search_.pause();
    auto answer = admission::wait(duration(delay));
    answer.asked_by_server = pause.asked_by_server(now);
    answer.at_most = g.wakes && pause.asking_until() > now;
    return answer;
  }

  /// Wakes the first in the queue if it may go before the moment at which it would ask.
  void wake_first(std::int64_t now) noexcept {
    auto* const g = queue_.front();
    if (g == nullptr || !g->wakes) return;
    auto const next = search_.next(now);
    if (next < g->due) g->due = next, g->wakes();
  }

  /// A first one that does not come back would delay all others: it loses its place, and goes first when it comes.
  void drop_late(std::int64_t now) noexcept {
    constexpr std::int64_t patience = 250'000'000;
    for (auto* g = queue_.front(); g != nullptr && g->due < now - patience; g = queue_.front()) {
      queue_.erase(*g);
      g->is = standing::aside;
    }
  }

  /// An attempt was abandoned, in the queue or under way.
  void take_back(grant& g) noexcept {
    std::lock_guard const lock(mutex_);
    if (g.is == standing::admitted) {
      search_.withdrawn(g.stamp);
      --in_flight_;
    } else if (g.is == standing::queued) {
      queue_.erase(g);
    }
    wake_first(last());
  }

  /// A ticket has moved.
  void moved(grant& from, grant& to) noexcept {
    std::lock_guard const lock(mutex_);
    to = from;
    if (from.is == standing::queued) queue_.replace(from, to);
  }

  adaptive_rate_options const options_;
  mutable std::mutex mutex_;
  detail::forward_clock clock_;
  detail::rate_search search_;
  detail::wait_queue<grant> queue_;
  std::uint32_t in_flight_ = 0;
  std::uint64_t admitted_ = 0;
  std::uint64_t throttled_ = 0;
};

}  // namespace tenax
