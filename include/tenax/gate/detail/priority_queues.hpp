// SPDX-License-Identifier: MIT
// gate/detail/priority_queues.hpp: callers that wait for a place, by priority, then in order of arrival.
#pragma once

#include <cstddef>
#include <cstdint>

#include <tenax/gate/concurrency_options.hpp>
#include <tenax/gate/detail/wait_queue.hpp>
#include <tenax/gate/gate.hpp>

namespace tenax::detail {

/// What the ticket of a caller that waits, or has a place, holds.
enum class standing : unsigned char {
  lost,     ///< nothing: the caller came back after its longest wait
  evicted,  ///< nothing: a more important caller has its room in the queue
  queued,   ///< a rank in the queue
  aside,    ///< its rank, while it is late or waits at another gate
  given,    ///< a place that it does not know of yet
  running   ///< a place
};

/// The part of a ticket that `priority_queues` use. `Place` derives from it.
template <class Place>
struct waiting_place : queue_links<Place> {
  standing is = standing::lost;
  priority level{};
  time_point joined{};
  time_point late{};  ///< without a waker: after this moment, others may pass the caller
  waker wakes{};
};

/// One queue for each priority. Every operation takes the same time however many callers wait, except that a caller
/// that comes back to its rank passes those in front of it. Used under a lock.
template <class Place>
class priority_queues {
 public:
  static constexpr std::size_t levels = 5;

  [[nodiscard]] std::size_t size() const noexcept { return queued_ + aside_.size(); }
  /// Whether there are callers without a waker, who may not come when it is their turn.
  [[nodiscard]] bool some_ask() const noexcept { return asking_ != 0; }

  /// The number of callers that come before a new one.
  [[nodiscard]] std::size_t before(priority p) const noexcept {
    std::size_t n = 0;
    for (std::size_t i = 0; i <= index(p); ++i) n += queues_[i].size();
    return n;
  }
  /// The number of callers that come before one that waits, at most.
  [[nodiscard]] std::size_t before(Place const& p) const noexcept {
    auto const i = index(p.level);
    auto const own = static_cast<std::size_t>(p.rank - queues_[i].front()->rank);
    return i == 0 ? own : own + before(static_cast<priority>(i - 1));
  }

  void append(Place& p) noexcept {
    of(p).append(p);
    enter(p);
  }
  /// A caller that was put aside, or whose waker changes, asks again.
  void come_back(Place& p, waker const& w) noexcept {
    if (p.is == standing::aside) {
      aside_.erase(p);
      of(p).insert(p);
    } else {
      leave(p);
    }
    p.wakes = w;
    enter(p);
  }
  void put_aside(Place& p) noexcept {
    if (p.is == standing::queued) erase(p);
    p.is = standing::aside;
    aside_.insert(p);
  }
  /// Removes a caller, in the queue or aside.
  void remove(Place& p) noexcept {
    if (p.is == standing::aside) return aside_.erase(p);
    erase(p);
  }
  void replace(Place const& from, Place& to) noexcept {
    if (from.is == standing::queued) of(to).replace(from, to);
    if (from.is == standing::aside) aside_.replace(from, to);
  }

  /// Gives up to `free` places, in order; returns how many were taken. A caller without a waker gets its place when it
  /// asks: until it is late, the place is kept for it. `asks`: the caller that asks now.
  std::int64_t serve(std::int64_t free, Place const* asks, time_point now) noexcept {
    std::int64_t kept = 0, given = 0;
    for (auto& q : queues_) {
      for (auto* p = q.front(); p != nullptr && free > kept + given;) {
        auto* const next = p->after;
        if (p == asks || p->wakes) {
          erase(*p);
          ++given;
          p->is = standing::given;
          if (p != asks) p->wakes();
        } else if (now <= p->late) {
          ++kept;
        } else {
          put_aside(*p);
        }
        p = next;
      }
    }
    return given;
  }

  /// Removes the last caller of the lowest priority below `p`. Returns whether there is one.
  bool evict_for(priority p) noexcept {
    for (auto i = levels - 1; i > index(p); --i) {
      if (auto* const last = queues_[i].back(); last != nullptr) {
        erase(*last);
        last->is = standing::evicted;
        if (last->wakes) last->wakes();
        return true;
      }
    }
    return false;
  }

  /// Removes callers without a waker that are late and have waited for `longest`, and so will not come back.
  void forget_lost(time_point now, duration longest) noexcept {
    auto const too_long = [&](Place const& p) { return saturating_between(p.joined, now) >= longest; };
    for (auto& q : queues_) {
      for (auto* p = q.front(); p != nullptr && too_long(*p);) {
        auto* const next = p->after;
        if (!p->wakes && now > p->late) erase(*p), p->is = standing::lost;
        p = next;
      }
    }
    while (!aside_.empty() && too_long(*aside_.front())) {
      aside_.front()->is = standing::lost;
      aside_.erase(*aside_.front());
    }
  }

 private:
  static constexpr std::size_t index(priority p) noexcept { return static_cast<std::size_t>(p); }
  wait_queue<Place>& of(Place const& p) noexcept { return queues_[index(p.level)]; }

  void enter(Place& p) noexcept {
    p.is = standing::queued;
    ++queued_;
    if (!p.wakes) ++asking_;
  }
  void leave(Place const& p) noexcept {
    --queued_;
    if (!p.wakes) --asking_;
  }
  void erase(Place& p) noexcept {
    of(p).erase(p);
    leave(p);
  }

  wait_queue<Place> queues_[levels]{};
  wait_queue<Place> aside_{};  ///< callers that others may pass
  std::size_t queued_ = 0;
  std::size_t asking_ = 0;  ///< callers in the queues without a waker
};

}  // namespace tenax::detail
