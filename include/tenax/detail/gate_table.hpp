// SPDX-License-Identifier: MIT
// detail/gate_table.hpp: gates by their keys, those that are not in use in the order in which they were used last.
#pragma once

#include <atomic>
#include <mutex>
// Keys are of any type that can be hashed and are found among thousands: worth the standard's table and what it includes.
#include <unordered_map>
#include <utility>

#include <tenax/duration.hpp>

namespace tenax::detail {

/// Makes the gate of a key.
template <class Key, class Gate>
struct gate_maker {
  virtual Gate operator()(Key const& key) const = 0;
  virtual ~gate_maker() = default;
};

/// One of the tables of `tenax::keyed`. What has no lock of its own is called under `mutex`. On a cache line of its own,
/// so that threads with different keys do not disturb each other.
template <class Key, class Gate, class Hash>
struct alignas(64) gate_table {
  /// A gate, and its place among those that are not in use.
  class entry {
   public:
    entry(gate_maker<Key, Gate> const& make, Key const& key, gate_table& home, time_point now)
        : own(make(key)), home_(&home), last_used_(now) {}

    void use(time_point now) noexcept {
      if (last_used() < now) last_used_.store(now, std::memory_order_relaxed);
    }
    [[nodiscard]] time_point last_used() const noexcept { return last_used_.load(std::memory_order_relaxed); }

    /// Ends one use. Takes the lock.
    void unpin() noexcept {
      std::lock_guard const lock(home_->mutex);
      if (--pins_ != 0) return;
      earlier_ = std::exchange(home_->newest, this);
      (earlier_ != nullptr ? earlier_->later_ : home_->oldest) = this;
    }

    Gate own;

   private:
    friend gate_table;

    void pin() noexcept {
      if (pins_++ == 0) unlink();
    }

    void unlink() noexcept {
      (earlier_ != nullptr ? earlier_->later_ : home_->oldest) = later_;
      (later_ != nullptr ? later_->earlier_ : home_->newest) = earlier_;
      earlier_ = later_ = nullptr;
    }

    gate_table* home_;
    Key const* key_ = nullptr;
    std::uint64_t pins_ = 0;
    std::atomic<time_point> last_used_;
    entry* earlier_ = nullptr;
    entry* later_ = nullptr;
  };

  using map = std::unordered_map<Key, entry, Hash>;
  using node = typename map::node_type;

  /// The entry of a key, in use from now on; null if there is none.
  entry* pin(Key const& key) {
    auto const found = gates.find(key);
    if (found == gates.end()) return nullptr;
    found->second.pin();
    return &found->second;
  }

  /// A new entry that is not in the table. Needs no lock.
  node make(Key const& key, gate_maker<Key, Gate> const& maker, time_point now) {
    map fresh;
    fresh.try_emplace(key, maker, key, *this, now);
    return fresh.extract(fresh.begin());
  }

  /// Puts it in the table, in use. Its key is not there yet.
  entry* add(node made) {
    auto const added = gates.insert(std::move(made)).position;
    entry& e = added->second;
    e.key_ = &added->first;
    e.pins_ = 1;
    return &e;
  }

  /// Takes out the entry that has not been in use for longest, if that is at least `idle`; otherwise the node is empty.
  node take_oldest(time_point now, duration idle) {
    if (oldest == nullptr || saturating_between(oldest->last_used(), now) < idle) return {};
    auto const place = gates.find(*oldest->key_);
    oldest->unlink();
    return gates.extract(place);
  }

  std::mutex mutex{};
  map gates{};
  entry* oldest = nullptr;  ///< of those that are not in use
  entry* newest = nullptr;
};

}  // namespace tenax::detail
