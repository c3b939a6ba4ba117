// SPDX-License-Identifier: MIT
// gate/bulkhead.hpp: bulkhead: a limit on concurrent attempts, with a bounded queue.
#pragma once

#include <mutex>
#include <utility>

#include <tenax/detail/reject.hpp>
#include <tenax/gate/detail/ticket.hpp>
#include <tenax/gate/gate.hpp>
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
/// A gate cannot wake its callers, so a waiter is told to ask again: after half the time until its expected turn (from
/// the mean duration of recent attempts), between 1 ms and 50 ms, and before its deadline. A free place is kept for the
/// first in the queue until it asks. A waiter may be passed only if it is late: more than `grace` after the moment at
/// which it should have asked again. So a waiter that waits at another gate, or never comes back, does not hold up the
/// others. A late waiter keeps its rank, and is served when it asks. A waiter that is abandoned leaves the queue.
///
/// Add it as the last gate: a granted place stays occupied while a gate that comes later makes the attempt wait.
///
/// Thread safety: safe. Neither copied nor moved; must outlive the calls that go through it.
class bulkhead {
  struct rank {
    bool running;
    std::uint64_t number;  ///< waiting: the number in order of arrival
    time_point started;    ///< running: when it started
  };

 public:
  using ticket = detail::gate_ticket<bulkhead, rank>;

  /// How late a waiter may ask again without losing its turn.
  static constexpr duration grace = std::chrono::milliseconds(50);

  /// Throws `std::invalid_argument` for an option outside of its range.
  explicit bulkhead(bulkhead_options o = {})
      : at_once_(detail::require_count("bulkhead: at_once", "must be at least 1", o.at_once, 1)),
        room_(detail::require_count("bulkhead: queue", "must be at least 0", o.queue, 0)),
        max_wait_(detail::require_positive("bulkhead: max_wait", o.max_wait)),
        free_(at_once_) {
    if (room_ > 65536) invalid_parameter("bulkhead: queue", "must be at most 65536", static_cast<double>(room_));
    // An array by hand, because <vector> costs as much to compile as all the rest of this header.
    queue_ = new waiter[room_];
  }

  /// Overloads for wrong calls: their message shows how to make a bulkhead.
  template <detail::bare_value First, class... More>
  explicit bulkhead(First, More...) : bulkhead() {
    static_assert(detail::always_false<First>,
                  "tenax: bulkhead takes options by name; write bulkhead({.at_once = 8, .queue = 16, .max_wait = 1s})");
  }

  bulkhead(bulkhead const&) = delete;
  bulkhead& operator=(bulkhead const&) = delete;
  ~bulkhead() { delete[] queue_; }

  admission admit(ticket& t, attempt_info const& info, time_point now) {
    std::lock_guard const lock(mutex_);
    if (t.gate_ == nullptr) return arrive(t, info.time_left, now);
    if (t.grant_.running) return admission::go();
    auto const place = find(t.grant_.number);
    if (place == waiting_) {  // was removed, because it came back too late
      t.gate_ = nullptr;
      return waited_too_long();
    }
    auto const before = punctual(place, now);
    if (free_ > before) {
      leave(place);
      return start(t, now);
    }
    auto const left = saturating_subtract(max_wait_, saturating_between(queue_[place].joined, now));
    if (left <= duration::zero()) {
      leave(place);
      t.gate_ = nullptr;
      return waited_too_long();
    }
    return ask_again(queue_[place], before, left, info.time_left, now);
  }

  void record(ticket& t, feedback const&, time_point now) {
    std::lock_guard const lock(mutex_);
    if (t.gate_ == nullptr || !t.grant_.running) return;
    t.gate_ = nullptr;
    auto const took = detail::longer(saturating_between(t.grant_.started, now), duration::zero());
    mean_ = mean_ == duration::zero() ? took : mean_ + (took - mean_) / 8;
    give_back(t.grant_);
  }

