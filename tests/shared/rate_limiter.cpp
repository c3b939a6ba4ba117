// SPDX-License-Identifier: MIT
#include <tenax/shared/rate_limiter.hpp>

#include <optional>

#include "catch.hpp"
#include "machines.hpp"

using namespace std::chrono_literals;
using tenax::per_second;

namespace {

/// What may happen in a window: the limit, and what the differences of delays shift.
double allowed(double rate, double burst, tenax::duration window, tenax::duration shift = {}) {
  return rate * std::chrono::duration<double>(window + shift).count() + burst + 1e-6;
}

}  // namespace

TEST_CASE("100 machines with 4 callers each use the whole limit and never more", "[shared]") {
  tests::machines world(per_second(1000).with_burst(50));
  for (int i = 0; i < 100; ++i) world.add(4).store->delay = world.between(200us, 3ms);
  world.start();
  world.run_for(10s);
  for (auto const w : {10ms, 100ms, 1000ms}) {
    INFO(w.count());
    CHECK(double(world.used.most_in(w)) <= allowed(1000, 50, w, 2800us));
  }
  CHECK(world.used.between(world.time.now - 8s, world.time.now) >= 7960);
}

TEST_CASE("Ten machines share equally, with at least 15 permits for each question", "[shared]") {
  tests::machines world(per_second(1000).with_burst(50));
  for (int i = 0; i < 10; ++i) world.add(4);
  world.start();
  world.run_for(4s);
  auto const asked = world.server.questions;
  auto const used = world.used.times.size();
  std::vector<std::uint64_t> before;
  for (auto& m : world.all) before.push_back(m.limiter->state(world.time.environment()).admitted);
  world.run_for(10s);
  CHECK(double(world.used.times.size() - used) / double(world.server.questions - asked) >= 15);
  std::vector<double> each;
  for (std::size_t i = 0; i < 10; ++i) {
    auto const s = world.all[i].limiter->state(world.time.environment());
    each.push_back(double(s.admitted - before[i]));
    CHECK(s.machines == 10);
    CHECK(s.share == Approx(100));
  }
  CHECK(*std::max_element(each.begin(), each.end()) <= 1.2 * *std::min_element(each.begin(), each.end()));
}

TEST_CASE("A machine that alone has demand gets the limit", "[shared]") {
  auto const r = GENERATE(per_second(10), per_second(1000).with_burst(50), per_second(20000).with_burst(500));
  tests::machines world(r);
  world.add(8).store->delay = world.between(100us, 1ms);
  for (int i = 0; i < 9; ++i) world.add(1);
  for (auto& m : world.all) {
    if (&m != &world.all[0]) m.callers[0].most = 1;
  }
  world.start();
  world.run_for(6s);
  CHECK(double(world.used.between(world.time.now - 5s, world.time.now)) >= 0.98 * 5 * double(r.permits));
}

TEST_CASE("Callers with short deadlines use at least 90 % of the limit", "[shared]") {
  auto const rate = GENERATE(10, 1000);
  tests::machines world(per_second(rate).with_burst(rate == 10 ? 1 : 50));
  for (int i = 0; i < 10; ++i) {
    auto& m = world.add(8);
    m.store->delay = world.between(100us, 1ms);
    for (auto& c : m.callers) c.timeout = 30ms, c.pause_after_failure = 5ms;
  }
  world.start();
  world.run_for(10s);
  CHECK(world.used.between(world.time.now - 8s, world.time.now) >= static_cast<std::size_t>(rate) * 8 * 9 / 10);
}

TEST_CASE("A caller whose deadline comes before its permit takes no place", "[shared]") {
  tests::machines world(per_second(1));
  auto& m = world.add(2);
  m.callers[0].most = 1;
  world.start();
  world.run_for(100ms);
  auto env = world.time.environment();
  tenax::shared::rate_limiter::ticket t;
  auto answer = m.limiter->admit(t, {.time_left = 10s}, world.time.now);
  world.run_for(10ms);
  answer = m.limiter->admit(t, {.time_left = 10s}, world.time.now);
  CHECK(answer.waits());
  auto const waiting = m.limiter->state(env).waiting;
  tenax::shared::rate_limiter::ticket hasty;
  CHECK(m.limiter->admit(hasty, {.time_left = 10ms}, world.time.now).delay > 10ms);
  CHECK(m.limiter->state(env).waiting == waiting);
}

