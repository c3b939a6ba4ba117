// SPDX-License-Identifier: MIT
// keyed_scheduler.cpp: work of many keys, handed to threads as the gate of each key admits it.
#include <tenax/gate/keyed_scheduler.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <tenax/cancel.hpp>
#include <tenax/gate/bulkhead.hpp>
#include <tenax/gate/circuit_breaker.hpp>
#include <tenax/gate/rate_limiter.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "catch.hpp"
#include "gates.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using tenax::keyed;
using tenax::keyed_scheduler;
using tenax::per_second;
using tenax::rate_limiter;

namespace {

using limiters = keyed<std::string, rate_limiter<1>>;
using line_of_numbers = keyed_scheduler<int, std::string, rate_limiter<1>>;

struct done {
  std::string key;
  int number;
  tenax::duration at;
  friend bool operator==(done const&, done const&) = default;
  friend std::ostream& operator<<(std::ostream& out, done const& d) {
    return out << d.key << d.number << " at " << d.at.count() / 1'000'000 << "ms";
  }
};

/// Takes `n` items by `pop`, in virtual time.
template <class Line>
std::vector<done> take(Line& line, std::size_t n, tenax::testing::virtual_time& clock) {
  std::vector<done> taken;
  while (taken.size() < n) {
    auto job = line.pop(tenax::detail::no_token(), clock);
    if (!job) break;
    CHECK(job->admitted());
    taken.push_back({job->key(), job->work(), clock.now().time_since_epoch()});
    job->record({}, clock.now());
  }
  return taken;
}

struct flag {
  bool const* set;
  [[nodiscard]] bool stop_requested() const { return *set; }
};

}  // namespace

TEST_CASE("keyed_scheduler: hands out what the gates admit, in order for each key, and keys take turns") {
  tenax::testing::virtual_time clock;
  limiters all([](std::string const& key) { return rate_limiter(per_second(key == "slow" ? 1 : 4)); });
  line_of_numbers line(all);
  for (int i = 0; i < 3; ++i) REQUIRE(line.push("slow", int(i)));
  for (int i = 0; i < 5; ++i) REQUIRE(line.push("a", int(i)));
  for (int i = 0; i < 5; ++i) REQUIRE(line.push("b", int(i)));
  CHECK(line.waiting() == 13);
  CHECK(take(line, 13, clock) == std::vector<done>{{"slow", 0, 0s},
                                                   {"a", 0, 0s},
                                                   {"b", 0, 0s},
                                                   {"a", 1, 250ms},
                                                   {"b", 1, 250ms},
                                                   {"a", 2, 500ms},
                                                   {"b", 2, 500ms},
                                                   {"a", 3, 750ms},
                                                   {"b", 3, 750ms},
                                                   {"slow", 1, 1s},
                                                   {"a", 4, 1s},
                                                   {"b", 4, 1s},
                                                   {"slow", 2, 2s}});
  CHECK(line.waiting() == 0);
  // It sleeps until the next moment, and does not poll.
  CHECK(clock.sleeps() == std::vector<tenax::duration>{250ms, 250ms, 250ms, 250ms, 1s});
}

TEST_CASE("keyed_scheduler: a gate wakes the thread that waits") {
  tenax::testing::virtual_time clock;
  limiters all([] { return rate_limiter(per_second(1)); });
  line_of_numbers line(all);
  REQUIRE(line.push("a", 1));
  REQUIRE(line.push("a", 2));
  clock.after(200ms, [&] { all.visit("a", [&](auto& limiter) { limiter.set(per_second(4), clock); }); });
  clock.after(300ms, [&] { CHECK(line.push("b", 3)); });
  CHECK(take(line, 3, clock) == std::vector<done>{{"a", 1, 0s}, {"b", 3, 300ms}, {"a", 2, 400ms}});
}

TEST_CASE("keyed_scheduler: a place that becomes free is used at once, and a job that is dropped gives it back") {
  tenax::testing::virtual_time clock;
  keyed<int, tenax::bulkhead> places([] { return tenax::bulkhead({.at_once = 1, .queue = 4, .max_wait = 1h}); });
  keyed_scheduler<std::string, int, tenax::bulkhead> line(places);
  for (auto const* text : {"first", "second", "third"}) REQUIRE(line.push(7, text));
  auto first = line.pop(tenax::detail::no_token(), clock);
  REQUIRE(first);
  CHECK(first->work() == "first");
  CHECK(first->key() == 7);
  clock.after(1234ms, [&] { first->record({}, clock.now()); });
  {
    auto const second = line.pop(tenax::detail::no_token(), clock);
    CHECK(clock.now().time_since_epoch() == 1234ms);
    CHECK_FALSE(line.try_pop(clock));
  }
  auto third = line.try_pop(clock);
  REQUIRE(third);
  CHECK(third->work() == "third");
}

