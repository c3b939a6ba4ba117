// SPDX-License-Identifier: MIT
// gate/detail/table.hpp: gates by their keys, and which of the unused ones may be discarded first.
#pragma once

#include <cstddef>
#include <mutex>
#include <type_traits>
// Keys are of any hashable type and are found among thousands, which justifies the standard's table and its includes.
#include <unordered_map>
#include <utility>

#include <tenax/duration.hpp>
#include <tenax/gate/detail/gate_change.hpp>
#include <tenax/gate/detail/waiting_line.hpp>
#include <tenax/platform/compiler.hpp>
#include <tenax/platform/shared_number.hpp>
#include <tenax/platform/threads.hpp>

namespace tenax::detail {

/// Makes the gate of a key.
template <class Key, class Gate>
struct gate_maker {
  virtual Gate operator()(Key const& key) const = 0;
  virtual ~gate_maker() = default;
};

/// Calls `make(key)`, or `make()`.
template <class Key, class Gate, class Make>
struct made_by final : gate_maker<Key, Gate> {
  explicit made_by(Make m) : make(std::move(m)) {}
  Gate operator()(Key const& key) const override {
    if constexpr (std::is_invocable_v<Make const&, Key const&>) {
      return make(key);
    } else {
      return make();
    }
  }
  Make make;
};

/// One of the tables of `tenax::keyed`. Functions that do not take the lock themselves must be called under `mutex`.
/// Has its own cache line, so that threads with different keys do not disturb each other.
template <class Key, class Gate, class Hash>
struct alignas(64) gate_table {
  /// A gate, and its place among the unused ones.
  class entry : line_place {
   public:
    entry(gate_maker<Key, Gate> const& make, Key const& key, gate_table& home, time_point now)
        : own(make(key)), home_(&home), last_used_(now.time_since_epoch().count()) {
      this->weight = 0;
      this->asks = this->late = 0;
    }

    void use(time_point now) noexcept {
      if (last_used() < now) last_used_.store_relaxed(now.time_since_epoch().count());
    }
    [[nodiscard]] time_point last_used() const noexcept { return time_point(duration(last_used_.load_relaxed())); }

    /// Ends one use. Takes the lock.
    void unpin() noexcept {
      auto& home = *home_;
      std::lock_guard const lock(home.mutex);
      auto const used = last_used();
      if (home.newest_use < used) home.newest_use = used;
      if (--pins_ != 0) return;
      if constexpr (requires { own.keep_until(time_point()); }) {
        if (auto const until = own.keep_until(used); until > used) {
          owes_ = true;
          this->rank = in_order(until);
          return home.owing.insert(*this);
        }
      }
      wait_to_be_forgotten();
    }

    [[nodiscard]] Key const& key() const noexcept { return *key_; }

    Gate own;

   private:
    friend gate_table;
    template <class Table>
    friend class pinned_entries;

    void wait_to_be_forgotten() noexcept {
      owes_ = false;
      this->rank = in_order(last_used());
      home_->idle.insert(*this);
    }

    void pin() noexcept {
      if (pins_++ == 0) unlink();
    }

    void unlink() noexcept { (owes_ ? home_->owing : home_->idle).erase(*this); }

    /// The clock was set back by `d`. All entries keep their order.
    void set_back(duration d) noexcept {
      last_used_.store_relaxed(saturating_subtract(last_used().time_since_epoch(), d).count());
      auto const ticks = static_cast<std::uint64_t>(d.count());
      this->rank = this->rank > ticks ? this->rank - ticks : 0;
    }

    gate_table* home_;
    Key const* key_ = nullptr;
    std::uint64_t pins_ = 0;
    bool owes_ = false;
    platform::shared_number<duration::rep> last_used_;
  };

  using map = std::unordered_map<Key, entry, Hash>;
  using node = typename map::node_type;
  using change = shared_change<Gate>;
  using changes_map = std::unordered_map<Key, change, Hash>;

