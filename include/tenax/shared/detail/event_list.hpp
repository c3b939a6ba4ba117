// SPDX-License-Identifier: MIT
// shared/detail/event_list.hpp: events that are told once no lock is held, and not after the end of their limit.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenax/environment.hpp>
#include <tenax/platform/wake_word.hpp>
#include <tenax/shared/options.hpp>

namespace tenax::shared::detail {

/// Events, in order. Thread safety: none; the caller locks, always the same mutex.
class event_list {
 public:
  /// `observer` and `name`, of the limit, outlive it. Without an observer, nothing is kept.
  event_list(std::function<void(event const&)> const& observer, std::string const& name) noexcept
      : observer_(observer), name_(name) {}
  event_list(event_list const&) = delete;
  event_list& operator=(event_list const&) = delete;

  void add(event::kind what, std::string_view why) {
    if (observer_ != nullptr) untold_.push_back({what, std::string(why)});
  }

  /// Unlocks, and tells what was added.
  void tell(std::unique_lock<std::mutex>& held) {
    auto const events = std::exchange(untold_, {});
    if (events.empty()) return held.unlock();
    telling const now(*this, *held.mutex());
    held.unlock();
    for (auto const& e : events) observer_({e.what, name_, e.why});
  }

  /// Waits until no other thread tells anything. The caller sees to it that nothing is added any more. Call it once.
  void end(std::unique_lock<std::mutex>& held) {
    ends_ = true;
    int own = 0;  // the observer itself may end the limit
    for (auto const* t = telling::here(); t != nullptr; t = t->outer) own += &t->events == this ? 1 : 0;
    while (telling_ > own) {
      told_.reset();
      held.unlock();
      told_.sleep_until<platform::steady_time>((time_point::max)());
      held.lock();
    }
  }

 private:
  struct entry {
    event::kind what;
    std::string why;
  };

  /// A thread that tells events. Made under the lock.
  struct telling {
    telling(event_list& e, std::mutex& m) noexcept : events(e), mutex(m), outer(std::exchange(here(), this)) {
      ++e.telling_;
    }
    telling(telling const&) = delete;
    telling& operator=(telling const&) = delete;
    ~telling() {
      here() = outer;
      std::lock_guard const lock(mutex);
      --events.telling_;
      if (events.ends_) events.told_.wake();
    }

    /// The innermost one of this thread.
    static telling*& here() noexcept {
      static thread_local telling* innermost = nullptr;
      return innermost;
    }

    event_list& events;
    std::mutex& mutex;
    telling* outer;
  };

  std::function<void(event const&)> const& observer_;
  std::string const& name_;
  std::vector<entry> untold_{};
  platform::wake_word told_{};
  int telling_ = 0;  ///< how many threads tell events now
  bool ends_ = false;
};

}  // namespace tenax::shared::detail
