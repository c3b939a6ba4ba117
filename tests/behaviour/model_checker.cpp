// SPDX-License-Identifier: MIT
// model_checker.cpp: the model checker finds known errors, and explores the right number of schedules.
#include "model_checker.hpp"

#include <set>
#include <string>

#include "catch.hpp"

namespace model = tests::model;

namespace {

constexpr auto relaxed = std::memory_order_relaxed;

/// Grants a number of permits; sometimes more, because another thread may take one between its two steps.
class load_then_store {
 public:
  explicit load_then_store(int permits) : left_(permits) {}
  bool try_acquire() {
    auto const left = left_.load();
    if (left == 0) return false;
    left_.store(left - 1);
    return true;
  }

 private:
  model::atomic<int> left_;
};

/// Grants a number of permits.
class exchange_in_a_loop {
 public:
  explicit exchange_in_a_loop(int permits) : left_(permits) {}
  bool try_acquire() {
    auto left = left_.load(relaxed);
    while (left != 0) {
      if (left_.compare_exchange_weak(left, left - 1, relaxed)) return true;
    }
    return false;
  }

 private:
  model::atomic<int> left_;
};

/// Does not handle a weak exchange that fails spuriously.
class exchange_once {
 public:
  explicit exchange_once(int permits) : left_(permits) {}
  bool try_acquire() {
    auto left = left_.load();
    return left != 0 && left_.compare_exchange_weak(left, left - 1);
  }

 private:
  model::atomic<int> left_;
};

/// The number of permits, of two, that `threads` threads got, in all schedules.
template <class Limiter>
std::set<int> gotten(model::bounds const& b, std::size_t threads, std::uint64_t& schedules) {
  std::set<int> all;
  schedules = model::explore(b, [&](model::threads& run) {
    Limiter limiter(2);
    int got = 0;
    run(std::vector<model::threads::job>(threads, [&] { got += limiter.try_acquire() ? 1 : 0; }));
    all.insert(got);
  });
  return all;
}

}  // namespace

TEST_CASE("model_checker: catches a limiter that loads and then stores") {
  std::uint64_t schedules = 0;
  CHECK(gotten<load_then_store>({.surprises = 0}, 3, schedules) == std::set{2, 3});
  CHECK(gotten<load_then_store>({.preemptions = 0, .surprises = 0}, 3, schedules) == std::set{2});
  CHECK(schedules == 6);  // one for each order of three threads
}

TEST_CASE("model_checker: catches a limiter that takes a weak exchange for a strong one") {
  std::uint64_t schedules = 0;
  CHECK(gotten<exchange_once>({}, 1, schedules) == std::set{0, 1});
  CHECK(gotten<exchange_once>({.surprises = 0}, 1, schedules) == std::set{1});
}

TEST_CASE("model_checker: finds no error in a limiter that exchanges in a loop") {
  std::uint64_t schedules = 0;
  CHECK(gotten<exchange_in_a_loop>({.surprises = 2}, 3, schedules) == std::set{2});
  CHECK(schedules > 500);
}

TEST_CASE("model_checker: the number of schedules is the number of orders of the steps") {
  auto const schedules = [](std::size_t threads, int steps) {
    return model::explore({}, [&](model::threads& run) {
      model::atomic<int> n{0};
      run(std::vector<model::threads::job>(threads, [&] {
        for (int i = 0; i < steps; ++i) n.fetch_add(1);
      }));
      REQUIRE(n.load() == static_cast<int>(threads) * steps);
    });
  };
  CHECK(schedules(1, 5) == 1);
  CHECK(schedules(2, 1) == 2);
  CHECK(schedules(2, 4) == 70);    // 8!/(4! 4!)
  CHECK(schedules(3, 3) == 1680);  // 9!/(3! 3! 3!)
}

TEST_CASE("model_checker: a lock excludes other threads from the section, and allows their other steps") {
  std::set<int> seen;
  auto const schedules = model::explore({}, [&](model::threads& run) {
    model::mutex mutex;
    model::atomic<int> outside{0};
    int n = 0;
    auto const work = [&] {
      std::lock_guard const lock(mutex);
      auto const old = n;
      if (outside.load() == 1) seen.insert(old);
      n = old + 1;
    };
    run({work, work, [&] { outside.store(1); }});
    REQUIRE(n == 2);
  });
  CHECK(seen == std::set{0, 1});
  CHECK(schedules > 10);
}

TEST_CASE("model_checker: reports a deadlock") {
  bool found = false;
  model::explore({}, [&](model::threads& run) {
    model::mutex a, b;
    try {
      run({[&] { std::scoped_lock const first(a), second(b); }, [&] { std::scoped_lock const first(b), second(a); }});
    } catch (std::logic_error const& e) {
      found = e.what() == std::string("the threads wait for each other");
    }
  });
  CHECK(found);
}

TEST_CASE("model_checker: a relaxed load may return an old value, and one that synchronises does not") {
  // The message is written, then announced: a thread that sees the announcement must see the message.
  auto const read = [](std::memory_order order) {
    std::set<int> all;
    model::explore({}, [&](model::threads& run) {
      model::atomic<int> message{0}, announced{0};
      run({[&] {
             message.store(1, relaxed);
             announced.store(1, order);
           },
           [&] {
             if (announced.load(order) == 1) all.insert(message.load(relaxed));
           }});
    });
    return all;
  };
  CHECK(read(relaxed) == std::set{0, 1});
  CHECK(read(std::memory_order_seq_cst) == std::set{1});

  // A thread never sees a value older than one that it has seen or written, or than the last one under the lock.
  model::explore({}, [&](model::threads& run) {
    model::atomic<int> n{0}, own{0};
    model::mutex mutex;
    int locked = 0;
    run({[&] {
           n.store(1, relaxed);
           n.store(2, relaxed);
           std::lock_guard const lock(mutex);
           locked = 1;
         },
         [&] {
           own.store(1, relaxed);
           auto const first = n.load(relaxed);
           auto const second = n.load(relaxed);
           if (first > second || own.load(relaxed) != 1) locked = -1;
           std::lock_guard const lock(mutex);
           if (locked == 1 && n.load(relaxed) != 2) locked = -1;
         }});
    REQUIRE(locked != -1);
  });
}

TEST_CASE("model_checker: whole operations are not interrupted") {
  std::uint64_t schedules = 0;
  CHECK(gotten<load_then_store>({.whole_operations = true}, 3, schedules) == std::set{2});
  CHECK(schedules == 6);
  std::set<int> seen;
  model::explore({.whole_operations = true}, [&](model::threads& run) {
    model::atomic<int> n{0};
    run({[&] {
           n.fetch_add(1);
           n.fetch_add(1);
           model::between_operations();
           n.fetch_add(1);
         },
         [&] { seen.insert(n.load()); }});
  });
  CHECK(seen == std::set{0, 2, 3});
}

TEST_CASE("model_checker: counts operations") {
  model::atomic<int> n{0};
  model::done() = {};
  n.store(n.load() + 1);
  n.fetch_add(1);
  CHECK(model::done() == model::operations{.loads = 1, .stores = 1, .exchanges = 1, .locks = 0});
}
