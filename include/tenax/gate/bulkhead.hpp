// SPDX-License-Identifier: MIT
// gate/bulkhead.hpp: bulkhead: a limit on concurrent attempts, with a bounded queue.
#pragma once

#include <mutex>
#include <utility>

#include <tenax/detail/reject.hpp>
#include <tenax/gate/detail/forward_clock.hpp>
#include <tenax/gate/detail/ticket.hpp>
#include <tenax/gate/detail/wait_queue.hpp>
#include <tenax/gate/detail/whole_number.hpp>
#include <tenax/gate/waking.hpp>
#include <tenax/platform/threads.hpp>

namespace tenax {

/// The options of a bulkhead: how many attempts may be under way, and how many may wait.
struct bulkhead_options {
  std::int64_t at_once = 8;                         ///< attempts under way at the same time; at least 1
  std::int64_t queue = 16;                          ///< attempts that wait for a free place; 0 to 65536
  any_duration max_wait = std::chrono::seconds(1);  ///< the longest wait of such an attempt; more than zero
};

/// Admits up to `at_once` attempts at the same time. The next `queue` attempts wait for a place, in order of arrival,
/// for at most `max_wait` each; all others are refused immediately. So a slow server occupies a few threads, not all.
/// Nygard, "Release It!", 2nd edition, 5.3. A place is held from admission until the attempt is reported or abandoned.
///
/// A free place is given to the first in the queue, which is woken. An abandoned waiter leaves the queue, and a place
/// that it was given goes to the next one. One that waits at another gate keeps its rank; others may pass it meanwhile.
///
/// A caller without a waker, as in a loop that waits by itself, is told to ask again: after half the time until its
/// expected turn (from the mean duration of recent attempts), between 1 ms and 50 ms, and before its deadline. A free
/// place is kept for it until it is late: more than `grace` after the moment at which it should have asked again.
///
/// Add it as the last gate: a granted place stays occupied while a gate that comes later makes the attempt wait.
///
/// Thread safety: safe. Neither copied nor moved; must outlive the calls that go through it. Every operation takes the
/// same time however many callers wait.
class bulkhead {
  /// What a ticket holds.
  enum class standing : unsigned char {
    lost,    ///< nothing: it came back after `max_wait`
    queued,  ///< a rank in the queue
    aside,   ///< its rank, while it is late or waits at another gate
    given,   ///< a place that it does not know of yet
    running  ///< a place
  };

  struct place : detail::queue_links<place> {
    standing is = standing::lost;
    time_point started{};  ///< running: when it started
    time_point joined{};   ///< waiting: when it came
    time_point late{};     ///< waiting without a waker: after this moment, others may pass it
    waker wakes{};
  };

 public:
  using ticket = detail::gate_ticket<bulkhead, place>;

  /// How late a waiter without a waker may ask again without losing its turn.
  static constexpr duration grace = std::chrono::milliseconds(50);

  /// Throws `std::invalid_argument` for an option outside of its range.
  explicit bulkhead(bulkhead_options o = {})
      : at_once_(require_at_once(o.at_once)),
        room_(detail::require_count("bulkhead: queue", "must be at least 0", o.queue, 0)),
        max_wait_(detail::require_positive("bulkhead: max_wait", o.max_wait)),
        free_(at_once_) {
    if (room_ > 65536) invalid_parameter("bulkhead: queue", "must be at most 65536", static_cast<double>(room_));
  }

  /// Overloads for wrong calls: their message shows how to make a bulkhead.
  template <detail::bare_value First, class... More>
  explicit bulkhead(First, More...) : bulkhead() {
    static_assert(detail::always_false<First>,
                  "tenax: bulkhead takes options by name; write bulkhead({.at_once = 8, .queue = 16, .max_wait = 1s})");
  }

  bulkhead(bulkhead const&) = delete;
  bulkhead& operator=(bulkhead const&) = delete;

  admission admit(ticket& t, attempt_info const& info, time_point now, waker const& w = {}) {
    std::lock_guard const lock(mutex_);
    now_ = clock_.at(now);
    auto& p = t.grant_;
    if (t.gate_ == nullptr) {
      serve(nullptr);
      if (free_ > static_cast<std::int64_t>(queue_.size())) {
        --free_;
        return start(t);
      }
      if (in_line() == room_) forget_lost();
      if (in_line() == room_) return admission::refuse("bulkhead full");
      t.gate_ = this;
      p.wakes = w;
      p.joined = p.late = now_;
      queue_.append(p);
      enter(p);
      return wait(p, info.time_left);
    }
    if (p.is == standing::running) return admission::go();
    if (p.is == standing::queued || p.is == standing::aside) {
      if (p.is == standing::aside) {
        aside_.erase(p);
        queue_.insert(p);
      } else if (!p.wakes) {
        --asking_;
      }
      p.wakes = w;
      enter(p);
      serve(&p);
      if (p.is == standing::queued && !waits_too_long(p)) return wait(p, info.time_left);
    }
    if (p.is == standing::given) return start(t);
    t.gate_ = nullptr;
    leave(p);
    return admission::refuse("waited too long for a place in the bulkhead");
  }

  /// The caller waits at another gate: it keeps its rank, and others may pass it until it asks again.
  void step_aside(ticket& t) {
    if (t.gate_ == nullptr) return;
    std::lock_guard const lock(mutex_);
    auto& p = t.grant_;
    if (p.is == standing::given) {
      ++free_;
    } else if (p.is == standing::queued) {
      leave_queue(p);
    } else {
      return;
    }
    put_aside(p);
    serve(nullptr);
  }

