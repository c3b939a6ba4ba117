// SPDX-License-Identifier: MIT
// gate/detail/circuit_changes.hpp: telling an observer of changes in their order, outside of the lock under which they happen.
#pragma once

#include <mutex>
#include <utility>

#include <tenax/duration.hpp>
#include <tenax/platform/threads.hpp>

namespace tenax::detail {

/// Keeps the changes of a `State` until `observer(from, to, now)` was told. At any moment at most one thread tells; who
/// makes a change meanwhile leaves it to that thread. So nobody waits for the observer but the one who calls it, the
/// order is kept, and the observer may use what it observes.
template <class State, class Observer>
class state_changes {
 public:
  explicit state_changes(Observer observer) : observer_(std::move(observer)) {}
  state_changes(state_changes const&) = delete;
  state_changes& operator=(state_changes const&) = delete;
  ~state_changes() {
    while (first_ != nullptr) take();
  }

  /// Under the lock.
  void add(State from, State to, time_point now) {
    last_ = (last_ != nullptr ? last_->next : first_) = new change{from, to, now, nullptr};
  }

  /// Gives up the lock while it tells. An exception of the observer passes through; the changes after the one that it was
  /// told are told next time.
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
  /// A list by hand: there is hardly ever more than one, and <vector> would make every user's compilation dearer.
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