  /// The number of attempts under way.
  [[nodiscard]] std::uint32_t running() const {
    std::lock_guard const lock(mutex_);
    return at_once_ - free_;
  }

  /// The number of attempts in the queue.
  [[nodiscard]] std::size_t waiting() const {
    std::lock_guard const lock(mutex_);
    return waiting_;
  }

  template <class Out>
  void describe(Out& out) const {
    out.text("a bulkhead");
  }

 private:
  friend ticket;

  struct waiter {
    std::uint64_t number;
    time_point joined;
    time_point late;  ///< after this moment, others may pass it
  };

  static admission waited_too_long() noexcept {
    return admission::refuse("waited too long for a place in the bulkhead");
  }

  admission arrive(ticket& t, duration time_left, time_point now) {
    auto const before = punctual(waiting_, now);
    if (free_ > before) return start(t, now);
    forget_lost(now);
    if (waiting_ == room_) return admission::refuse("bulkhead full");
    queue_[waiting_] = {++last_, now, now};
    t.grant_ = {false, last_, now};
    t.gate_ = this;
    return ask_again(queue_[waiting_++], before, max_wait_, time_left, now);
  }

  admission start(ticket& t, time_point now) noexcept {
    --free_;
    t.grant_ = {true, 0, now};
    t.gate_ = this;
    return admission::go();
  }

  /// `before`: the number of waiters that are served first.
  admission ask_again(waiter& w, std::size_t before, duration left, duration time_left, time_point now) const noexcept {
    constexpr duration least = std::chrono::milliseconds(1);
    constexpr duration most = std::chrono::milliseconds(50);
    auto const turn = saturating_multiply(mean_, before + 1) / (2 * static_cast<duration::rep>(at_once_));
    auto wait = detail::shorter(left, detail::longer(least, detail::shorter(most, turn)));
    // A place may be free sooner than expected, so a caller with a deadline asks before the deadline instead of giving
    // up.
    if (wait >= time_left) wait = detail::shorter(wait, detail::longer(least, time_left / 2));
    w.late = time_point(saturating_add(now.time_since_epoch(), wait + grace));
    return admission::wait(wait);
  }

  /// How many of the first `n` waiters are not late.
  std::size_t punctual(std::size_t n, time_point now) const noexcept {
    std::size_t count = 0;
    for (std::size_t i = 0; i < n; ++i) {
      if (now <= queue_[i].late) ++count;
    }
    return count;
  }

  /// The index of a waiter in the queue; the queue's size if it is not there.
  std::size_t find(std::uint64_t number) const noexcept {
    std::size_t i = 0;
    while (i < waiting_ && queue_[i].number != number) ++i;
    return i;
  }

  void leave(std::size_t place) noexcept {
    --waiting_;
    for (; place < waiting_; ++place) queue_[place] = queue_[place + 1];
  }

  /// Removes waiters that are late and have waited too long.
  void forget_lost(time_point now) noexcept {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < waiting_; ++i) {
      bool const lost = now > queue_[i].late && saturating_between(queue_[i].joined, now) >= max_wait_;
      if (!lost) queue_[kept++] = queue_[i];
    }
    waiting_ = kept;
  }

  void give_back(rank const& r) noexcept {
    if (r.running) {
      ++free_;
    } else if (auto const place = find(r.number); place != waiting_) {
      leave(place);
    }
  }

  void take_back(rank const& r) noexcept {
    std::lock_guard const lock(mutex_);
    give_back(r);
  }

  std::uint32_t const at_once_;
  std::uint32_t const room_;
  duration const max_wait_;
  std::mutex mutable mutex_;
  std::uint32_t free_;
  waiter* queue_ = nullptr;  ///< an array of `room_` waiters; the first `waiting_` are used
  std::size_t waiting_ = 0;
  std::uint64_t last_ = 0;
  duration mean_{};  ///< the mean duration of an attempt
};

}  // namespace tenax