  void record(ticket& t, feedback const&, time_point now) {
    std::lock_guard const lock(mutex_);
    if (t.gate_ == nullptr || t.grant_.is != standing::running) return;
    now_ = clock_.at(now);
    t.gate_ = nullptr;
    auto const took = detail::longer(saturating_between(t.grant_.started, now_), duration::zero());
    mean_ = mean_ == duration::zero() ? took : mean_ + (took - mean_) / 8;
    leave(t.grant_);
  }

  /// Changes the number of attempts that may be under way; at least 1. Waiters that find a place are woken. If fewer
  /// are allowed than are under way, these end first. Throws `std::invalid_argument` otherwise, and changes nothing.
  void set(detail::whole_number<std::int64_t> at_once) {
    auto const n = require_at_once(at_once);
    std::lock_guard const lock(mutex_);
    free_ += n - at_once_;
    at_once_ = n;
    serve(nullptr);
  }

  /// The number of attempts under way.
  [[nodiscard]] std::uint32_t running() const {
    std::lock_guard const lock(mutex_);
    return static_cast<std::uint32_t>(at_once_ - free_);
  }

  /// The number of attempts that wait.
  [[nodiscard]] std::size_t waiting() const {
    std::lock_guard const lock(mutex_);
    return in_line();
  }

  /// The longest wait of an attempt here; see `gate`.
  [[nodiscard]] duration longest_wait() const noexcept { return room_ == 0 ? duration::zero() : max_wait_; }
  template <class Out>
  void describe(Out& out) const {
    out.text("a bulkhead");
  }

 private:
  friend ticket;
  static constexpr bool moves_grants = true;

  static std::int64_t require_at_once(std::int64_t n) {
    return detail::require_count("bulkhead: at_once", "must be at least 1", n, 1);
  }

  std::size_t in_line() const noexcept { return queue_.size() + aside_.size(); }

  admission start(ticket& t) noexcept {
    t.gate_ = this;
    t.grant_.is = standing::running;
    t.grant_.started = now_;
    return admission::go();
  }

  void enter(place& p) noexcept {
    p.is = standing::queued;
    if (!p.wakes) ++asking_;
  }

  void put_aside(place& p) noexcept {
    p.is = standing::aside;
    aside_.insert(p);
  }

  void leave_queue(place& p) noexcept {
    queue_.erase(p);
    if (!p.wakes) --asking_;
  }

  /// Gives free places to the first in the queue. One that has no waker gets its place when it asks: until it is late,
  /// the place is kept for it. `asks`: the caller that asks now.
  void serve(place const* asks) noexcept {
    std::int64_t kept = 0;
    for (auto* p = queue_.front(); p != nullptr && free_ > kept;) {
      auto* const next = p->after;
      if (p == asks || p->wakes) {
        leave_queue(*p);
        --free_;
        p->is = standing::given;
        if (p != asks) p->wakes();
      } else if (now_ <= p->late) {
        ++kept;
      } else {
        leave_queue(*p);
        put_aside(*p);
      }
      p = next;
    }
  }

  admission wait(place& p, duration time_left) noexcept {
    constexpr duration least = std::chrono::milliseconds(1);
    constexpr duration most = std::chrono::milliseconds(50);
    auto const left = saturating_subtract(max_wait_, saturating_between(p.joined, now_));
    // Callers without a waker may not come, so those behind them ask again.
    if (p.wakes) return admission::wait_at_most(asking_ == 0 ? left : detail::shorter(left, most));
    auto const before = p.rank - queue_.front()->rank;
    auto const turn = saturating_multiply(mean_, before + 1) / (2 * at_once_);
    auto wait = detail::shorter(left, detail::longer(least, detail::shorter(most, turn)));
    // A place may be free sooner than expected, so a caller with a deadline asks before the deadline instead of giving
    // up.
    if (wait >= time_left) wait = detail::shorter(wait, detail::longer(least, time_left / 2));
    p.late = time_point(saturating_add(now_.time_since_epoch(), wait + grace));
    return admission::wait(wait);
  }

  [[nodiscard]] bool waits_too_long(place const& p) const noexcept {
    return saturating_between(p.joined, now_) >= max_wait_;
  }

  /// Removes waiters that are late and have waited too long.
  void forget_lost() noexcept {
    for (auto* p = queue_.front(); p != nullptr;) {
      auto* const next = p->after;
      if (!p->wakes && now_ > p->late && waits_too_long(*p)) leave_queue(*p), p->is = standing::lost;
      p = next;
    }
    while (!aside_.empty() && waits_too_long(*aside_.front())) {
      aside_.front()->is = standing::lost;
      aside_.erase(*aside_.front());
    }
  }

  /// A caller goes away: its place or its rank becomes free.
  void leave(place& p) noexcept {
    switch (p.is) {
      case standing::lost: return;
      case standing::aside: return aside_.erase(p);
      case standing::queued: leave_queue(p); break;
      case standing::given:
      case standing::running: ++free_; break;
    }
    serve(nullptr);
  }

  void take_back(place& p) noexcept {
    std::lock_guard const lock(mutex_);
    leave(p);
  }

  /// A ticket has moved.
  void moved(place& from, place& to) noexcept {
    std::lock_guard const lock(mutex_);
    to = from;
    if (from.is == standing::queued) queue_.replace(from, to);
    if (from.is == standing::aside) aside_.replace(from, to);
  }

  std::int64_t at_once_;
  std::size_t const room_;
  duration const max_wait_;
  std::mutex mutable mutex_;
  detail::forward_clock clock_;
  std::int64_t free_;  ///< less than zero after `set` to fewer places
  detail::wait_queue<place> queue_;
  detail::wait_queue<place> aside_;  ///< waiters that others may pass
  std::size_t asking_ = 0;           ///< waiters in the queue without a waker
  duration mean_{};                  ///< the mean duration of an attempt
  time_point now_{};                 ///< of the last call, by `clock_`
};

}  // namespace tenax
