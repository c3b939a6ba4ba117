// SPDX-License-Identifier: MIT
// bulkhead.cpp: how many attempts are under way, which one is next, and that no place is lost.
#include <tenax/gate/bulkhead.hpp>

#include <algorithm>
#include <array>
#include <deque>
#include <functional>
#include <map>

#include <tenax/gate/call.hpp>
#include <tenax/tenax.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "gates.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using tenax::bulkhead;
using tests::ask;
using tests::asked;
using tests::attempted;
using tests::kind;
using tests::tell;
using tests::verdict;
using ticket = bulkhead::ticket;

namespace {

std::string refused_options(tenax::bulkhead_options const& o) {
  return tests::rejection([&] {
    bulkhead const b(o);
    return 0;
  });
}

}  // namespace

static_assert(tenax::gate<bulkhead>);
static_assert(!std::is_copy_constructible_v<bulkhead> && !std::is_move_constructible_v<bulkhead>);

TEST_CASE("bulkhead: admits at_once attempts, queues the next ones, and refuses the others") {
  bulkhead places({.at_once = 2, .queue = 1});
  ticket a, b, c, d;
  CHECK(asked(places, a) == verdict::go);
  CHECK(asked(places, b) == verdict::go);
  CHECK(places.running() == 2);
  CHECK(asked(places, c) == verdict::wait);
  CHECK(places.waiting() == 1);
  auto const answer = ask(places, d);
  CHECK(answer.refused());
  CHECK(answer.reason == std::string("bulkhead full"));
  CHECK_FALSE(answer.retry_after);
  CHECK(asked(places, a) == verdict::go);  // already has its place
  CHECK(places.running() == 2);

  tell(places, a, kind::failure, 1ms);
  CHECK(places.running() == 1);
  CHECK(asked(places, d, 1ms) == verdict::refuse);  // the free place is for the waiting attempt
  CHECK(asked(places, c, 1ms) == verdict::go);
  CHECK(places.running() == 2);
  CHECK(places.waiting() == 0);
}

TEST_CASE("bulkhead: without a queue, all other attempts are refused") {
  bulkhead places({.at_once = 1, .queue = 0});
  ticket a, b;
  CHECK(asked(places, a) == verdict::go);
  CHECK(asked(places, b) == verdict::refuse);
  tell(places, a, kind::success);
  CHECK(asked(places, b) == verdict::go);
}

TEST_CASE("bulkhead: a place comes back however the attempt ends") {
  bulkhead places({.at_once = 1, .queue = 0});
  for (auto const how : {kind::success, kind::failure, kind::throttled, kind::cancelled}) {
    CHECK(attempted(places, how));
    CHECK(places.running() == 0);
  }
  {
    ticket abandoned;
    CHECK(asked(places, abandoned) == verdict::go);
    ticket moved = std::move(abandoned);
    abandoned = {};
    CHECK(places.running() == 1);
  }
  CHECK(places.running() == 0);
  ticket assigned;
  CHECK(asked(places, assigned) == verdict::go);
  assigned = {};
  CHECK(places.running() == 0);
}

TEST_CASE("bulkhead: the queue is first in, first out") {
  bulkhead places({.at_once = 1, .queue = 8});
  ticket busy, newcomer;
  std::vector<ticket> waiting(4);
  CHECK(asked(places, busy) == verdict::go);
  for (auto& t : waiting) CHECK(asked(places, t) == verdict::wait);
  tell(places, busy, kind::success, 1ms);
  for (std::size_t i = 1; i < 4; ++i) CHECK(asked(places, waiting[i], 1ms) == verdict::wait);
  CHECK(asked(places, newcomer, 1ms) == verdict::wait);
  for (auto& t : waiting) {
    CHECK(asked(places, newcomer, 2ms) == verdict::wait);
    CHECK(asked(places, t, 2ms) == verdict::go);
    tell(places, t, kind::success, 2ms);
  }
  CHECK(asked(places, newcomer, 2ms) == verdict::go);
}

TEST_CASE("bulkhead: with two free places the first two may go, in any order") {
  bulkhead places({.at_once = 2, .queue = 8});
  ticket a, b, first, second, third;
  CHECK(asked(places, a) == verdict::go);
  CHECK(asked(places, b) == verdict::go);
  for (auto* t : {&first, &second, &third}) CHECK(asked(places, *t) == verdict::wait);
  tell(places, a, kind::success, 1ms);
  tell(places, b, kind::success, 1ms);
  CHECK(asked(places, third, 1ms) == verdict::wait);
  CHECK(asked(places, second, 1ms) == verdict::go);
  CHECK(asked(places, third, 1ms) == verdict::wait);
  CHECK(asked(places, first, 1ms) == verdict::go);
  CHECK(places.running() == 2);
}

