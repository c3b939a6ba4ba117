// SPDX-License-Identifier: MIT
// impatient_callers.cpp: callers that give up at a rate limiter give their time slot to the next caller.
#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <numeric>
#include <vector>

#include <tenax/gate/keyed.hpp>
#include <tenax/gate/rate_limiter.hpp>
#include <tenax/tenax.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "../at_length.hpp"
#include "../catch.hpp"
#include "../gates.hpp"
#include "../simulation/world.hpp"

using namespace std::chrono_literals;
using tenax::per_second;
using tenax::rate_limiter;
using tests::ask;
using tests::asked;
using tests::kind;
using tests::tell;
using tests::verdict;

namespace {

struct flag {
  bool const* set;
  bool stop_requested() const { return *set; }
};

/// A simulated world's clock, for code that neither waits nor sleeps.
struct time_of {
  simulation::world const* world;
  tenax::time_point now() const { return world->now(); }
  static void sleep(tenax::duration) {}
};

/// How a caller that has run out of patience leaves.
enum class leaving { is_destroyed, is_cancelled };

/// Calls that pass a gate, each driven by the library's engine in the time of one simulated world.
template <class Gate>
class crowd {
 public:
  crowd(simulation::world& w, Gate gate) : world_(w), gate_(gate) {}

  /// A call that starts now, leaves by itself after `patience`, and has a `deadline`.
  void call(tenax::duration patience, leaving how = leaving::is_destroyed, tenax::duration deadline = 1000h) {
    auto const c = std::make_shared<caller>(*this, deadline, calls_++);
    go_on(c, c->loop->start_attempt(world_.now()));
    if (c->loop == nullptr || patience == tenax::duration::max()) return;
    world_.after(patience, [this, c, how] {
      if (c->loop == nullptr) return;
      ++left;
      if (how == leaving::is_cancelled) {
        c->stop = true;
        CHECK(c->loop->start_attempt(world_.now()).stops());
      }
      c->loop.reset();
    });
  }

  std::vector<std::size_t> order{};  // the numbers of the calls that were sent
  std::vector<tenax::duration> sent{};
  std::uint64_t left = 0;
  std::uint64_t expired = 0;
  std::uint64_t asks = 0;

 private:
  auto policy(bool const& stop, tenax::duration deadline) const {
    return tenax::retrying{}.stop(tenax::stop::deadline(deadline)).through(gate_).cancel_with(flag{&stop}).policy();
  }

  struct caller {
    using policy_type = decltype(std::declval<crowd const&>().policy(true, {}));
    caller(crowd const& c, tenax::duration deadline, std::size_t n)
        : loop(std::make_unique<tenax::retry_loop<policy_type>>(c.policy(stop, deadline), c.world_.now())), number(n) {}
    bool stop = false;
    std::unique_ptr<tenax::retry_loop<policy_type>> loop;
    std::size_t number;
  };

  void go_on(std::shared_ptr<caller> const& c, tenax::decision next) {
    ++asks;
    if (next.waits()) {
      world_.after(next.delay, [this, c] {
        if (c->loop != nullptr) go_on(c, c->loop->start_attempt(world_.now()));
      });
      return;
    }
    if (next.starts()) {
      order.push_back(c->number);
      sent.push_back(world_.now().time_since_epoch());
      c->loop->finish_attempt(tenax::outcome<int>(1), world_.now());
    } else {
      ++expired;
    }
    c->loop.reset();
  }

  simulation::world& world_;
  Gate gate_;
  std::size_t calls_ = 0;
};

}  // namespace