TEST_CASE("keyed_scheduler: runs work, and tells the gate how it ended") {
  tenax::testing::virtual_time clock;
  keyed<int, tenax::circuit_breaker<>> breakers([] { return tenax::circuit_breaker({.failures = 1, .open_for = 9s}); });
  keyed_scheduler<std::function<int()>, int, tenax::circuit_breaker<>> line(breakers);
  REQUIRE(line.push(1, [] { return 42; }));
  REQUIRE(line.push(1, []() -> int { throw std::runtime_error("lost"); }));
  REQUIRE(line.push(1, [] { return 1; }));
  REQUIRE(line.push(2, [] { return 2; }));
  CHECK(line.try_pop(clock)->run(clock) == 42);
  CHECK(line.try_pop(clock)->run(clock) == 2);
  CHECK_THROWS_AS(line.try_pop(clock)->run(clock), std::runtime_error);
  auto refused = line.try_pop(clock);
  REQUIRE(refused);
  CHECK_FALSE(refused->admitted());
  CHECK(refused->refusal().reason == std::string("circuit open"));
  CHECK_THROWS_AS(refused->run(clock), tenax::refused);
  CHECK_FALSE(line.try_pop(clock));
}

TEST_CASE("keyed_scheduler: bounds what waits, and closes") {
  tenax::testing::virtual_time clock;
  keyed<int, rate_limiter<1>> all([] { return rate_limiter(per_second(10)); });
  using line_type = keyed_scheduler<std::unique_ptr<int>, int, rate_limiter<1>>;
  line_type line(all, {.max_waiting = 3, .max_waiting_per_key = 2});
  auto work = std::make_unique<int>(1);
  CHECK(line.push(1, std::make_unique<int>(1)));
  CHECK(line.push(1, std::make_unique<int>(2)));
  CHECK_FALSE(line.push(1, std::move(work)));
  REQUIRE(work);  // it was left as it was
  CHECK(line.push(2, std::make_unique<int>(3)));
  CHECK_FALSE(line.push(3, std::move(work)));
  line.close();
  CHECK(line.try_pop(clock));
  CHECK_FALSE(line.push(3, std::move(work)));
  REQUIRE(work);
  // What waits at the gates is still handed out.
  CHECK(line.pop(tenax::detail::no_token(), clock));
  CHECK(line.pop(tenax::detail::no_token(), clock));
  CHECK_FALSE(line.pop(tenax::detail::no_token(), clock));
  CHECK(tests::rejection([&] { return line_type(all, {.max_waiting = 0}).waiting(); }) ==
        "tenax: keyed_scheduler: max_waiting must be at least 1, but is 0");
  CHECK(tests::rejection([&] { return line_type(all, {.max_waiting_per_key = -1}).waiting(); }) ==
        "tenax: keyed_scheduler: max_waiting_per_key must be at least 1, but is -1");
}

TEST_CASE("keyed_scheduler: a token ends the wait, and what waits stays") {
  tenax::testing::virtual_time clock;
  limiters all([] { return rate_limiter(per_second(1)); });
  line_of_numbers line(all);
  REQUIRE(line.push("a", 1));
  REQUIRE(line.push("a", 2));
  bool stop = false;
  CHECK(line.pop(flag{&stop}, clock));
  clock.after(100ms, [&] { stop = true; });
  CHECK_FALSE(line.pop(flag{&stop}, clock));
  CHECK(clock.now().time_since_epoch() == 100ms);
  CHECK(line.waiting() == 1);
  CHECK(take(line, 1, clock) == std::vector<done>{{"a", 2, 1s}});
}

TEST_CASE("keyed_scheduler: an exception of a gate passes through, and the work stays") {
  tenax::testing::virtual_time clock;
  bool broken = true;
  keyed<int, rate_limiter<1>> all([&](int) {
    if (broken) throw std::logic_error("broken");
    return rate_limiter(per_second(1));
  });
  keyed_scheduler<int, int, rate_limiter<1>> line(all);
  REQUIRE(line.push(1, 7));
  CHECK_THROWS_AS(line.try_pop(clock), std::logic_error);
  CHECK_THROWS_AS(line.pop(tenax::detail::no_token(), clock), std::logic_error);
  broken = false;
  auto const job = line.try_pop(clock);
  REQUIRE(job);
}

