// SPDX-License-Identifier: MIT
// model_checker.hpp: a model checker: runs a few threads in every order of their steps on atomics and mutexes.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "model_threads.hpp"

/// Explores all schedules of a few threads that share only `model::atomic` and `model::mutex`:
/// ```
/// auto const schedules = model::explore({}, [](model::threads& run) {
///   model::atomic<int> n{0};
///   run({[&] { n.fetch_add(1); }, [&] { n.fetch_add(1); }});
///   REQUIRE(n.load() == 2);
/// });
/// ```
/// The body is called once for each schedule. Real threads take turns: before every step, one thread is chosen to go
/// on, and the next call of the body makes another choice. A step is one operation on an atomic, or a lock, or an
/// unlock.
///
/// A weak exchange may fail spuriously. A relaxed load may return an older value, but not one older than a value that
/// its thread has seen, directly or by synchronizing with another thread. Other loads, and all writes, see the newest
/// value. A relaxed load is never reordered before an earlier operation of its own thread, and a failed exchange
/// returns the newest value; the memory model would allow more.
namespace tests::model {

/// Calls `body(threads)` once for each schedule. Returns the number of schedules.
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

/// Marks the point where one operation ends and the next begins.
inline void between_operations() {
  if (auto* const t = threads::current()) t->boundary();
}

/// The operations of all threads since the counts were last set to zero.
struct operations {
  std::uint64_t loads = 0, stores = 0, exchanges = 0, locks = 0;
  friend bool operator==(operations const&, operations const&) = default;
};

inline operations& done() {
  static operations o;
  return o;
}

/// An atomic whose operations are steps. Has the members of `std::atomic` that gates use.
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

/// A condition variable for one waiter, which waits without a limit: a schedule in which a wake-up is lost fails. Each
/// operation is a step.
class condition_variable {
 public:
  void notify_one() {
    if (auto* const t = threads::current()) t->step();
    waits_ = false;
  }

  template <class Lock, class Time>
  void wait_until(Lock& lock, Time const&) {
    auto* const t = threads::current();
    if (t == nullptr) return;
    waits_ = true;
    lock.unlock();
    t->step_until_free(&waits_);
    lock.lock();
  }

 private:
  bool waits_ = false;
};

}  // namespace tests::model
