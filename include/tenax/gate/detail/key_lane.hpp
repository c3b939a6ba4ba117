// SPDX-License-Identifier: MIT
// gate/detail/key_lane.hpp: the work of one key of a scheduler, and where it stands at its gate.
#pragma once

#include <cstddef>
#include <utility>

#include <tenax/gate/detail/waiting_line.hpp>
#include <tenax/gate/gate.hpp>

namespace tenax::detail {

template <class Key, class Work>
struct lane_item {
  Key key;
  Work work;
  lane_item* after = nullptr;
};

/// Deletes an object when it goes away.
template <class T>
struct deleted {
  T* object;
  ~deleted() { delete object; }
};

/// The work of one key, in order. `View` is the gate of the key. It is in one place at a time: among the lanes that are
/// ready, among those that wait at their gates, or with the thread that asks the gate.
template <class View, class Item>
struct key_lane : line_place {
  enum class place : unsigned char { ready, asked, waits };

  template <class Scheduler>
  key_lane(Scheduler& scheduler, View v)
      : own(std::move(v)),
        scheduler_(&scheduler),
        woken_([](key_lane& l) noexcept { static_cast<Scheduler*>(l.scheduler_)->woken(l); }) {
    this->weight = 0;
    this->asks = this->late = 0;
  }
  key_lane(key_lane const&) = delete;
  key_lane& operator=(key_lane const&) = delete;
  ~key_lane() {
    ticket = {};  // no waker is called after this
    while (size != 0) delete take();
  }

  void append(Item* made) noexcept {
    (first_ == nullptr ? first_ : last_->after) = made;
    last_ = made;
    ++size;
  }
  Item* take() noexcept {
    auto* const taken = std::exchange(first_, first_->after);
    --size;
    return taken;
  }

  /// A thread takes the lane to ask the gate.
  void begin() noexcept {
    at = place::asked;
    wakes_ = false;
  }

  admission ask(attempt_info const& info, time_point now) {
    if constexpr (waking_gate<View>) {
      return own.admit(ticket, info, now,
                       {[](void* self) noexcept {
                          auto& l = *static_cast<key_lane*>(self);
                          l.woken_(l);
                        },
                        this});
    } else {
      return own.admit(ticket, info, now);
    }
  }

  /// The gate makes the lane wait. Returns false if it has called the waker meanwhile.
  bool wait(time_point now, duration d) noexcept {
    if (wakes_) return false;
    at = place::waits;
    ask_at = time_point(saturating_add(now.time_since_epoch(), d));
    this->rank = static_cast<std::uint64_t>(ask_at.time_since_epoch().count()) ^ (std::uint64_t(1) << 63);
    return true;
  }

  /// The gate calls the waker. Returns whether the lane waits.
  bool wake() noexcept {
    wakes_ = true;
    return at == place::waits;
  }

  View own;
  typename View::ticket ticket{};
  std::size_t size = 0;
  time_point ask_at{};
  place at = place::ready;
  key_lane* next = nullptr;  ///< in a `lane_queue`

 private:
  Item* first_ = nullptr;
  Item* last_ = nullptr;
  void* scheduler_;
  void (*woken_)(key_lane&) noexcept;
  bool wakes_ = false;
};

/// Erases a lane that stayed empty because an exception ended a `push`.
template <class Map>
struct erased_if_empty {
  Map* lanes;
  typename Map::iterator at;
  ~erased_if_empty() {
    if (at->second.size == 0) lanes->erase(at);
  }
};

/// Lanes in turn.
template <class Lane>
class lane_queue {
 public:
  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }

  void append(Lane& l) noexcept {
    l.at = Lane::place::ready;
    l.next = nullptr;
    (first_ == nullptr ? first_ : last_->next) = &l;
    last_ = &l;
  }
  /// Null if there is none.
  Lane* take() noexcept {
    auto* const l = first_;
    if (l != nullptr) first_ = l->next;
    return l;
  }

 private:
  Lane* first_ = nullptr;
  Lane* last_ = nullptr;
};

}  // namespace tenax::detail
