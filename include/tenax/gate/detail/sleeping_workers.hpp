// SPDX-License-Identifier: MIT
// gate/detail/sleeping_workers.hpp: threads of a pool that have nothing to do; one of them watches the clock.
#pragma once

#include <tenax/duration.hpp>
#include <tenax/gate/gate.hpp>

namespace tenax::detail {

/// Threads that sleep until there is work. The one that slept last is woken first, because its memory is still in the
/// caches. One thread, the timekeeper, sleeps only until the next moment at which work may become ready; the others
/// sleep without a limit. Used under a lock.
class sleeping_workers {
 public:
  struct worker {
    waker wakes{};
    worker* before = nullptr;
    worker* after = nullptr;
    bool linked = false;
  };

  /// A thread goes to sleep. Returns until when: `next`, or the end of time if another thread watches the clock.
  time_point add(worker& w, time_point next) noexcept {
    w.before = nullptr;
    w.after = first_;
    if (first_ != nullptr) first_->before = &w;
    first_ = &w;
    w.linked = true;
    if (next == (time_point::max)() || (keeper_ != nullptr && until_ <= next)) return (time_point::max)();
    keeper_ = &w;
    until_ = next;
    return next;
  }

  void remove(worker& w) noexcept {
    if (!w.linked) return;
    (w.before == nullptr ? first_ : w.before->after) = w.after;
    if (w.after != nullptr) w.after->before = w.before;
    w.linked = false;
    if (keeper_ == &w) keeper_ = nullptr;
  }

  /// Wakes a thread, if one sleeps, that has to become the timekeeper until `next`.
  void watch(time_point next) noexcept {
    if (next == (time_point::max)() || (keeper_ != nullptr && until_ <= next)) return;
    if (keeper_ != nullptr) return wake(*keeper_);
    wake_one();
  }

  void wake_one() noexcept {
    auto* w = first_;
    if (w == nullptr) return;
    if (w == keeper_ && w->after != nullptr) w = w->after;
    wake(*w);
  }

  void wake_all() noexcept {
    while (first_ != nullptr) wake_one();
  }

 private:
  void wake(worker& w) noexcept {
    remove(w);
    if (w.wakes) w.wakes();
  }

  worker* first_ = nullptr;
  worker* keeper_ = nullptr;
  time_point until_{};  ///< until when the timekeeper sleeps
};

}  // namespace tenax::detail
