// SPDX-License-Identifier: MIT
// model_checker.hpp: runs a few threads in every order of their single steps on atomics and mutexes.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "choices.hpp"

/// Explores all schedules of a few threads that share nothing but `model::atomic` and `model::mutex`:
/// ```
/// auto const schedules = model::explore({}, [](model::threads& run) {
///   model::atomic<int> n{0};
///   run({[&] { n.fetch_add(1); }, [&] { n.fetch_add(1); }});
///   REQUIRE(n.load() == 2);
/// });
/// ```
/// The body is called once for each schedule. Real threads take turns: before every step a choice is made who goes on, and
/// the next call of the body makes another choice. A step is one operation on an atomic, or a lock, or an unlock.
///
/// A weak exchange may fail for no reason. A relaxed load may give an older value, though never an older one than its thread
/// has seen, or was told of by somebody who synchronised with it. Other loads, and whatever writes, see the newest value. A
/// relaxed load is never seen before an earlier operation of its own thread, and a failed exchange gives the newest value:
/// the memory model would allow more.
namespace tests::model {

struct bounds {
  int preemptions = 1'000'000;  ///< how often a thread that could go on is stopped in one schedule
  int surprises = 1;  ///< how many exchanges fail for no reason, or loads give an older value, in one schedule
  bool whole_operations = false;  ///< threads are stopped at `between_operations` only, and nothing surprises them
};

/// What was done since they were last set to zero, by anybody.
struct operations {
  std::uint64_t loads = 0, stores = 0, exchanges = 0, locks = 0;
  friend bool operator==(operations const&, operations const&) = default;
};

/// For each atomic, how many of its values are older than those that may still be seen.
class view {
 public:
  std::size_t& of(std::size_t atomic) {
    if (atomic >= oldest_.size()) oldest_.resize(atomic + 1);
    return oldest_[atomic];
  }
  void join(view const& other) {
    for (std::size_t i = 0; i < other.oldest_.size(); ++i) of(i) = std::max(of(i), other.oldest_[i]);
  }

 private:
  std::vector<std::size_t> oldest_;
};

/// Runs threads in one schedule after another.
class threads {
 public:
  using job = std::function<void()>;
  static constexpr std::size_t most = 3;

  explicit threads(bounds const& b) : bounds_(b) {
    for (std::size_t i = 0; i < most; ++i) workers_[i].thread = std::thread([this, i] { work(i); });
    current() = this;
  }
  threads(threads const&) = delete;
  threads& operator=(threads const&) = delete;
  ~threads() {
    {
      std::lock_guard const lock(baton_);
      over_ = true;
    }
    for (auto& w : workers_) w.wake.notify_one();
    for (auto& w : workers_) w.thread.join();
    current() = nullptr;
  }

  /// Runs jobs, which must not throw, until all have ended. Throws `std::logic_error` if they wait for each other.
  void operator()(std::vector<job> jobs) {
    view all = outside_;
    for (auto const& w : workers_) all.join(w.seen);
    count_ = jobs.size();
    for (std::size_t i = 0; i < count_; ++i) {
      workers_[i].does = std::move(jobs[i]);
      workers_[i].ended = workers_[i].arrived = false;
      workers_[i].seen = all;
    }
    started_ = 0;
    if (auto const first = next_after(nobody); first != nobody) hand_over_and_wait(first, nobody);
    for (auto const& w : workers_) outside_.join(w.seen);
    if (std::exchange(stuck_, false)) throw std::logic_error("the threads wait for each other");
  }

  /// One of `0, 1, ... options - 1`: each of them in some schedule.
  std::size_t choose(std::size_t options) { return choices_.choose(options); }

  /// Whether there is another schedule.
  bool next() {
    preemptions_ = surprises_ = 0;
    outside_ = {};
    for (auto& w : workers_) w.seen = {};
    atomics_ = 0;
    return choices_.next();
  }

  // For atomics and mutexes, and between_operations().

  static threads*& current() {
    static threads* t = nullptr;
    return t;
  }
  /// The calling thread's number, or `nobody` outside of the jobs.
  static std::size_t& self() {
    static thread_local std::size_t number = nobody;
    return number;
  }
  static constexpr std::size_t nobody = most;