TEST_CASE("keyed_scheduler: asks gates that do not wake after the wait that they answer") {
  tenax::testing::virtual_time clock;
  struct slow_start {
    tenax::time_point opens{};
    struct ticket {};
    tenax::admission admit(ticket&, tenax::attempt_info const&, tenax::time_point now) {
      return now < opens ? tenax::admission::wait(opens - now) : tenax::admission::go();
    }
    void record(ticket&, tenax::feedback const&, tenax::time_point) {}
  };
  keyed<int, slow_start> all([](int key) { return slow_start{tenax::time_point(std::chrono::seconds(key))}; });
  keyed_scheduler<int, int, slow_start> line(all);
  for (int key : {3, 1, 2}) REQUIRE(line.push(key, int(key)));
  std::vector<int> order;
  for (int i = 0; i < 3; ++i) order.push_back(line.pop(tenax::detail::no_token(), clock)->key());
  CHECK(order == std::vector<int>{1, 2, 3});
  CHECK(clock.sleeps() == std::vector<tenax::duration>{1s, 1s, 1s});
}

TEST_CASE("keyed_scheduler: one slow key holds no thread of a pool") {
  // Sixteen threads, work of 10 ms, fifteen keys of 20 per second and one of 1 per second that comes first.
  tenax::testing::virtual_time clock;
  limiters all([](std::string const& key) { return rate_limiter(per_second(key == "slow" ? 1 : 20)); });
  line_of_numbers line(all);
  for (int i = 0; i < 400; ++i) REQUIRE(line.push("slow", int(i)));
  for (int i = 0; i < 100; ++i) {
    for (int key = 0; key < 15; ++key) REQUIRE(line.push("quick " + std::to_string(key), int(i)));
  }
  std::vector<tenax::time_point> threads(16);  // when each is free
  int completed = 0;
  for (; clock.now().time_since_epoch() < 4s; clock.sleep(1ms)) {
    for (auto& free : threads) {
      if (free > clock.now()) continue;
      auto job = line.try_pop(clock);
      if (!job) break;
      ++completed;
      free = clock.now() + 10ms;
    }
  }
  CHECK(completed >= 1197);
}

TEST_CASE("keyed_scheduler: eight threads push, pop, stop and throw, and all work is done once") {
  keyed<int, tenax::bulkhead> places([] { return tenax::bulkhead({.at_once = 2, .queue = 8, .max_wait = 1h}); });
  using line_type = keyed_scheduler<int, int, tenax::bulkhead>;
  line_type line(places);
  constexpr int each = 400;
  std::vector<std::atomic<int>> times(4 * each);
  std::atomic<int> left{4 * each};
  std::vector<std::atomic<int>> inside(5);
  std::atomic<bool> crowded{false};
  tests::in_eight_threads([&](int thread) {
    if (thread < 4) {
      for (int i = 0; i < each; ++i) {
        if (!line.push(i % 5, thread * each + i)) crowded = true;
      }
      return;
    }
    while (left > 0) {
      auto job = thread == 4 ? line.try_pop() : line.pop();
      if (!job) {
        if (thread != 4) return;
        std::this_thread::yield();
        continue;
      }
      auto& here = inside[static_cast<std::size_t>(job->key())];
      if (++here > 2) crowded = true;
      ++times[static_cast<std::size_t>(job->work())];
      if (job->work() % 7 == 0) std::this_thread::yield();
      --here;
      if (job->work() % 3 != 0) job->record({});
      if (--left == 0) line.close();
    }
  });
  CHECK(left == 0);
  CHECK_FALSE(crowded);
  for (auto const& n : times) CHECK(n == 1);
  CHECK(line.waiting() == 0);
  places.for_each([](int, tenax::bulkhead& b) {
    CHECK(b.running() == 0);
    CHECK(b.waiting() == 0);
  });
}

#if defined(__cpp_lib_jthread)
TEST_CASE("keyed_scheduler: a stop token wakes threads that wait for work, and a slept thread takes new work") {
  keyed<int, rate_limiter<1>> all([] { return rate_limiter(tenax::per_second(1000)); });
  keyed_scheduler<int, int, rate_limiter<1>> line(all);
  std::atomic<int> taken{0};
  {
    std::vector<std::jthread> pool;
    for (int i = 0; i < 3; ++i) {
      pool.emplace_back([&](std::stop_token token) {
        while (auto job = line.pop(token)) ++taken;
      });
    }
    for (int i = 0; i < 30; ++i) REQUIRE(line.push(i % 3, int(i)));
    while (taken < 30) std::this_thread::yield();
  }
  CHECK(taken == 30);
}
#endif