  /// The entry of a key, in use from now on; null if there is none.
  entry* pin(Key const& key) {
    auto const found = gates.find(key);
    if (found == gates.end()) return nullptr;
    found->second.pin();
    return &found->second;
  }

  /// The change of the gates of a key, if there is one.
  change change_of(Key const& key) const {
    if (changes.empty()) return {};
    auto const found = changes.find(key);
    return found == changes.end() ? change{} : found->second;
  }

  /// A new entry that is not in the table. Needs no lock.
  node make(Key const& key, gate_maker<Key, Gate> const& maker, time_point now) {
    map fresh;
    fresh.try_emplace(key, maker, key, *this, now);
    return fresh.extract(fresh.begin());
  }

  /// Puts a new entry in the table, in use. Its key must not be in the table.
  entry* add(node made) {
    auto const added = gates.insert(std::move(made)).position;
    entry& e = added->second;
    e.key_ = &added->first;
    e.pins_ = 1;
    return &e;
  }

  /// The entry that limits no caller and has been unused for longest; null if there is none.
  entry* oldest(time_point now) noexcept {
    if (now < newest_use) set_back(now);
    newest_use = now < newest_use ? newest_use : now;
    for (auto* p = owing.head(); p != nullptr && p->rank <= in_order(now); p = owing.head()) {
      owing.erase(*p);
      static_cast<entry*>(p)->wait_to_be_forgotten();
    }
    return static_cast<entry*>(idle.head());
  }

  /// Until when all unused entries limit their callers; the end of time if there is none.
  [[nodiscard]] time_point owes_until() const noexcept {
    auto const* const p = owing.head();
    return p != nullptr ? time_point(duration(static_cast<duration::rep>(p->rank ^ sign))) : (time_point::max)();
  }

  /// Takes that entry out if it has been unused for `least` or longer; otherwise the node is empty.
  node take_oldest(time_point now, duration least) {
    entry* const e = oldest(now);
    if (e == nullptr || saturating_between(e->last_used(), now) < least) return {};
    auto const place = gates.find(*e->key_);
    e->unlink();
    return gates.extract(place);
  }

  /// If the clock was set back by more than a second, entries are kept as long as they would have been kept.
  TENAX_COLD void set_back(time_point now) noexcept {
    auto const back = saturating_between(now, newest_use);
    if (back <= std::chrono::seconds(1)) return;
    newest_use = now;
    for (auto& [key, e] : gates) e.set_back(back);
  }

  static constexpr std::uint64_t sign = std::uint64_t(1) << 63;
  static constexpr std::uint64_t in_order(time_point t) noexcept {
    return static_cast<std::uint64_t>(t.time_since_epoch().count()) ^ sign;
  }

  std::mutex mutex{};
  map gates{};
  changes_map changes{};
  time_point newest_use = (time_point::min)();
  // The entries that are not in use:
  waiting_line owing{};  ///< those that still limit callers, by the moment until which they do
  waiting_line idle{};   ///< those that limit no caller, by their last use
};

/// One of the greatest number of gates, given back unless it is kept.
struct reserved_place {
  platform::shared_number<std::size_t>* size;
  ~reserved_place() {
    if (size != nullptr) size->fetch_sub_relaxed(1);
  }
};

/// All entries of a table, in use as long as this object exists.
template <class Table>
class pinned_entries {
 public:
  using entry = typename Table::entry;

  explicit pinned_entries(Table& t) {
    std::lock_guard const lock(t.mutex);
    first_ = last_ = new entry*[t.gates.size()];
    for (auto& [key, e] : t.gates) {
      e.pin();
      *last_++ = &e;
    }
  }
  pinned_entries(pinned_entries const&) = delete;
  pinned_entries& operator=(pinned_entries const&) = delete;
  ~pinned_entries() {
    for (auto* const e : *this) e->unpin();
    delete[] first_;
  }

  [[nodiscard]] entry** begin() const noexcept { return first_; }
  [[nodiscard]] entry** end() const noexcept { return last_; }

 private:
  entry** first_;
  entry** last_;
};

}  // namespace tenax::detail