TEST_CASE("Callers that give up leave no reservation, in whatever order they leave") {
  enum class order { oldest_first, newest_first, from_the_middle, at_random, all_but_the_last };
  auto const check = [](auto& limiter, order how, tenax::duration next) {
    using ticket = typename std::remove_reference_t<decltype(limiter)>::ticket;
    tenax::testing::virtual_time clock;
    std::vector<ticket> tickets(100);
    for (auto& t : tickets) static_cast<void>(limiter.admit(t, {}, clock.now()));
    CHECK(limiter.wait_hint(1, clock) == 100s);
    std::vector<std::size_t> who(99);
    std::iota(who.begin(), who.end(), 1);
    tenax::seeded_random random(3);
    if (how == order::newest_first) std::reverse(who.begin(), who.end());
    if (how == order::from_the_middle) std::rotate(who.begin(), who.begin() + 50, who.end());
    if (how == order::at_random) std::shuffle(who.begin(), who.end(), random);
    if (how == order::all_but_the_last) who.pop_back();
    for (std::size_t i = 0; i < who.size(); ++i) {
      if (i % 3 == 0) {
        ticket moved(std::move(tickets[who[i]]));
        CHECK(asked(limiter, moved) == verdict::wait);
      } else {
        tickets[who[i]] = {};
      }
    }
    CHECK(limiter.wait_hint(1, clock) == next);
    if (how != order::all_but_the_last) return;
    CHECK(ask(limiter, tickets.back()).delay == 1s);
    CHECK(asked(limiter, tickets.back(), 1s) == verdict::go);
  };
  for (auto const how :
       {order::oldest_first, order::newest_first, order::from_the_middle, order::at_random, order::all_but_the_last}) {
    CAPTURE(static_cast<int>(how));
    auto const next = how == order::all_but_the_last ? 2s : 1s;
    rate_limiter one(per_second(1));
    check(one, how, next);
    rate_limiter two(per_second(1), tenax::per_hour(360).with_burst(99));
    check(two, how, next);
  }
}

TEST_CASE("Heavy callers that give up leave no reservation, and light callers get their time slots") {
  rate_limiter limiter(per_second(1).with_burst(5));
  auto const heavy = limiter.with_weight(5);
  rate_limiter<>::ticket first, second, third, light;
  CHECK(asked(heavy, first) == verdict::go);
  CHECK(ask(heavy, second).delay == 5s);
  CHECK(ask(heavy, third).delay == 10s);
  CHECK(ask(limiter, light).delay == 11s);
  second = {};
  CHECK(ask(limiter, light, 1s).delay == 5s);
  third = {};
  CHECK(asked(limiter, light, 1s) == verdict::go);
}

TEST_CASE("A ticket keeps its place in the queue when it moves") {
  tenax::seeded_random random(5);
  rate_limiter limiter(per_second(1));
  std::deque<rate_limiter<>::ticket> line(200);
  for (auto& t : line) static_cast<void>(asked(limiter, t));
  for (int i = 0; i < 2000; ++i) {
    auto& t = line[1 + random() % (line.size() - 1)];
    rate_limiter<>::ticket moved(std::move(t));
    rate_limiter<>::ticket assigned;
    assigned = std::move(moved);
    t = std::move(assigned);
  }
  for (std::size_t i = 1; i < line.size(); ++i) CHECK(ask(limiter, line[i]).delay == std::chrono::seconds(i));
  // Assigning to a ticket gives its place up.
  line[1] = std::move(line[100]);
  for (std::size_t i = 2; i < 100; ++i) CHECK(ask(limiter, line[i]).delay == std::chrono::seconds(i - 1));
  CHECK(ask(limiter, line[1]).delay == 99s);
  CHECK(ask(limiter, line[101]).delay == 100s);
}

TEST_CASE("Clients with a patience of a second do not starve each other") {
  // At 1/s, a client every 100 ms, each with a patience of 1 s; then ten times as many.
  for (auto const how : {leaving::is_destroyed, leaving::is_cancelled}) {
    for (auto const every : {tenax::duration(100ms), tenax::duration(10ms), tenax::duration(97ms)}) {
      CAPTURE(static_cast<int>(how), every.count());
      rate_limiter limiter(per_second(1));
      simulation::world world;
      crowd callers(world, std::ref(limiter));
      // The number of requests equals the number of seconds.
      for (tenax::duration t{}; t < 600s; t += every) world.after(t, [&] { callers.call(1s, how); });
      world.run_for(599900ms);
      CHECK(callers.sent.size() >= 594);
      CHECK(callers.sent.size() <= 600);
      world.run_for(10s);
      CHECK(limiter.wait_hint(1, time_of{&world}) == 0s);
    }
  }
}