TEST_CASE("Callers of one machine go in order of arrival, and those that give up leave nothing behind", "[shared]") {
  tests::machines world(per_second(10));
  auto& m = world.add(20);
  std::vector<int> order;
  for (int i = 0; i < 20; ++i) {
    auto& c = m.callers[static_cast<std::size_t>(i)];
    c.most = 1;
    c.on_go = [&order, i](auto) { order.push_back(i); };
    world.time.after(1us * (i + 1), [&c] { c.start(); });
  }
  for (std::size_t i : {0u, 3u, 4u, 11u}) world.time.after(50ms, [&m, i] { m.callers[i].stop(); });
  world.run_for(1615ms);
  // The first one went before it could give up.
  CHECK(order == std::vector{0, 1, 2, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15, 16, 17, 18, 19});
}

TEST_CASE("Callers move up when others leave, so that no leased permit gets too old", "[shared]") {
  tests::machines world(per_second(100));
  auto& m = world.add(30);
  int went = 0;
  for (std::size_t i = 0; i < 30; ++i) {
    auto& c = m.callers[i];
    c.most = 1;
    c.on_go = [&went](auto) { ++went; };
    world.time.after(1us * (i + 1), [&c] { c.start(); });
  }
  for (std::size_t i = 5; i < 15; ++i) world.time.after(15ms, [&m, i] { m.callers[i].stop(); });
  world.run_for(205ms);
  CHECK(went == 20);
  CHECK(m.limiter->state(world.time.environment()).expired == 0);
}

TEST_CASE("While the store is away, each machine goes on with its share and nobody waits for the store", "[shared]") {
  bool const refuses = GENERATE(false, true);
  tests::machines world(per_second(1000).with_burst(50));
  for (int i = 0; i < 10; ++i) world.add(4).store->refuses = refuses;
  world.start();
  world.run_for(3s);
  world.server.up = false;
  auto const away = world.time.now;
  world.run_for(5s);
  auto const used = double(world.used.between(away + 500ms, world.time.now));
  CHECK(used >= 0.9 * 4500);
  CHECK(used <= 1.02 * 4500);
  // Permits in hand, and the share: one share more at most.
  CHECK(double(world.used.between(away, away + 500ms)) <= allowed(1000, 50, 500ms, 250ms));
  for (auto& m : world.all) {
    CHECK_FALSE(m.limiter->state(world.time.environment()).store_up);
    CHECK_FALSE(m.limiter->state(world.time.environment()).trouble.empty());
  }
  CHECK(world.events.size() == 10);
  world.server.up = true;
  auto const back = world.time.now;
  world.run_for(4s);
  CHECK(world.events.size() == 20);
  CHECK(world.events.back() == "store back: the store answers again");
  // A return is no burst.
  CHECK(double(world.used.between(back, back + 2s)) <= allowed(1000, 5, 2s));
  std::size_t most = 0;
  for (auto t = back; t < back + 2s; t += 10ms) most = std::max(most, world.used.between(t, t + 100ms));
  CHECK(most <= 145);
  CHECK(world.used.between(back + 2s, back + 4s) >= 1980);
}

TEST_CASE("While the store is away, a limit is open or closed if that was chosen", "[shared]") {
  tests::machines world(per_second(10));
  world.server.up = false;
  auto& open = world.add(1, {.while_away = tenax::shared::without_store::open});
  auto& closed = world.add(1, {.while_away = tenax::shared::without_store::closed});
  for (auto* m : {&open, &closed}) m->callers[0].pause_after_failure = 10ms, m->callers[0].work = 1ms;
  world.start();
  world.run_for(1s);
  CHECK(open.callers[0].went > 900);
  CHECK(open.callers[0].longest_wait <= 51ms);
  CHECK(closed.callers[0].went == 0);
  CHECK(closed.callers[0].refused > 80);
}

