// SPDX-License-Identifier: MIT
// gate/detail/circuit_changes.hpp: calls an observer for each change, in order, outside of the lock.
#pragma once

#include <mutex>
#include <utility>

#include <tenax/duration.hpp>
#include <tenax/platform/threads.hpp>

namespace tenax::detail {

/// Keeps the changes of a `State` until `observer(from, to, now)` was called for them. At most one thread calls the
/// observer at any moment; a thread that makes a change meanwhile leaves the call to that thread. So only the calling
/// thread waits for the observer, the order is kept, and the observer may use what it observes.
template <class State, class Observer>
class state_changes {
 public:
  explicit state_changes(Observer observer) : observer_(std::move(observer)) {}
  state_changes(state_changes const&) = delete;
  state_changes& operator=(state_changes const&) = delete;
  ~state_changes() {
    while (first_ != nullptr) take();
  }

  /// Must be called under the lock.
  void add(State from, State to, time_point now) {
    last_ = (last_ != nullptr ? last_->next : first_) = new change{from, to, now, nullptr};
  }

  /// Releases the lock while it calls the observer. An exception of the observer passes through; the changes after the
  /// reported one are reported next time.
  void tell(std::unique_lock<std::mutex>& lock) {
    if (telling_ || first_ == nullptr) return;
    telling_ = true;
    done const guard{telling_, lock};
    while (first_ != nullptr) {
      change const next = take();
      lock.unlock();
      observer_(next.from, next.to, next.now);
      lock.lock();
    }
  }

 private:
  /// A linked list by hand: it seldom has more than one element, and <vector> would cost every user compile time.
  struct change {
    State from;
    State to;
    time_point now;
    change* next;
  };

  change take() noexcept {
    change const copy = *first_;
    delete first_;
    first_ = copy.next;
    if (first_ == nullptr) last_ = nullptr;
    return copy;
  }

  struct done {
    bool& telling;
    std::unique_lock<std::mutex>& lock;
    ~done() {
      if (!lock.owns_lock()) lock.lock();
      telling = false;
    }
  };

  Observer observer_;
  change* first_ = nullptr;
  change* last_ = nullptr;
  bool telling_ = false;
};

}  // namespace tenax::detail