TEST_CASE("Under overload, callers with little patience leave no permit unused") {
  tenax::seeded_random random(9);
  for (int const overload : {2, 10, 100}) {
    for (bool const says_so : {false, true}) {
      CAPTURE(overload, says_so);
      rate_limiter limiter(per_second(100));
      simulation::world world;
      crowd callers(world, std::ref(limiter));
      int const seconds = overload == 100 && !tests::at_length ? 3 : 20;
      for (int i = 0; i < seconds * 100 * overload; ++i) {
        auto const patience = tenax::draw_between(random, 15ms, 45ms);
        world.after(tenax::draw_between(random, 0s, std::chrono::seconds(seconds)), [&, patience] {
          callers.call(says_so ? tenax::duration::max() : patience, leaving::is_cancelled,
                       says_so ? patience : tenax::duration(1000h));
        });
      }
      world.run_for(std::chrono::seconds(seconds));
      CHECK(static_cast<double>(callers.sent.size()) >= (overload == 2 ? 0.9 : 0.95) * 100 * seconds);
      CHECK(callers.sent.size() <= 100 * static_cast<std::size_t>(seconds) + 1);
    }
  }
}

TEST_CASE("Sixty tenants with different deadlines use the whole rate") {
  tenax::seeded_random random(4);
  rate_limiter limiter(per_second(10));
  simulation::world world;
  crowd callers(world, std::ref(limiter));
  for (int tenant = 0; tenant < 60; ++tenant) {
    auto const own = std::chrono::milliseconds(200 + 100 * tenant);
    for (tenax::duration t = tenax::draw_between(random, 0s, 1s); t < 300s; t += 1s) {
      world.after(t, [&, own, tenant] {
        callers.call(tenant % 2 == 0 ? tenax::duration(own) : tenax::duration::max(), leaving::is_destroyed,
                     tenant % 2 == 0 ? tenax::duration(1000h) : tenax::duration(own));
      });
    }
  }
  world.run_for(300s);
  CHECK(callers.sent.size() >= 2970);
}

TEST_CASE("Callers that stay are admitted in the order of their arrival, in the time slots of those that left") {
  tenax::seeded_random random(6);
  for (std::size_t const n : {5U, 20U, 31U}) {
    rate_limiter limiter(per_second(1));
    simulation::world world;
    crowd callers(world, std::ref(limiter));
    std::size_t stay = 0;
    for (std::size_t i = 0; i < n; ++i) {
      bool const stays = i + 1 == n || random() % 3 == 0;
      stay += stays || i == 0 ? 1 : 0;
      callers.call(stays ? tenax::duration::max() : tenax::draw_between(random, 1ms, 900ms));
    }
    world.run_for(1h);
    CHECK(callers.sent.size() == stay);
    CHECK(std::is_sorted(callers.order.begin(), callers.order.end()));
    CHECK(callers.sent.back() <= std::chrono::seconds(stay - 1 + n / 16));
  }
}

TEST_CASE("Sixty cancelled calls leave no reservation before the next call") {
  rate_limiter limiter(per_second(10));
  simulation::world world;
  crowd callers(world, std::ref(limiter));
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 20; ++i) callers.call(50ms, leaving::is_cancelled);
    world.run_for(60ms);
  }
  auto const last = callers.sent.back();
  CHECK(limiter.wait_hint(1, time_of{&world}) == last + 100ms - world.now().time_since_epoch());
}