TEST_CASE("Answers that are late or lost cost permits and no more", "[shared]") {
  tests::machines world(per_second(1000).with_burst(50));
  for (int i = 0; i < 10; ++i) {
    auto& m = world.add(4);
    m.store->delay = [&world] { return world.chance() % 20 == 0 ? 40ms : tenax::duration(300us); };
    m.store->loses = [&world] { return world.chance() % 50 == 0; };
  }
  world.start();
  world.run_for(10s);
  for (auto const w : {100ms, 1000ms}) CHECK(double(world.used.most_in(w)) <= allowed(1000, 50, w, 50ms));
  CHECK(world.used.times.size() >= 7500);
}

TEST_CASE("An answer that comes after store_timeout brings no permits", "[shared]") {
  tests::machines world(per_second(100).with_burst(10));
  auto& m = world.add(4);
  m.store->delay = [] { return tenax::duration(30ms); };
  world.start();
  world.run_for(10s);
  CHECK(world.used.most_in(1s) <= 110);
  auto const s = m.limiter->state(world.time.environment());
  // What the store has leased was not used; what was used, is this machine's share of one.
  CHECK(s.expired == 0);
  CHECK(double(world.used.times.size()) <= 1010);
}

TEST_CASE("A pause holds all machines, a longer one wins, and permits come without a burst after it", "[shared]") {
  tests::machines world(per_second(1000).with_burst(50));
  for (int i = 0; i < 10; ++i) world.add(4);
  world.start();
  world.run_for(2s);
  auto env = world.time.environment();
  auto const asked = world.time.now;
  tenax::shared::rate_limiter::ticket t;
  world.all[3].limiter->record(t, {.how = tenax::feedback::kind::throttled, .server_wait = tenax::duration(2s)}, asked);
  world.all[4].limiter->pause(500ms, env);
  // To the server and from there to the others.
  world.run_for(300us);
  auto const known = world.time.now;
  CHECK(world.all[7].limiter->state(env).paused > 1900ms);
  world.run_for(4s);
  CHECK(world.used.between(known, asked + 2s) == 0);
  auto const after = asked + 2s;
  CHECK(world.used.between(after, after + 10ms) <= 20);
  CHECK(world.used.between(after + 50ms, after + 1050ms) >= 980);
  CHECK(world.used.between(after, after + 1s) <= 1020);
  // Each machine is told once, and the one that was asked knows that it was.
  auto const told = [&](char const* text) { return std::count(world.events.begin(), world.events.end(), text); };
  CHECK(told("paused: the other side asked another machine for a pause") == 8);
  CHECK(told("paused: the other side asked for a pause") == 2);
}

TEST_CASE("The longest pause that can be said is a pause, and the highest charge is a charge", "[shared]") {
  tests::machines world(per_second(10));
  auto const env = world.time.environment();
  auto& m = world.add(1);
  m.limiter->pause(tenax::duration::max(), env);
  CHECK(m.limiter->state(env).paused > 1s);
  auto const longest = m.limiter->state(env).paused;
  auto& endless = world.add(1, {.max_pause = tenax::duration::max()});
  endless.limiter->pause(tenax::duration::max(), env);
  CHECK(endless.limiter->state(env).paused > longest);
  world.start();
  world.run_for(1s);
  CHECK(world.used.times.empty());
  m.limiter->resume(env);
  m.limiter->charge(INT64_MAX, env);
  m.limiter->charge(INT64_MAX, env);
  world.run_for(2s);
  CHECK(world.used.times.size() <= 6);  // leased before
}

TEST_CASE("Permits that are leased in the answer that tells of a pause are kept for the time after it", "[shared]") {
  tests::machines world(per_second(10));
  auto& first = world.add(0);
  tests::wire wire{world.time, world.server};
  tests::deaf_wire store{wire};
  std::optional<tenax::shared::rate_limiter> second(std::in_place, store, "test", per_second(10));
  auto const env = world.time.environment();
  first.limiter->pause(500ms, env);
  auto const end = world.time.now + 500ms;
  world.run_for(10ms);
  tenax::shared::rate_limiter::ticket t;
  static_cast<void>(second->admit(t, {.time_left = 10s}, world.time.now));
  world.run_for(10ms);
  CHECK(second->state(env).paused > 400ms);
  CHECK(second->state(env).in_hand == 1);
  auto const asked = second->state(env).questions;
  world.run_for(end + 2ms - world.time.now);
  CHECK(second->admit(t, {.time_left = 10s}, world.time.now).admitted());
  CHECK(second->state(env).questions <= asked + 1);
  second->record(t, {}, world.time.now);
  t = {};
  second.reset();
  world.run_for(1s);  // its last question arrives while the wire exists
}