  std::size_t name_atomic() { return atomics_++; }
  view& seen() { return self() == nobody ? outside_ : workers_[self()].seen; }

  void step() {
    if (self() != nobody && (!bounds_.whole_operations || !workers_[self()].arrived)) take_turn();
  }
  void boundary() {
    if (self() != nobody && bounds_.whole_operations) take_turn();
  }
  /// Takes the turn when `*locked` has become false.
  void step_until_free(bool const* locked) {
    if (self() == nobody) return;
    workers_[self()].waits_for = locked;
    if (!bounds_.whole_operations || !workers_[self()].arrived || *locked) take_turn();
    workers_[self()].waits_for = nullptr;
  }
  /// Which of so many results something has, of which all but the first are a surprise.
  std::size_t surprise(std::size_t results) {
    if (self() == nobody || bounds_.whole_operations || results < 2 || surprises_ == bounds_.surprises) return 0;
    auto const result = choose(results);
    if (result != 0) ++surprises_;
    return result;
  }

 private:
  struct worker {
    std::thread thread{};
    std::condition_variable wake{};
    job does{};
    bool arrived = false;  // at its first step
    bool ended = true;
    bool const* waits_for = nullptr;
    view seen{};
  };

  [[nodiscard]] bool can_go(std::size_t i) const {
    return !workers_[i].ended && (workers_[i].waits_for == nullptr || !*workers_[i].waits_for);
  }

  /// Who is next; `nobody` if all have ended.
  std::size_t pick(std::size_t now) {
    std::array<std::size_t, most> options{};
    std::size_t n = 0;
    bool const goes_on = now != nobody && can_go(now);
    if (goes_on) options[n++] = now;
    if (!goes_on || preemptions_ < bounds_.preemptions) {
      for (std::size_t i = 0; i < count_; ++i) {
        if (i != now && can_go(i)) options[n++] = i;
      }
    }
    if (n == 0) {
      for (std::size_t i = 0; i < count_; ++i) {
        if (!workers_[i].ended) {
          stuck_ = true;  // from now on locks hold nobody, so that all come to their end
          return i;
        }
      }
      return nobody;
    }
    auto const chosen = n == 1 ? options[0] : options[choose(n)];
    if (goes_on && chosen != now) ++preemptions_;
    return chosen;
  }

  /// The same, after all have arrived at their first steps: until then, they do nothing that others could see.
  std::size_t next_after(std::size_t now) { return started_ < count_ ? started_++ : pick(now); }

  void take_turn() {
    bool const first = !std::exchange(workers_[self()].arrived, true);
    auto const next = next_after(first ? nobody : self());
    if (next != self()) hand_over_and_wait(next, self());
  }

  void hand_over_and_wait(std::size_t to, std::size_t from) {
    std::unique_lock lock(baton_);
    hand_over(to);
    (from == nobody ? outside_wakes_ : workers_[from].wake).wait(lock, [&] { return turn_ == from; });
  }

  void hand_over(std::size_t to) {
    turn_ = to;
    (to == nobody ? outside_wakes_ : workers_[to].wake).notify_one();
  }

  void work(std::size_t i) {
    self() = i;
    std::unique_lock lock(baton_);
    for (;;) {
      workers_[i].wake.wait(lock, [&] { return over_ || turn_ == i; });
      if (over_) return;
      lock.unlock();
      workers_[i].does();
      workers_[i].ended = true;
      auto const next = next_after(nobody);
      lock.lock();
      hand_over(next);
    }
  }

  bounds const bounds_;
  all_choices choices_;
  int preemptions_ = 0;
  int surprises_ = 0;
  std::size_t atomics_ = 0;
  std::size_t count_ = 0;
  std::size_t started_ = 0;
  bool stuck_ = false;
  view outside_;