TEST_CASE("Thousands of waiting callers ask rarely, and not in every slot") {
  constexpr std::uint64_t callers_waiting = tests::at_length ? 10'000 : 2'000;
  rate_limiter limiter(per_second(100));
  simulation::world world;
  crowd callers(world, std::ref(limiter));
  for (std::uint64_t i = 0; i < callers_waiting; ++i) callers.call(tenax::duration::max());
  world.run_for(101s);
  CHECK(callers.sent.size() == callers_waiting);
  CHECK(callers.asks <= 130 * callers_waiting);
  CHECK(std::is_sorted(callers.order.begin(), callers.order.end()));
}

TEST_CASE("When thousands leave together, new callers use the slots that sleeping callers do not") {
  rate_limiter limiter(per_second(100));
  simulation::world world;
  crowd callers(world, std::ref(limiter));
  for (int i = 0; i < 5000; ++i) callers.call(i == 4999 ? tenax::duration::max() : 5ms);
  world.run_for(10ms);
  for (int i = 0; i < 200; ++i) world.after(i * 10ms, [&] { callers.call(tenax::duration::max()); });
  world.run_for(2s);
  CHECK(callers.sent.size() >= 195);
  world.run_for(5s);
  CHECK(callers.sent.size() == 202);
}

TEST_CASE("No interval has too many permits, with weights, several limits, moves, and callers that give up") {
  tenax::seeded_random random(11);
  for (int round = 0; round < 100; ++round) {
    std::uint64_t const fast = 5 + random() % 20, slow = 1 + random() % 4;
    rate_limiter limiter(tenax::rate{.permits = fast, .per = 1s, .burst = 3},
                         tenax::rate{.permits = slow, .per = 1s, .burst = 9});
    std::vector<rate_limiter<2>::ticket> waiting;
    std::vector<std::uint64_t> weights;
    std::vector<std::pair<tenax::time_point, std::uint64_t>> admitted;
    tenax::time_point now{};
    for (int step = 0; step < 300; ++step) {
      now += tenax::draw_between(random, 0ms, 200ms);
      waiting.emplace_back();
      weights.push_back(1 + random() % 3);
      for (std::size_t i = 0; i < waiting.size();) {
        bool gone = false;
        if (random() % 2 == 0) {
          auto const answer = limiter.with_weight(weights[i]).admit(waiting[i], {}, now);
          gone = answer.admitted();
          if (gone) admitted.emplace_back(now, weights[i]);
        }
        if (gone || random() % 16 == 0) {
          waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(i));
          weights.erase(weights.begin() + static_cast<std::ptrdiff_t>(i));
        } else {
          ++i;
        }
      }
    }
    REQUIRE(admitted.size() > 10);
    for (std::size_t i = 0; i < admitted.size(); ++i) {
      std::uint64_t sum = 0;
      for (std::size_t j = i; j < admitted.size(); ++j) {
        sum += admitted[j].second;
        auto const span = std::chrono::duration<double>(admitted[j].first - admitted[i].first).count();
        REQUIRE(static_cast<double>(sum) <= span * static_cast<double>(fast) + 3 + 1e-6);
        REQUIRE(static_cast<double>(sum) <= span * static_cast<double>(slow) + 9 + 1e-6);
      }
    }
  }
}

TEST_CASE("keyed: callers of one key that give up leave no reservation") {
  tenax::keyed<int, rate_limiter<1>> limits([] { return rate_limiter(per_second(1)); });
  auto const one = limits[1];
  using ticket = tenax::keyed<int, rate_limiter<1>>::ticket;
  std::vector<ticket> tickets(50);
  for (auto& t : tickets) static_cast<void>(asked(one, t));
  ticket last;
  CHECK(ask(one, last).delay == 50s);
  tickets.clear();
  CHECK(ask(one, last).delay == 1s);
  ticket moved(std::move(last));
  CHECK(asked(one, moved, 1s) == verdict::go);
}