TEST_CASE("A pause is at most max_pause long and can be ended", "[shared]") {
  tests::machines world(per_second(100).with_burst(10));
  for (int i = 0; i < 3; ++i) world.add(2, {.max_pause = 2s});
  world.start();
  world.run_for(1s);
  auto env = world.time.environment();
  world.all[0].limiter->pause(1h, env);
  world.run_for(10ms);
  for (auto& m : world.all) CHECK(m.limiter->state(env).paused <= 2s);
  auto const before = world.used.times.size();
  world.run_for(500ms);
  CHECK(world.used.times.size() == before);
  world.all[1].limiter->resume(env);
  world.run_for(1s);
  CHECK(world.used.times.size() >= before + 95);
}

TEST_CASE("Costs that are charged afterwards are paid by all machines", "[shared]") {
  tests::machines world(per_second(100).with_burst(10));
  for (int i = 0; i < 2; ++i) world.add(2);
  world.start();
  world.run_for(2s);
  auto const before = world.used.times.size();
  world.all[0].limiter->charge(200, world.time.environment());
  world.run_for(4s);
  auto const used = world.used.times.size() - before;
  CHECK(used >= 170);
  CHECK(used <= 240);
  CHECK_THROWS_WITH(world.all[0].limiter->charge(-1), Catch::Contains("charge: weight must not be negative"));
}

TEST_CASE("The newest limits hold for all machines", "[shared]") {
  tests::machines world(per_second(100).with_burst(10));
  for (int i = 0; i < 3; ++i) world.add(2);
  world.start();
  world.run_for(2s);
  world.all[1].limiter->set(per_second(1000).with_burst(20), world.time.environment());
  world.run_for(1s);
  auto const before = world.used.times.size();
  world.run_for(2s);
  CHECK(world.used.times.size() - before >= 1980);
  CHECK(world.used.times.size() - before <= 2040);
  CHECK(std::count(world.events.begin(), world.events.end(),
                   "limits adopted: another machine has set other limits under this name; they hold for all") == 2);
  for (auto& m : world.all) CHECK(m.limiter->state(world.time.environment()).per_second == Approx(1000));

  SECTION("a machine that refuses other limits does not change those of the others") {
    tenax::shared::rate_limiter other(*world.all[0].store, "test", tenax::shared::options{.refuse_other_limits = true},
                                      per_second(5));
    tenax::shared::rate_limiter::ticket t;
    static_cast<void>(other.admit(t, {}, world.time.now));
    world.run_for(100ms);
    CHECK(other.state(world.time.environment()).trouble == "TENAX other machines have other limits under this name");
    CHECK(world.all[0].limiter->state(world.time.environment()).per_second == Approx(1000));
    t = {};
  }
}

TEST_CASE("A server's clock that jumps by an hour does not stop the limit", "[shared]") {
  auto const jump = GENERATE(tenax::duration(1h), tenax::duration(-1h));
  tests::machines world(per_second(100).with_burst(10));
  for (int i = 0; i < 4; ++i) world.add(2);
  world.start();
  world.run_for(2s);
  world.server.clock_ahead += jump;
  auto const jumped = world.time.now;
  world.run_for(1s);
  CHECK(world.used.between(jumped, jumped + 1s) <= 135);
  world.run_for(4s);
  CHECK(world.used.between(jumped + 1s, jumped + 5s) >= 395);
  CHECK(world.used.between(jumped + 1s, jumped + 5s) <= 412);
}

TEST_CASE("Several rates hold together, under one key", "[shared]") {
  tests::machines world(per_second(10).with_burst(3), tenax::per_minute(120).with_burst(30));
  for (int i = 0; i < 4; ++i) world.add(3);
  world.start();
  world.run_for(120s);
  CHECK(world.used.most_in(1s) <= 13);
  CHECK(world.used.most_in(60s) <= 150);
  CHECK(world.used.between(world.time.now - 60s, world.time.now) >= 118);
  CHECK(world.server.keys.size() == 1);
}