TEST_CASE("bulkhead: a waiter that is abandoned leaves the queue") {
  bulkhead places({.at_once = 1, .queue = 2});
  ticket busy, first, second, third;
  CHECK(asked(places, busy) == verdict::go);
  CHECK(asked(places, first) == verdict::wait);
  CHECK(asked(places, second) == verdict::wait);
  first = {};
  CHECK(places.waiting() == 1);
  CHECK(asked(places, third) == verdict::wait);
  tell(places, busy, kind::success);
  CHECK(asked(places, third) == verdict::wait);
  CHECK(asked(places, second) == verdict::go);
  second = {};
  CHECK(asked(places, third) == verdict::go);
}

TEST_CASE("bulkhead: a record of an attempt that is not under way changes nothing") {
  bulkhead b({.at_once = 1, .queue = 1});
  ticket first, waits, nobody;
  CHECK(asked(b, first) == verdict::go);
  CHECK(asked(b, waits) == verdict::wait);
  CHECK(asked(b, nobody) == verdict::refuse);
  tell(b, waits, kind::success, 10s);
  tell(b, nobody, kind::success, 10s);
  CHECK(b.running() == 1);
  CHECK(b.waiting() == 1);
  CHECK(ask(b, waits, 10ms).delay == 1ms);  // the duration of attempts is still unknown
  tell(b, first, kind::success, 20ms);
  tell(b, first, kind::success, 20ms);
  CHECK(b.running() == 0);
}

TEST_CASE("bulkhead: an attempt waits for at most max_wait") {
  bulkhead places({.at_once = 1, .queue = 2, .max_wait = 1s});
  ticket busy, first;
  CHECK(asked(places, busy) == verdict::go);
  CHECK(asked(places, first, 500ms) == verdict::wait);
  auto const nearly = ask(places, first, 1500ms - 1ns);
  CHECK(nearly.waits());
  CHECK(nearly.delay == 1ns);
  auto const answer = ask(places, first, 1500ms);
  CHECK(answer.refused());
  CHECK(answer.reason == std::string("waited too long for a place in the bulkhead"));
  CHECK(places.waiting() == 0);

  // At the last moment, an attempt still takes a free place.
  CHECK(asked(places, first, 2s) == verdict::wait);
  tell(places, busy, kind::success, 2500ms);
  CHECK(asked(places, first, 3s) == verdict::go);
}

TEST_CASE("bulkhead: a waiter that does not come back delays no other waiter, and keeps its rank") {
  bulkhead places({.at_once = 1, .queue = 4, .max_wait = 10s});
  ticket busy, lost, next, newcomer;
  CHECK(asked(places, busy) == verdict::go);
  auto const hint = ask(places, lost).delay;
  CHECK(asked(places, next, hint) == verdict::wait);
  tell(places, busy, kind::success, hint);
  auto const patience = hint + bulkhead::grace;
  CHECK(asked(places, next, patience) == verdict::wait);
  CHECK(asked(places, next, patience + 1ns) == verdict::go);
  SECTION("when it comes back it is the first") {
    CHECK(asked(places, newcomer, patience + 1ns) == verdict::wait);
    CHECK(asked(places, lost, 1s) == verdict::wait);
    tell(places, next, kind::success, 1s);
    CHECK(asked(places, newcomer, 1s) == verdict::wait);
    CHECK(asked(places, lost, 1s) == verdict::go);
  }
  SECTION("a newcomer may pass it") {
    tell(places, next, kind::success, 1s);
    CHECK(asked(places, newcomer, 1s) == verdict::go);
  }
  SECTION("its place in the queue is used again after max_wait") {
    std::vector<ticket> more(4);
    for (std::size_t i = 0; i < 3; ++i) CHECK(asked(places, more[i], 9s) == verdict::wait);
    CHECK(asked(places, more[3], 10s - 1ns) == verdict::refuse);
    CHECK(asked(places, more[3], 10s) == verdict::wait);
    CHECK(places.waiting() == 4);
    CHECK(asked(places, lost, 11s) == verdict::refuse);
    CHECK(places.waiting() == 4);
    CHECK(asked(places, lost, 11s) == verdict::refuse);  // it is a newcomer now, and the queue is full
  }
}

