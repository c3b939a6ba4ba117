// SPDX-License-Identifier: MIT
// detail/circuit_changes.hpp: telling an observer of changes in their order, outside of the lock under which they happen.
#pragma once

#include <mutex>
#include <utility>
#include <vector>

#include <tenax/duration.hpp>

namespace tenax::detail {

/// Keeps the changes of a `State` until `observer(from, to, now)` was told. At any moment at most one thread tells; who
/// makes a change meanwhile leaves it to that thread. So nobody waits for the observer but the one who calls it, the
/// order is kept, and the observer may use what it observes.
template <class State, class Observer>
class state_changes {
 public:
  explicit state_changes(Observer observer) : observer_(std::move(observer)) {}

  /// Under the lock.
  void add(State from, State to, time_point now) { waiting_.push_back({from, to, now}); }

  /// Gives up the lock while it tells, and for good. An exception of the observer passes through; the changes after the
  /// one that it was told are told next time.
  void tell(std::unique_lock<std::mutex>& lock) {
    if (telling_ || waiting_.empty()) return;
    telling_ = true;
    done const guard{telling_, lock};
    while (!waiting_.empty()) {
      change const next = waiting_.front();
      waiting_.erase(waiting_.begin());
      lock.unlock();
      observer_(next.from, next.to, next.now);
      lock.lock();
    }
  }

 private:
  struct change {
    State from;
    State to;
    time_point now;
  };

  struct done {
    bool& telling;
    std::unique_lock<std::mutex>& lock;
    ~done() {
      if (!lock.owns_lock()) lock.lock();
      telling = false;
    }
  };

  Observer observer_;
  std::vector<change> waiting_;
  bool telling_ = false;
};

}  // namespace tenax::detail