TEST_CASE("As many rates are changed as there are", "[shared]") {
  tests::machines world(per_second(10).with_burst(3), tenax::per_minute(120).with_burst(30));
  for (int i = 0; i < 2; ++i) world.add(3);
  world.start();
  world.run_for(2s);
  auto env = world.time.environment();
  auto& limiter = *world.all[0].limiter;
  CHECK_THROWS_WITH(limiter.set(per_second(5), env), Catch::Contains("must be as many as the limiter was made of"));
  CHECK(world.all[1].limiter->state(env).per_second == Approx(2));
  limiter.set({per_second(50).with_burst(5), tenax::per_minute(600).with_burst(40)}, env);
  world.run_for(20s);
  CHECK(world.all[1].limiter->state(env).per_second == Approx(10));
  auto const before = world.used.times.size();
  world.run_for(10s);
  CHECK(world.used.times.size() - before >= 98);
  CHECK(world.used.times.size() - before <= 102);
}

TEST_CASE("A weight takes as many permits, up to the burst", "[shared]") {
  tests::machines world(per_second(100).with_burst(20));
  auto& m = world.add(0);
  auto env = world.time.environment();
  CHECK_THROWS_WITH(m.limiter->try_acquire(0, env), Catch::Contains("weight must be at least 1"));
  CHECK_THROWS_WITH(m.limiter->try_acquire(21, env), Catch::Contains("weight must not be more than the burst"));
  int went = 0;
  for (int i = 0; i < 1000; ++i) {
    went += m.limiter->try_acquire(20, env) ? 1 : 0;
    world.run_for(5ms);
  }
  CHECK(went >= 24);
  CHECK(went <= 26);
  tenax::shared::rate_limiter::ticket t;
  auto const heavy = m.limiter->with_weight(5);
  CHECK(tenax::gate_view<tenax::shared::rate_limiter::view>);
  for (int i = 0; i < 100 && !heavy.admit(t, {}, world.time.now).admitted(); ++i) world.run_for(5ms);
  CHECK(m.limiter->state(env).admitted == static_cast<std::uint64_t>(went) * 20 + 5);
  heavy.record(t, {}, world.time.now);
}