TEST_CASE("bulkhead: a waiter asks again after half of its expected wait, between 1 ms and 50 ms") {
  bulkhead places({.at_once = 2, .queue = 200, .max_wait = 1h});
  ticket a, b;
  std::vector<ticket> waiting(6);
  CHECK(asked(places, a) == verdict::go);
  CHECK(asked(places, b) == verdict::go);
  CHECK(ask(places, waiting[0]).delay == 1ms);  // nothing is known yet
  tell(places, a, kind::success, 40ms);
  CHECK(asked(places, waiting[0], 40ms) == verdict::go);
  // 40 ms in each of two places: one attempt ends every 20 ms.
  CHECK(ask(places, waiting[1], 40ms).delay == 10ms);
  CHECK(ask(places, waiting[2], 40ms).delay == 20ms);
  CHECK(ask(places, waiting[3], 40ms).delay == 30ms);
  CHECK(ask(places, waiting[4], 40ms).delay == 40ms);
  CHECK(ask(places, waiting[5], 40ms).delay == 50ms);
  CHECK(ask(places, waiting[5], 40ms).delay == 50ms);
  // The mean follows slowly: 40 ms + (120 ms - 40 ms)/8.
  tell(places, b, kind::success, 120ms);
  CHECK(asked(places, waiting[1], 120ms) == verdict::go);
  CHECK(ask(places, waiting[2], 121ms).delay == 12500us);
}

TEST_CASE("bulkhead: invalid options are rejected") {
  CHECK(refused_options({}) == "accepted");
  CHECK(refused_options({.at_once = 0}) == "tenax: bulkhead: at_once must be at least 1, but is 0");
  CHECK(refused_options({.at_once = -2}) == "tenax: bulkhead: at_once must be at least 1, but is -2");
  CHECK(refused_options({.queue = -1}) == "tenax: bulkhead: queue must be at least 0, but is -1");
  CHECK(refused_options({.queue = 65537}) == "tenax: bulkhead: queue must be at most 65536, but is 65537");
  CHECK(refused_options({.max_wait = 0s}) == "tenax: bulkhead: max_wait must be more than zero, but is 0s");
  CHECK(tests::described(bulkhead()) == "a bulkhead");
}

TEST_CASE("bulkhead: used alone, a call waits for its turn") {
  tenax::testing::virtual_time clock;
  bulkhead places({.at_once = 1, .queue = 1, .max_wait = 1s});
  CHECK(tenax::call_through(places, [] { return 1; }, clock) == 1);
  ticket busy;
  CHECK(asked(places, busy) == verdict::go);
  clock.after(100ms, [&] { busy = {}; });
  CHECK(tenax::call_through(places, [&] { return places.running(); }, clock) == 1);
  CHECK(clock.now() == tenax::time_point(100ms));
  CHECK(places.running() == 0);
  CHECK_THROWS_AS(tenax::call_through(places, [] { throw std::runtime_error("down"); }, clock), std::runtime_error);
  CHECK(places.running() == 0);

  CHECK(asked(places, busy, 100ms) == verdict::go);
  CHECK_THROWS_AS(tenax::call_through(places, [] {}, clock), tenax::refused);
  CHECK(clock.now() == tenax::time_point(1100ms));
  CHECK(places.waiting() == 0);
}

TEST_CASE("bulkhead: a call of a policy gives back its place or its rank wherever it ends") {
  tenax::testing::virtual_time clock;
  bulkhead places({.at_once = 1, .queue = 1, .max_wait = 1s});
  auto const base = tenax::retrying{}.wait(tenax::wait::constant(1s)).environment(std::ref(clock));
  auto const policy = base.through(std::ref(places));
  auto const clean = [&] { return places.running() == 0 && places.waiting() == 0; };

  int under_way = 0;
  CHECK_THROWS(policy([&]() -> int {
    under_way += static_cast<int>(places.running());
    throw std::runtime_error("down");
  }));
  CHECK(under_way == 3);
  CHECK(clean());

  // Between its attempts a call holds no place.
  clock.after(500ms, [&] { CHECK(places.running() == 0); });
  CHECK_THROWS(policy([]() -> int { throw std::runtime_error("down"); }));

  tests::test_gate refusing({tenax::admission::refuse("no")});
  CHECK(policy.through(std::ref(refusing)).try_call([] {}).attempts == 0);
  CHECK(clean());
  CHECK_THROWS_AS(policy.before_attempt([](auto const&) { throw std::logic_error("observer"); })([] {}),
                  std::logic_error);
  CHECK(clean());
  CHECK(policy.try_call([]() -> int { throw tenax::cancelled(); }).reason == tenax::stop_reason::cancelled);
  CHECK(clean());

  ticket busy;
  CHECK(asked(places, busy, clock.now().time_since_epoch()) == verdict::go);
  CHECK(policy.stop(tenax::stop::deadline(100ms)).try_call([] {}).reason == tenax::stop_reason::expired_on_entry);
  CHECK(places.waiting() == 0);
  CHECK(policy.try_call([] {}).reason == tenax::stop_reason::refused_by_gate);
  CHECK(places.waiting() == 0);

  bool pressed = false;
  struct token {
    bool const* pressed;
    bool stop_requested() const { return *pressed; }
  };
  clock.after(100ms, [&] { pressed = true; });
  CHECK(policy.cancel_with(token{&pressed}).try_call([] {}).reason == tenax::stop_reason::cancelled);
  CHECK(places.waiting() == 0);
  CHECK(places.running() == 1);
  busy = {};
  CHECK(clean());
}

