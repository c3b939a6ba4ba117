// SPDX-License-Identifier: MIT
// gate/detail/gate_tables.hpp: the gates of `keyed`: finds, makes, changes and discards them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>

#include <tenax/duration.hpp>
#include <tenax/gate/detail/table.hpp>
#include <tenax/platform/shared_number.hpp>
#include <tenax/platform/threads.hpp>

namespace tenax::detail {

/// The gates of all keys, spread over 16 tables. Functions of the user are called without a lock.
template <class Key, class Gate, class Hash>
class gate_tables {
  using table = gate_table<Key, Gate, Hash>;

 public:
  using entry = typename table::entry;
  using change = typename table::change;

  /// Owns `make`.
  gate_tables(std::uint32_t most, duration forget_after, gate_maker<Key, Gate> const* make) noexcept
      : most_(most), forget_after_(forget_after), make_(make) {}
  gate_tables(gate_tables const&) = delete;
  gate_tables& operator=(gate_tables const&) = delete;
  ~gate_tables() { delete make_; }

  [[nodiscard]] std::size_t size() const noexcept { return size_.load_relaxed(); }

  /// The entry of a key, in use; null if there is none.
  entry* pin(Key const& key) {
    auto& home = table_of(key);
    std::lock_guard const lock(home.mutex);
    return home.pin(key);
  }

  /// The entry of a key, in use, and made if there is none. Null if there is no room. Also discards one entry whose
  /// time has come.
  entry* find_or_add(Key const& key, time_point now) {
    auto* const e = find(key, now);
    return e != nullptr ? e : add(key, now);
  }

  /// When the first unused gate stops limiting its callers; the end of time if there is none.
  [[nodiscard]] time_point owes_until() const {
    auto first = (time_point::max)();
    for (auto& t : tables_) {
      std::lock_guard const lock(t.mutex);
      if (t.owes_until() < first) first = t.owes_until();
    }
    return first;
  }

  template <class F>
  void for_each(F&& f) {
    for (auto& t : tables_) {
      for (pinned_entries<table> all(t); auto* const e : all) f(e->key(), e->own);
    }
  }

  void forget_idle(time_point now) {
    for (auto& t : tables_) {
      while (forget(t, now, forget_after_)) {
      }
    }
  }

  /// Changes the gate of a key, and those that are made for the key later. Tries it with a gate that is discarded, so
  /// that a change that throws changes nothing.
  void set_change(Key const& key, change c) {
    auto& home = table_of(key);
    {
      auto trial = home.make(key, *make_, time_point());
      c(trial.mapped().own);
    }
    struct {
      entry* e = nullptr;
      change old{};
    } held;
    unpins const unpin{held.e};
    {
      std::lock_guard const lock(home.mutex);
      held.e = home.pin(key);
      held.old = std::exchange(home.changes[key], c);
    }
    if (held.e != nullptr) bring_up_to_date(home, *held.e, std::move(c));
  }

  /// Later gates of a key are not changed any more. Returns whether there was a change.
  bool forget_change(Key const& key) {
    auto& home = table_of(key);
    typename table::changes_map::node_type forgotten;  // outlives the lock
    std::lock_guard const lock(home.mutex);
    forgotten = home.changes.extract(key);
    return !forgotten.empty();
  }

 private:
  struct unpins {
    entry* const& e;
    ~unpins() {
      if (e != nullptr) e->unpin();
    }
  };

  table& table_of(Key const& key) const {
    // The upper bits of a product depend on all bits of the hash; the tables themselves use the lower ones.
    return tables_[(static_cast<std::uint64_t>(Hash{}(key)) * 0x9e3779b97f4a7c15u) >> 60];
  }

  entry* find(Key const& key, time_point now) {
    auto& home = table_of(key);
    typename table::node forgotten;  // outlives the lock: destroying a gate may take long
    std::lock_guard const lock(home.mutex);
    forgotten = home.take_oldest(now, forget_after_);
    if (forgotten) size_.fetch_sub_relaxed(1);
    return home.pin(key);
  }

  /// A new entry, in use, or the one that another thread has made meanwhile. Null if there is no room.
  entry* add(Key const& key, time_point now) {
    if (!reserve(now)) return nullptr;
    reserved_place reserved{&size_};
    auto& home = table_of(key);
    auto node = home.make(key, *make_, now);  // outlives the lock
    for (change made;;) {
      change latest;
      {
        std::lock_guard const lock(home.mutex);
        if (auto* const e = home.pin(key)) return e;
        latest = home.change_of(key);
        if (!latest || latest == made) {
          auto* const added = home.add(std::move(node));
          reserved.size = nullptr;
          return added;
        }
      }
      latest(node.mapped().own);
      made = std::move(latest);
    }
  }

  /// Other threads may change the gate at the same time: whoever ends last makes the latest change.
  void bring_up_to_date(table& home, entry& e, change c) {
    for (;;) {
      c(e.own);
      change latest;
      {
        std::lock_guard const lock(home.mutex);
        latest = home.change_of(e.key());
      }
      if (!latest || latest == c) return;
      c = std::move(latest);
    }
  }

  /// Makes room for one more key.
  bool reserve(time_point now) {
    auto n = size_.load_relaxed();
    for (;;) {
      while (n < most_) {
        if (size_.replace_relaxed(n, n + 1)) return true;
      }
      if (!forget_longest_idle(now)) return false;
      n = size_.load_relaxed();
    }
  }

  bool forget_longest_idle(time_point now) {
    table* best = nullptr;
    time_point since = (time_point::max)();
    for (auto& t : tables_) {
      std::lock_guard const lock(t.mutex);
      auto const* const e = t.oldest(now);
      if (e != nullptr && (best == nullptr || e->last_used() < since)) {
        best = &t;
        since = e->last_used();
      }
    }
    // Another caller may use it by now. Then takes the next one of this table, or looks again in all tables.
    return best != nullptr && (forget(*best, now, (duration::min)()) || forget_longest_idle(now));
  }

  /// Discards the gate of a table that has been unused for longest and limits no caller. Whether one was, for `idle`.
  bool forget(table& t, time_point now, duration idle) {
    typename table::node forgotten;
    std::lock_guard const lock(t.mutex);
    forgotten = t.take_oldest(now, idle);
    if (forgotten) size_.fetch_sub_relaxed(1);
    return static_cast<bool>(forgotten);
  }

  std::uint32_t const most_;
  duration const forget_after_;
  gate_maker<Key, Gate> const* const make_;
  platform::shared_number<std::size_t> size_{0};
  table mutable tables_[16]{};
};

}  // namespace tenax::detail