  std::mutex baton_;
  std::size_t turn_ = nobody;
  bool over_ = false;
  std::condition_variable outside_wakes_;
  std::array<worker, most> workers_{};
};

/// Calls `body(threads)` once for each schedule. How many there were.
template <class Body>
std::uint64_t explore(bounds const& b, Body const& body) {
  threads run(b);
  std::uint64_t schedules = 0;
  do {
    body(run);
    ++schedules;
  } while (run.next());
  return schedules;
}

/// Where one operation ends and the next begins.
inline void between_operations() {
  if (auto* const t = threads::current()) t->boundary();
}

inline operations& done() {
  static operations o;
  return o;
}

/// An atomic whose operations are steps. Has those members of `std::atomic` that gates use.
template <class T>
class atomic {
 public:
  atomic(T value = T{}) : values_{value} {
    if (auto* const t = threads::current()) name_ = t->name_atomic();
  }
  atomic(atomic const&) = delete;
  atomic& operator=(atomic const&) = delete;

  T load(std::memory_order order = std::memory_order_seq_cst) const {
    ++done().loads;
    auto* const t = step();
    if (t == nullptr) return values_.back();
    auto& seen = t->seen().of(name_);
    std::size_t age = 0;
    if (order == std::memory_order_relaxed) {
      age = t->surprise(values_.size() - seen);
    } else {
      t->seen().join(released_);
    }
    auto const i = values_.size() - 1 - age;
    t->seen().of(name_) = i;
    return values_[i];
  }

  void store(T value, std::memory_order order = std::memory_order_seq_cst) {
    ++done().stores;
    write(step(), value, order);
  }

  T exchange(T value, std::memory_order order = std::memory_order_seq_cst) {
    return change([&](T) { return value; }, order);
  }
  T fetch_add(T n, std::memory_order order = std::memory_order_seq_cst) {
    return change([&](T old) { return static_cast<T>(old + n); }, order);
  }
  T fetch_sub(T n, std::memory_order order = std::memory_order_seq_cst) {
    return change([&](T old) { return static_cast<T>(old - n); }, order);
  }

  bool compare_exchange_weak(T& expected, T value, std::memory_order order = std::memory_order_seq_cst) {
    return compare_exchange(expected, value, order, true);
  }
  bool compare_exchange_strong(T& expected, T value, std::memory_order order = std::memory_order_seq_cst) {
    return compare_exchange(expected, value, order, false);
  }

 private:
  static threads* step() {
    auto* const t = threads::current();
    if (t != nullptr) t->step();
    return t;
  }

  void write(threads* t, T value, std::memory_order order) {
    values_.push_back(value);
    if (t == nullptr) return;
    t->seen().of(name_) = values_.size() - 1;
    if (order == std::memory_order_relaxed) return;
    t->seen().join(released_);
    released_.join(t->seen());
  }

  template <class F>
  T change(F const& f, std::memory_order order) {
    ++done().exchanges;
    auto* const t = step();
    T const old = values_.back();
    write(t, f(old), order);
    return old;
  }

  bool compare_exchange(T& expected, T value, std::memory_order order, bool weak) {
    ++done().exchanges;
    auto* const t = step();
    bool const equal = values_.back() == expected;
    if (equal && !(weak && t != nullptr && t->surprise(2) == 1)) {
      write(t, value, order);
      return true;
    }
    expected = values_.back();
    if (t != nullptr) {
      t->seen().of(name_) = values_.size() - 1;
      if (order != std::memory_order_relaxed) t->seen().join(released_);
    }
    return false;
  }

  std::vector<T> values_;  // in the order in which they were written
  view released_;
  std::size_t name_ = 0;
};

/// A mutex whose `lock` and `unlock` are steps.
class mutex {
 public:
  mutex() = default;
  mutex(mutex const&) = delete;
  mutex& operator=(mutex const&) = delete;

  void lock() {
    ++done().locks;
    if (auto* const t = threads::current()) {
      t->step_until_free(&locked_);
      t->seen().join(released_);
    }
    locked_ = true;
  }

  void unlock() {
    if (auto* const t = threads::current()) {
      t->step();
      released_ = t->seen();
    }
    locked_ = false;
  }

 private:
  bool locked_ = false;
  view released_;
};

}  // namespace tests::model