TEST_CASE("bulkhead: an attempt that waits at a later gate asks again, and holds only one place") {
  tenax::testing::virtual_time clock;
  bulkhead places({.at_once = 1, .queue = 0});
  tests::test_gate slow({tenax::admission::wait(3s), tenax::admission::wait(3s)});
  auto const policy = tenax::retrying{}.environment(std::ref(clock)).through(std::ref(places)).through(std::ref(slow));
  CHECK(policy([&] { return places.running(); }) == 1);
  CHECK(places.running() == 0);
}

namespace {

/// Callers that arrive, ask again when told to, run for a while, and sometimes vanish. Checks the order of service.
void play_at_random(std::uint64_t seed) {
  tenax::seeded_random random(seed);
  auto const draw = [&](unsigned n) { return static_cast<int>(random() % n); };
  int const at_once = 1 + draw(3);
  int const queue = draw(6);
  bulkhead places({.at_once = at_once, .queue = queue, .max_wait = 300ms});
  struct caller {
    ticket t{};
    bool waits = false;
    tenax::duration joined{};
    tenax::duration next{};  // asks again, or ends
  };
  std::map<int, caller> callers;
  std::deque<int> line;
  int running = 0, last = 0;
  tenax::duration now{};
  auto const leave = [&](int id) { line.erase(std::find(line.begin(), line.end(), id)); };
  for (int step = 0; step < 400; ++step) {
    int id = ++last;
    auto const soonest = std::min_element(callers.begin(), callers.end(),
                                          [](auto const& a, auto const& b) { return a.second.next < b.second.next; });
    if (draw(3) != 0 && soonest != callers.end()) {
      id = soonest->first;
      now = std::max(now, soonest->second.next);
    }
    auto& c = callers[id];
    if (id != last && !c.waits) {  // its attempt ends
      if (draw(4) == 0) {
        c.t = {};
      } else {
        tell(places, c.t, std::array{kind::success, kind::failure, kind::cancelled}[static_cast<std::size_t>(draw(3))],
             now);
      }
      --running;
      callers.erase(id);
    } else if (id != last && draw(8) == 0) {  // gives up waiting
      callers.erase(id);
      leave(id);
    } else {
      bool const newcomer = id == last;
      auto const answer = ask(places, c.t, now);
      auto const before =
          newcomer ? line.size() : static_cast<std::size_t>(std::find(line.begin(), line.end(), id) - line.begin());
      auto const free = static_cast<std::size_t>(at_once - running);
      if (answer.admitted()) {
        REQUIRE(free > before);  // no waiter is passed
        if (!newcomer) leave(id);
        ++running;
        c.waits = false;
        c.next = now + std::chrono::milliseconds(draw(60));
      } else {
        REQUIRE(free <= before);  // no caller is delayed
        if (answer.waits()) {
          REQUIRE(answer.delay > 0s);
          REQUIRE(answer.delay <= 50ms);
          if (newcomer) {
            line.push_back(id);
            c.joined = now;
          }
          REQUIRE(line.size() <= static_cast<std::size_t>(queue));
          c.waits = true;
          c.next = now + answer.delay;
          REQUIRE(c.next <= c.joined + 300ms);
        } else {
          if (newcomer) {
            REQUIRE(line.size() == static_cast<std::size_t>(queue));
          } else {
            REQUIRE(now == c.joined + 300ms);
            leave(id);
          }
          callers.erase(id);
        }
      }
    }
    REQUIRE(places.running() == static_cast<unsigned>(running));
    REQUIRE(places.waiting() == line.size());
  }
  callers.clear();
  REQUIRE(places.running() == 0);
  REQUIRE(places.waiting() == 0);
}

}  // namespace

