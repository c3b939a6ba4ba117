// SPDX-License-Identifier: MIT
// model_threads.hpp: threads that take turns in every order of their steps. See model_checker.hpp.
#pragma once

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "choices.hpp"

namespace tests::model {

struct bounds {
  int preemptions = 1'000'000;    ///< how often one schedule stops a thread that could go on
  int surprises = 1;              ///< spurious failures and older loaded values in one schedule
  bool whole_operations = false;  ///< threads stop at `between_operations` only; no surprises
};

/// For each atomic, the number of its values that are too old to be seen.
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

  /// Runs jobs, which must not throw, until all have ended. Throws `std::logic_error` for a deadlock.
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

  /// Returns one of `0, 1, ... options - 1`: each of them in some schedule.
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
  /// The number of the calling thread, or `nobody` outside of the jobs.
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
  /// Chooses one of `results` possible results; all except the first are surprises.
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
    bool arrived = false;  // has reached its first step
    bool ended = true;
    bool const* waits_for = nullptr;
    view seen{};
  };

  [[nodiscard]] bool can_go(std::size_t i) const {
    return !workers_[i].ended && (workers_[i].waits_for == nullptr || !*workers_[i].waits_for);
  }

  /// The next thread; `nobody` if all have ended.
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
          stuck_ = true;  // from now on locks stop no thread, so that all threads can end
          return i;
        }
      }
      return nobody;
    }
    auto const chosen = n == 1 ? options[0] : options[choose(n)];
    if (goes_on && chosen != now) ++preemptions_;
    return chosen;
  }

  /// The same after all threads have arrived at their first steps: before that, they do nothing that others could see.
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

}  // namespace tests::model