TEST_CASE("An answer that makes no sense counts as none", "[shared]") {
  tests::timeline time;
  struct strange {
    std::vector<std::int64_t> numbers;
    void eval(tenax::shared::script const&, std::string_view, std::span<std::int64_t const>,
              tenax::shared::completion done) {
      done({.numbers = numbers}, tenax::time_point(tenax::duration(1s)));
    }
  } store;
  store.numbers = GENERATE(std::vector<std::int64_t>{}, std::vector<std::int64_t>{1, 2, 3},
                           std::vector<std::int64_t>(9, -1), std::vector<std::int64_t>{1, 0, 1, 1, 1, 0, 1, 0, 900},
                           std::vector<std::int64_t>{5, 0, 1, 1, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0},
                           std::vector<std::int64_t>(14, INT64_MAX), std::vector<std::int64_t>(14, INT64_MIN),
                           // More permits than it has asked for, times that cannot be added, a rate that is none.
                           std::vector<std::int64_t>{5, 0, 900, 1, 1, 0, 1, 0, 1, 1, 100'000, 0, 0, 0},
                           std::vector<std::int64_t>{5, INT64_MAX / 2, 1, 1, 1, 0, 1, 0, 1, 1, 100'000, 0, 0, 0},
                           std::vector<std::int64_t>{5, 0, 0, 1, 1, 0, 1, 0, 1, 1, 100'000, 0, 0, 0},
                           std::vector<std::int64_t>{5, 0, 1, 1, 1, 0, 1, 0, 0},
                           std::vector<std::int64_t>{5, -5, 1, 1, 1, 0, 1, 0, 1, 1, 100'000, 0, 0, 0},
                           std::vector<std::int64_t>{5, 0, 1, 1, 1, -1, 1, 0, 1, 1, 100'000, 0, 0, 0},
                           std::vector<std::int64_t>{5, 0, 1, 1, 1, 0, 1, 0, 1, 1, std::int64_t{1} << 53, 0, 0, 0},
                           std::vector<std::int64_t>{5, 0, 1, 1, 1, 0, 1, 0, 1, 1, 100'000, -1, 0, 0});
  tenax::shared::rate_limiter limiter(store, "strange", per_second(10));
  CHECK_FALSE(limiter.try_acquire(1, time.environment()));
  CHECK(limiter.state(time.environment()).trouble == "an answer that does not belong to the question");
}

TEST_CASE("No error of a store, and no absurd number, is a caller's", "[shared]") {
  tests::timeline time;
  struct strange {
    std::string error;
    std::vector<std::int64_t> numbers;
    tests::timeline* time;
    void eval(tenax::shared::script const&, std::string_view, std::span<std::int64_t const> arguments,
              tenax::shared::completion done) {
      if (!numbers.empty()) numbers[2] = arguments[2];
      done(error.empty() ? tenax::shared::reply{.numbers = numbers} : tenax::shared::reply{.error = error}, time->now);
    }
  } store{{}, {}, &time};
  store.error = GENERATE("", "NOAUTH Authentication required.", "MOVED 1 x", "CLUSTERDOWN Hash slot not served",
                         "READONLY You can't write against a read only replica.", "LOADING Redis is loading",
                         "OOM command not allowed", "BUSY Redis is busy running a script", "WRONGTYPE", "\xff");
  std::int64_t const most = std::int64_t{1} << 53;
  // What a server may say at most: so many machines, so long a pause.
  store.numbers = {most, 0, 0, most, most, 0, most, most, 1, 1, 100'000, 0, most, most};
  std::vector<std::string> said;
  tenax::shared::options const o{.on_event = [&](tenax::shared::event const& e) {
    said.push_back(std::string(to_string(e.what)) + ": " + std::string(e.why));
  }};
  auto env = time.environment();
  int went = 0;
  {
    tenax::shared::rate_limiter limiter(store, "strange", o, per_second(10));
    for (int i = 0; i < 1000; ++i) {
      tenax::shared::rate_limiter::ticket t;
      auto const answer = limiter.admit(t, {.time_left = 1s}, time.now);
      CHECK_FALSE(answer.refused());
      if (answer.admitted()) ++went, limiter.record(t, {}, time.now);
      time.run_for(10ms);
    }
    if (!store.error.empty()) CHECK(limiter.state(env).trouble == store.error);
  }
  if (store.error.empty()) {
    CHECK(said.empty());
  } else {
    CHECK(said == std::vector{"store away: " + store.error});
    CHECK(went >= 95);
    CHECK(went <= 100);
  }
}

TEST_CASE("A shared rate limiter is made of a name and of rates that a store can compute with", "[shared]") {
  tests::timeline time;
  tests::model_server server{time};
  tests::wire store{time, server};
  using tenax::shared::rate_limiter;
  CHECK_THROWS_WITH(rate_limiter(store, "", per_second(1)), Catch::Contains("name must not be empty"));
  CHECK_THROWS_WITH(rate_limiter(store, "x", per_second(1).with_burst(std::int64_t{1} << 60)),
                    Catch::Contains("burst must be at most what a store can compute with exactly"));
  CHECK_THROWS_WITH(rate_limiter(store, "x", tenax::shared::options{.store_timeout = 0s}, per_second(1)),
                    Catch::Contains("store_timeout must be more than zero"));
  CHECK_THROWS_WITH(rate_limiter(store, "x", tenax::shared::options{.max_pause = -1s}, per_second(1)),
                    Catch::Contains("max_pause must be more than zero"));
}

TEST_CASE("Names become keys with one hash tag, whatever their bytes are", "[shared]") {
  using tenax::shared::detail::to_key;
  CHECK(to_key("", "catalogue/v1") == "tenax:1:{catalogue/v1}");
  CHECK(to_key("", "a}b{c%\n\xff") == "tenax:1:{a%7Db%7Bc%25%0A%FF}");
  CHECK(to_key("", std::string("a\0b", 3)) == "tenax:1:{a%00b}");
}