TEST_CASE("bulkhead: random schedules keep the order and the limits") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    INFO("seed " << seed);
    play_at_random(seed);
  }
}

TEST_CASE("bulkhead: of eight threads, at most three run at the same time, and no place is lost") {
  bulkhead places({.at_once = 3, .queue = 4});
  std::atomic<int> inside{0}, most{0};
  std::atomic<std::uint64_t> operations{0};
  tests::in_eight_threads([&](int thread) {
    tenax::seeded_random random(static_cast<std::uint64_t>(thread));
    std::uint64_t done = 0;
    for (int i = 0; i < 150'000; ++i) {
      ticket t;
      auto answer = verdict::wait;
      for (int turn = 0; turn < 10 && answer == verdict::wait; ++turn) {
        answer = asked(places, t, std::chrono::microseconds(i));
        ++done;
      }
      if (answer != verdict::go) continue;  // refused, or abandoned in the queue
      int const now_inside = ++inside;
      for (int seen = most; seen < now_inside && !most.compare_exchange_weak(seen, now_inside);) {
      }
      if (random() % 64 == 0) std::this_thread::yield();
      --inside;
      if (random() % 4 != 0) tell(places, t, kind::success, std::chrono::microseconds(i + 5));
    }
    operations += done;
  });
  CHECK(most <= 3);
  CHECK(places.running() == 0);
  CHECK(places.waiting() == 0);
  CHECK(operations >= 1'000'000);
}

TEST_CASE("bulkhead: eight threads in real time all get their turn") {
  bulkhead places({.at_once = 2, .queue = 8, .max_wait = 1min});
  std::atomic<int> inside{0}, served{0};
  std::atomic<bool> crowded{false};
  tests::in_eight_threads([&](int) {
    for (int i = 0; i < 10; ++i) {
      tenax::call_through(places, [&] {
        if (++inside > 2) crowded = true;
        std::this_thread::sleep_for(1ms);
        --inside;
        ++served;
      });
    }
  });
  CHECK_FALSE(crowded);
  CHECK(served == 80);
}

TEST_CASE("bulkhead: a call with a short deadline gets a place that is free sooner than expected") {
  tenax::testing::virtual_time clock;
  bulkhead places({.at_once = 1, .queue = 4});
  CHECK(attempted(places, kind::success));
  ticket slow;
  CHECK(asked(places, slow) == verdict::go);
  tell(places, slow, kind::success, 10s);  // so that a turn is expected to take long
  clock.advance(10s);
  auto const now = [&] { return clock.now().time_since_epoch(); };
  ticket busy;
  CHECK(asked(places, busy, now()) == verdict::go);
  clock.after(10ms, [&] { tell(places, busy, kind::success, now()); });
  auto const policy = tenax::retrying{}.environment(std::ref(clock)).through(std::ref(places));
  CHECK(policy.stop(tenax::stop::deadline(30ms)).try_call([] {}));
  CHECK(now() < 10s + 30ms);
  CHECK(places.running() == 0);
  CHECK(places.waiting() == 0);
}

TEST_CASE("bulkhead: callers that give up leave no trace, in whatever order they leave") {
  tenax::seeded_random random(2);
  for (int round = 0; round < 50; ++round) {
    bulkhead places({.at_once = 1, .queue = 40});
    ticket busy, newcomer;
    CHECK(asked(places, busy) == verdict::go);
    std::deque<ticket> line(40);
    for (auto& t : line) CHECK(asked(places, t) == verdict::wait);
    CHECK(asked(places, newcomer) == verdict::refuse);
    auto const stays = random() % line.size();
    std::vector<std::size_t> who;
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (i != stays) who.push_back(i);
    }
    std::shuffle(who.begin(), who.end(), random);
    for (auto const i : who) {
      ticket moved(std::move(line[i]));
      line[i] = {};
    }
    CHECK(places.waiting() == 1);
    tell(places, busy, kind::success, 1ms);
    CHECK(asked(places, newcomer, 1ms) == verdict::wait);
    CHECK(asked(places, line[stays], 1ms) == verdict::go);
    CHECK(places.waiting() == 1);
    tell(places, line[stays], kind::success, 2ms);
    CHECK(asked(places, newcomer, 2ms) == verdict::go);
  }
}
