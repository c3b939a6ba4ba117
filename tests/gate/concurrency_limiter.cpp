// SPDX-License-Identifier: MIT
// concurrency_limiter.cpp: the search on simulated servers, the queue with its priorities, and what attempts hold.
#include <tenax/gate/concurrency_limiter.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include <tenax/gate/bulkhead.hpp>
#include <tenax/gate/call.hpp>
#include <tenax/tenax.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "at_length.hpp"
#include "gates.hpp"
#include "simulation/pools.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using simulation::between;
using simulation::pool_server;
using simulation::world;
using tenax::concurrency_limiter;
using tenax::priority;
using tests::ask;
using tests::asked;
using tests::kind;
using tests::tell;
using tests::verdict;
using limiter_ticket = concurrency_limiter::ticket;

namespace {

constexpr int workers = 16;

tenax::duration times(double factor, tenax::duration d) {
  return tenax::duration(static_cast<std::int64_t>(factor * static_cast<double>(d.count())));
}

double in_ms(tenax::duration d) { return std::chrono::duration<double, std::milli>(d).count(); }

void through_first(pool_server& s) {
  s.serve = [p = &s.pools.front()](auto done) { p->serve(std::move(done)); };
}

/// 16 workers, 8 to 12 ms for each request.
void fixed_pool(pool_server& s) {
  s.add([](double) { return workers; }, [w = s.clock] { return between(*w, 8ms, 12ms); });
  through_first(s);
}

/// The same with very different requests: times with an exponential distribution.
void varied_pool(pool_server& s) {
  s.add([](double) { return workers; }, [w = s.clock] { return simulation::exponential(*w, 10ms); });
  through_first(s);
}

/// Far away: 10 ms in each direction.
void distant_pool(pool_server& s) {
  fixed_pool(s);
  s.serve = [near = s.serve, w = s.clock](auto done) { w->after(5ms, [=] { near([=] { w->after(5ms, done); }); }); };
}

/// Five times as slow at first, and at its speed after a minute.
void slow_start(pool_server& s) {
  s.add([](double) { return workers; },
        [w = s.clock] { return times(std::max(1.0, 5 - 4 * w->seconds() / 60), between(*w, 8ms, 12ms)); });
  through_first(s);
}

/// One request in ten takes ten times as long.
void two_speeds(pool_server& s) {
  s.add([](double) { return workers; },
        [w = s.clock] { return w->random()() % 10 == 0 ? between(*w, 45ms, 55ms) : between(*w, 4500us, 5500us); });
  through_first(s);
}

/// Stops for 200 ms every 5 s.
void with_pauses(pool_server& s) {
  fixed_pool(s);
  auto const again = std::make_shared<std::function<void()>>();
  *again = [&s, step = again.get()] {
    s.pools.front().pause(200ms);
    s.clock->after(5s, *step);
  };
  s.clock->after(5s, [step = again.get()] { (*step)(); });
  s.clock->after(24h, [again] {});  // keeps it
}

/// Requests take 5 ms, and then a connection of a database with 8, of which other clients use 10 % to 50 %.
void shared_database(pool_server& s) {
  auto& database = s.add([](double) { return 8; }, [w = s.clock] { return between(*w, 3ms, 5ms); });
  auto const others = std::make_shared<std::function<void()>>();
  *others = [&s, &database, step = others.get()] {
    double const use = 0.3 + 0.2 * std::sin(s.clock->seconds() * 6.2832 / 40);
    s.clock->after(simulation::exponential(*s.clock, times(1 / (use * 8), 4ms)), [&database, step] {
      database.serve([] {});
      (*step)();
    });
  };
  (*others)();
  s.clock->after(24h, [others] {});  // keeps it
  s.serve = [&database, w = s.clock](auto done) {
    w->after(between(*w, 4ms, 6ms), [&database, done] { database.serve(done); });
  };
}

/// 16 workers, 16 to 24 ms for each request. From the first minute on, for an hour, a quarter of the workers.
void fewer_workers(pool_server& s) {
  s.add([](double t) { return t > 60 && t < 3660 ? workers / 4 : workers; },
        [w = s.clock] { return between(*w, 16ms, 24ms); });
  through_first(s);
}

/// The same. From the first minute on, for an hour, all requests take four times as long.
void slower_workers(pool_server& s) {
  s.add([](double) { return workers; },
        [w = s.clock] { return between(*w, 16ms, 24ms) * (w->seconds() > 60 && w->seconds() < 3660 ? 4 : 1); });
  through_first(s);
}

/// The optimised configuration simulates all servers; sanitizers and other compilers find in two what they find in all.
constexpr bool all_servers = tests::at_length && tests::every_simulation;

using model = void (*)(pool_server&);

struct result {
  double goodput;
  tenax::duration p99;
};

template <class Gate>
result run(model m, Gate&& gate, std::uint64_t seed = 1) {
  world w(seed);
  pool_server server(w);
  m(server);
  auto r = simulation::saturate(w, gate, server, 70, 10);
  return {r.per_second(10, 70), r.percentile(0.99)};
}

result fixed_limit(model m, std::int64_t limit) { return run(m, tenax::bulkhead({.at_once = limit, .queue = 0})); }

constexpr tenax::concurrency_options unknown{.start = 4, .queue = 0};

std::string refused_options(tenax::concurrency_options const& o) {
  return tests::rejection([&] {
    concurrency_limiter const limiter(o);
    return 0;
  });
}

}  // namespace

static_assert(tenax::waking_gate<concurrency_limiter>);
static_assert(tenax::gate_view<concurrency_limiter::view>);
static_assert(!std::is_copy_constructible_v<concurrency_limiter>);

TEST_CASE("concurrency_limiter: reaches nine tenths of the best fixed limit, and at most twice the unloaded time") {
  struct {
    char const* name;
    model server;
  } const all[] = {{"fixed pool", fixed_pool},          {"varied requests", varied_pool},
                   {"distant server", distant_pool},    {"slow start", slow_start},
                   {"two speeds", two_speeds},          {"pauses", with_pauses},
                   {"shared database", shared_database}};
  for (auto const& m : all) {
    if (!all_servers && m.server != fixed_pool && m.server != with_pauses) continue;
    INFO(m.name);
    double best = 0;
    for (std::int64_t const limit : {18, 24}) best = std::max(best, fixed_limit(m.server, limit).goodput);
    auto const unloaded = fixed_limit(m.server, 1);
    for (std::uint64_t seed = 1; seed <= (all_servers ? 2 : 1); ++seed) {
      auto const found = run(m.server, concurrency_limiter(unknown), seed);
      INFO("seed " << seed << ": " << found.goodput << " of " << best << ", 99 % within " << in_ms(found.p99)
                   << " ms, unloaded " << in_ms(unloaded.p99) << " ms");
      CHECK(found.goodput >= 0.9 * best);
      CHECK(found.p99 <= 2 * unloaded.p99);
    }
  }
}

TEST_CASE("concurrency_limiter: an incident of an hour does not move its baseline, and it recovers within 10 s") {
  if (!tests::every_simulation) return;
  for (auto const m : {fewer_workers, slower_workers}) {
    if (!all_servers && m != fewer_workers) continue;
    INFO((m == fewer_workers ? "fewer workers" : "slower workers"));
    concurrency_limiter limiter(unknown);
    world w;
    pool_server server(w);
    m(server);
    tenax::duration before{}, after{};
    auto const r = simulation::saturate(w, limiter, server, 3690, 10, [&] {
      if (w.seconds() < 60.5) before = limiter.state().least_round_trip;
      if (w.seconds() < 3660.5) after = limiter.state().least_round_trip;
    });
    INFO("baseline " << in_ms(before) << " ms, then " << in_ms(after) << " ms");
    CHECK(before > 16ms);
    CHECK(before < 22ms);
    CHECK(after < times(1.1, before));
    // Four workers of 16, or all with a quarter of the speed, serve 200 requests a second.
    CHECK(r.per_second(70, 3660) >= 0.9 * 200);
    CHECK(r.per_second(20, 60) >= 0.9 * 800);
    CHECK(r.per_second(3670, 3690) >= 0.9 * 800);
  }
}

TEST_CASE("concurrency_limiter: several clients of one server do not drive each other up") {
  // Each of them gains by more places, at the cost of the others.
  std::array<std::unique_ptr<concurrency_limiter>, 4> clients;
  for (auto& c : clients) c = std::make_unique<concurrency_limiter>(unknown);
  world w;
  pool_server server(w);
  fixed_pool(server);
  long served = 0;
  std::vector<tenax::duration> took;
  std::function<void(concurrency_limiter&)> const fill = [&](concurrency_limiter& c) {
    for (;;) {
      auto held = std::make_shared<limiter_ticket>();
      if (!c.admit(*held, {}, w.now()).admitted()) return;
      server.serve([&, held, began = w.now()] {
        c.record(*held, {}, w.now());
        if (w.seconds() > 20) {
          ++served;
          took.push_back(w.now() - began);
        }
        fill(c);
      });
    }
  };
  for (auto& c : clients) fill(*c);
  w.run_for(120s);
  CHECK(static_cast<double>(served) >= 0.95 * 100 * 1600);
  std::sort(took.begin(), took.end());
  CHECK(took[took.size() * 99 / 100] <= 3 * 12ms);
}

TEST_CASE("concurrency_limiter: callers that use all places, but no more of them, are not too many for the server") {
  // Returns the places that were found, and the served requests.
  auto const run = [](int callers, double seconds) {
    concurrency_limiter limiter({.start = callers, .queue = 0});
    world w;
    pool_server server(w);
    fixed_pool(server);
    int active = 0;
    double served = 0;
    std::function<void()> const fill = [&] {
      while (active < callers) {
        auto held = std::make_shared<limiter_ticket>();
        if (!limiter.admit(*held, {}, w.now()).admitted()) return;
        ++active;
        server.serve([&, held] {
          limiter.record(*held, {}, w.now());
          served += 1;
          --active;
          fill();
        });
      }
    };
    fill();
    w.run_for(std::chrono::duration_cast<tenax::duration>(std::chrono::duration<double>(seconds)));
    return std::pair(limiter.state().found, served);
  };
  for (int const callers : {3 * workers, 8 * workers}) {
    CAPTURE(callers);
    auto const found = run(callers, 60).first;
    CHECK(found >= 0.9 * workers);
    CHECK(found <= 1.6 * workers);
  }
  // Where fewer places would not be better, trials cost little.
  auto const [found, served] = run(workers / 2, 600);
  CHECK(found >= workers / 2 - 1);
  CHECK(served >= 0.98 * 600 * 100 * workers / 2);
}

TEST_CASE("concurrency_limiter: does not change the limit without enough requests to use it") {
  concurrency_limiter limiter({.start = 8});
  tenax::duration now{};
  for (int i = 0; i < 20'000; ++i) {
    std::array<limiter_ticket, 3> few;
    for (auto& t : few) REQUIRE(asked(limiter, t, now) == verdict::go);
    now += i % 2 == 0 ? 10ms : 30ms;
    for (auto& t : few) tell(limiter, t, kind::success, now);
  }
  CHECK(limiter.state().found == 8);
}

TEST_CASE("concurrency_limiter: late and throttled attempts shrink the limit, other failures do not change it") {
  // A gate that is always full, and whose attempts all end in the same way.
  auto const limit_after = [](kind how, tenax::duration took) {
    concurrency_limiter limiter({.start = 8, .at_most = 64, .queue = 0});
    tenax::duration now{};
    auto const rounds = [&](int n, kind end, tenax::duration d) {
      for (int i = 0; i < n; ++i) {
        std::vector<limiter_ticket> all(64);
        for (auto& t : all) static_cast<void>(asked(limiter, t, now));
        now += d;
        for (auto& t : all) tell(limiter, t, end, now);
      }
    };
    rounds(200, kind::success, 10ms);
    rounds(100, how, took);  // the block that had begun with successes
    auto const before = limiter.state().found;
    rounds(1000, how, took);
    return std::pair(before, limiter.state().found);
  };
  auto const unchanged = [&](kind how, tenax::duration took) {
    auto const [before, after] = limit_after(how, took);
    return before == after && after >= 8;
  };
  CHECK(limit_after(kind::failure, 100ms).second == 1);  // they time out: the server has too many
  CHECK(limit_after(kind::throttled, 1ms).second == 1);  // the server says so
  CHECK(unchanged(kind::failure, 1ms));                  // the server is down
  CHECK(unchanged(kind::cancelled, 100ms));              // they say nothing
  CHECK(unchanged(kind::unknown, 100ms));
}

TEST_CASE("concurrency_limiter: after an overload in which every attempt timed out, it finds the limit again") {
  concurrency_limiter limiter({.start = 64, .at_most = 200, .queue = 0});
  // Four workers with 10 ms for each request, and callers that give up after 30 ms: more than 12 at once end with
  // timeouts only.
  tenax::duration now{};
  for (int i = 0; i < 3000; ++i) {
    std::vector<limiter_ticket> all(200);
    std::size_t in = 0;
    for (auto& t : all) in += asked(limiter, t, now) == verdict::go ? 1 : 0;
    auto const rounds = (in + 3) / 4;
    bool const late = rounds > 3;
    now += late ? 30ms : 10ms * static_cast<int>(rounds);
    for (auto& t : all) tell(limiter, t, late ? kind::failure : kind::success, now);
  }
  CHECK(limiter.state().found <= 12);
  CHECK(limiter.state().found >= 3);
}

TEST_CASE("concurrency_limiter: admits as many attempts as there are places, queues the next, refuses the others") {
  concurrency_limiter limiter({.start = 2, .queue = 1});
  limiter_ticket a, b, waiting, d;
  CHECK(asked(limiter, a) == verdict::go);
  CHECK(asked(limiter, b) == verdict::go);
  CHECK(asked(limiter, waiting) == verdict::wait);
  auto const answer = ask(limiter, d);
  CHECK(answer.refused());
  CHECK(answer.reason == std::string("concurrency limit reached"));
  auto const state = limiter.state();
  CHECK(state.limit == 2);
  CHECK(state.in_flight == 2);
  CHECK(state.waiting == 1);
  CHECK(state.admitted == 2);
  CHECK(state.refused == 1);
  SECTION("a report frees a place") { tell(limiter, a, kind::success, 1ms); }
  SECTION("so does an abandoned attempt") { a = {}; }
  CHECK(asked(limiter, waiting, 1ms) == verdict::go);
  CHECK(asked(limiter, waiting, 2ms) == verdict::go);  // waits at a later gate
  CHECK(limiter.state().in_flight == 2);
  CHECK(limiter.state().waiting == 0);
}

TEST_CASE("concurrency_limiter: a waiter is refused after max_wait, and one that is abandoned leaves the queue") {
  concurrency_limiter limiter({.start = 1, .queue = 1, .max_wait = 100ms});
  limiter_ticket a, b, c;
  CHECK(asked(limiter, a) == verdict::go);
  CHECK(asked(limiter, b) == verdict::wait);
  CHECK(asked(limiter, b, 99ms) == verdict::wait);
  auto const answer = ask(limiter, b, 100ms);
  CHECK(answer.refused());
  CHECK(answer.reason == std::string("waited too long for a place in the concurrency limiter"));
  CHECK(asked(limiter, c, 100ms) == verdict::wait);
  c = {};
  CHECK(limiter.state().waiting == 0);
  tell(limiter, a, kind::success, 101ms);
  CHECK(asked(limiter, c, 101ms) == verdict::go);
}

namespace {

struct caller {
  limiter_ticket t{};
  int woken = 0;
  tenax::waker waker() {
    return {[](void* self) noexcept { ++static_cast<caller*>(self)->woken; }, this};
  }
};

}  // namespace

TEST_CASE("concurrency_limiter: wakes the most important waiter, and the first of its priority") {
  concurrency_limiter limiter({.start = 1, .queue = 8});
  limiter_ticket running;
  CHECK(asked(limiter, running) == verdict::go);
  std::array<caller, 4> all;
  std::array const levels{priority::low, priority::high, priority::critical, priority::high};
  for (std::size_t i = 0; i < 4; ++i) {
    auto const answer = limiter.with_priority(levels[i]).admit(all[i].t, {}, {}, all[i].waker());
    CHECK(answer.waits());
    CHECK(answer.at_most);
  }
  tell(limiter, running, kind::success, 1ms);
  for (std::size_t const next : {2U, 1U, 3U, 0U}) {
    for (auto const& c : all) CHECK(c.woken == (&c == &all[next] ? 1 : 0));
    all[next].woken = 0;
    auto const view = limiter.with_priority(levels[next]);
    CHECK(view.admit(all[next].t, {}, tenax::time_point(2ms), all[next].waker()).admitted());
    view.record(all[next].t, {}, tenax::time_point(3ms));
  }
  CHECK(limiter.state().in_flight == 0);
}

TEST_CASE("concurrency_limiter: a full queue gives up its least important waiter, the last one") {
  concurrency_limiter limiter({.start = 1, .queue = 2});
  limiter_ticket running;
  CHECK(asked(limiter, running) == verdict::go);
  caller first, last, important, more;
  auto const low = limiter.with_priority(priority::low);
  auto const high = limiter.with_priority(priority::high);
  CHECK(low.admit(first.t, {}, {}, first.waker()).waits());
  CHECK(low.admit(last.t, {}, {}, last.waker()).waits());
  CHECK(low.admit(more.t, {}, {}, more.waker()).refused());
  CHECK(high.admit(important.t, {}, {}, important.waker()).waits());
  CHECK(first.woken == 0);
  CHECK(last.woken == 1);
  auto const answer = low.admit(last.t, {}, {}, last.waker());
  CHECK(answer.refused());
  CHECK(answer.reason == std::string("concurrency limit reached by more important attempts"));
  CHECK(limiter.state().waiting == 2);
  tell(limiter, running, kind::success, 1ms);
  CHECK(important.woken == 1);
  SECTION("a place that a waiter does not take goes to the next one") {
    important.t = {};
    CHECK(first.woken == 1);
  }
  SECTION("a waiter that steps aside is passed") {
    high.step_aside(important.t);
    CHECK(first.woken == 1);
    CHECK(high.admit(important.t, {}, tenax::time_point(1ms), important.waker()).waits());
  }
}

namespace {

/// Attempts of one priority, at random times.
struct traffic {
  priority level;
  long sent = 0;
  long served = 0;
  [[nodiscard]] double share() const { return static_cast<double>(served) / static_cast<double>(sent); }
};

/// Sends attempts of all priorities to a pool of 16 workers, whose capacity is 1600 in a second.
std::array<traffic, 5> under_load(double load) {
  bool over = false;  // outlives the attempts that still wait
  concurrency_limiter limiter({.queue = 32});
  struct attempt;
  std::map<attempt*, std::shared_ptr<attempt>> waiting;
  world w;
  pool_server server(w);
  fixed_pool(server);
  std::array<traffic, 5> all{
      {{priority::critical}, {priority::high}, {priority::normal}, {priority::low}, {priority::optional}}};
  struct attempt : std::enable_shared_from_this<attempt> {
    attempt(world& c, pool_server& s, concurrency_limiter::view g, traffic& sent,
            std::map<attempt*, std::shared_ptr<attempt>>& all_waiting, bool& end)
        : w(c), server(s), gate(g), of(sent), waiting(all_waiting), over(end) {}
    void ask() {
      tenax::waker const waker{[](void* self) noexcept {
                                 if (static_cast<attempt*>(self)->over) return;
                                 auto const me = static_cast<attempt*>(self)->shared_from_this();
                                 me->w.after(0ns, [me] { me->ask(); });
                               },
                               this};
      auto const self = shared_from_this();
      if (done) return;
      auto const answer = gate.admit(t, {}, w.now(), waker);
      if (answer.waits()) {
        waiting[this] = self;
        w.after(answer.delay, [self] {
          if (!self->done) self->ask();
        });
        return;
      }
      waiting.erase(this);
      done = true;
      if (!answer.admitted()) return;
      server.serve([self] {
        self->gate.record(self->t, {}, self->w.now());
        if (self->w.seconds() > 10) ++self->of.served;
      });
    }
    world& w;
    pool_server& server;
    concurrency_limiter::view gate;
    traffic& of;
    std::map<attempt*, std::shared_ptr<attempt>>& waiting;
    bool& over;
    limiter_ticket t{};
    bool done = false;
  };
  std::function<void()> const arrive = [&] {
    w.after(simulation::exponential(w, times(1 / (1600 * load), 1s)), [&] {
      auto& of = all[w.random()() % 5];
      if (w.seconds() > 10) ++of.sent;
      std::make_shared<attempt>(w, server, limiter.with_priority(of.level), of, waiting, over)->ask();
      arrive();
    });
  };
  arrive();
  w.run_for(tests::every_simulation ? 40s : 20s);
  over = true;
  return all;
}

}  // namespace

TEST_CASE("concurrency_limiter: at three times the load, the top priority keeps 99 % of its attempts") {
  auto const triple = under_load(3);
  INFO(triple[0].share() << ' ' << triple[1].share() << ' ' << triple[2].share() << ' ' << triple[3].share() << ' '
                         << triple[4].share());
  CHECK(triple[0].share() >= 0.99);
  CHECK(triple[1].share() > 0.3);  // 640 of the 960 in a second that are left
  CHECK(triple[2].share() < 0.1);
  CHECK(triple[4].share() < 0.02);
}

TEST_CASE("concurrency_limiter: the least important attempts are refused first, more of them as the load grows") {
  auto const slight = under_load(1.1);
  INFO(slight[0].share() << ' ' << slight[3].share() << ' ' << slight[4].share());
  CHECK(slight[0].share() >= 0.99);
  CHECK(slight[2].share() >= 0.99);
  CHECK(slight[4].share() > 0.1);
  auto const more = under_load(1.5);
  INFO(more[0].share() << ' ' << more[2].share() << ' ' << more[3].share() << ' ' << more[4].share());
  CHECK(more[0].share() >= 0.99);
  CHECK(more[1].share() >= 0.99);
  CHECK(more[4].share() < slight[4].share());
  CHECK(more[3].share() < 0.99);
}

TEST_CASE("concurrency_limiter: the range changes while it works") {
  concurrency_limiter limiter({.start = 1, .queue = 2});
  limiter_ticket running;
  CHECK(asked(limiter, running) == verdict::go);
  caller waits;
  CHECK(limiter.admit(waits.t, {}, {}, waits.waker()).waits());
  limiter.set(4, 8);
  CHECK(waits.woken == 1);
  CHECK(limiter.state().limit == 4);
  CHECK_THROWS_AS(limiter.set(0, 8), std::invalid_argument);
  CHECK(limiter.state().limit == 4);
  limiter.set(1, 2);
  CHECK(limiter.state().limit <= 2);
}

TEST_CASE("concurrency_limiter: invalid options are rejected") {
  CHECK(refused_options({.at_least = 0}) == "tenax: concurrency_limiter: at_least must be from 1 to 1000000, but is 0");
  CHECK(refused_options({.at_least = 9, .at_most = 8}) ==
        "tenax: concurrency_limiter: at_most must be from at_least to 1000000, but is 8");
  CHECK(refused_options({.start = 0}) ==
        "tenax: concurrency_limiter: start must be from at_least to at_most, but is 0");
  CHECK(refused_options({.start = 9, .at_most = 8}) ==
        "tenax: concurrency_limiter: start must be from at_least to at_most, but is 9");
  CHECK(refused_options({.queue = -1}) == "tenax: concurrency_limiter: queue must be from 0 to 65536, but is -1");
  CHECK(refused_options({.max_wait = 0s}) == "tenax: concurrency_limiter: max_wait must be more than zero, but is 0s");
  CHECK(tests::described(concurrency_limiter()) == "a concurrency limiter");
  concurrency_limiter limiter;
  CHECK(tests::described(limiter.with_priority(priority::high)) == "a concurrency limiter with priority high");
}

TEST_CASE("concurrency_limiter: used alone, and in policies") {
  tenax::testing::virtual_time clock;
  concurrency_limiter limiter({.start = 1, .queue = 0});
  CHECK(tenax::call_through(limiter, [&] { return limiter.state().in_flight; }, clock) == 1);
  auto const policy = tenax::retrying{}.environment(std::ref(clock)).through(limiter.with_priority(priority::high));
  CHECK(policy([&] {
          CHECK_THROWS_AS(tenax::call_through(limiter, [] {}, clock), tenax::refused);
          return 3;
        }) == 3);
  CHECK_THROWS(policy([] { throw std::logic_error("bug"); }));
  CHECK(limiter.state().in_flight == 0);

  auto held = limiter.acquire(1s, tenax::detail::no_token(), clock);
  CHECK(held);
  CHECK(limiter.acquire(1s, tenax::detail::no_token(), clock).result() == tenax::acquired::refused);
  held.report_success();
  CHECK(limiter.state().in_flight == 0);
  concurrency_limiter patient({.start = 1});
  auto const first = patient.acquire(1s, tenax::detail::no_token(), clock);
  CHECK(patient.acquire(100ms, tenax::detail::no_token(), clock).result() == tenax::acquired::timed_out);
  CHECK(patient.state().waiting == 0);
}

TEST_CASE("concurrency_limiter: random schedules lose no place, whatever callers do") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    INFO("seed " << seed);
    tenax::seeded_random random(seed);
    auto const draw = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    concurrency_limiter limiter(
        {.start = 1 + static_cast<std::int64_t>(draw(4)), .at_most = 6, .queue = static_cast<std::int64_t>(draw(5))});
    std::vector<std::unique_ptr<caller>> all;
    std::vector<std::size_t> running;
    tenax::duration now{};
    for (int step = 0; step < 500; ++step) {
      now += std::chrono::microseconds(draw(3000));
      auto const at = tenax::time_point(now);
      auto const act = draw(6);
      if (act < 3 || all.empty()) {
        auto c = std::make_unique<caller>();
        auto const view = limiter.with_priority(static_cast<priority>(draw(5)));
        auto const answer = view.admit(c->t, {}, at, draw(3) == 0 ? tenax::waker{} : c->waker());
        if (!answer.refused()) all.push_back(std::move(c));
      } else {
        auto const i = draw(all.size());
        auto& c = *all[i];
        if (act == 3) {
          limiter_ticket moved = std::move(c.t);
          c.t = std::move(moved);
          if (limiter.admit(c.t, {}, at, draw(3) == 0 ? tenax::waker{} : c.waker()).refused()) {
            all.erase(all.begin() + static_cast<std::ptrdiff_t>(i));
          }
        } else if (act == 4) {
          limiter.step_aside(c.t);
        } else {
          if (draw(2) == 0) limiter.record(c.t, {}, at);
          all.erase(all.begin() + static_cast<std::ptrdiff_t>(i));
        }
      }
      auto const state = limiter.state();
      REQUIRE(state.in_flight <= 6 + 1);
      REQUIRE(state.in_flight + state.waiting <= all.size() + 0);
    }
    all.clear();
    CHECK(limiter.state().in_flight == 0);
    CHECK(limiter.state().waiting == 0);
  }
}

TEST_CASE("concurrency_limiter: eight threads never exceed the most places, and give all of them back") {
  concurrency_limiter limiter({.start = 2, .at_most = 3, .queue = 2, .max_wait = 1ms});
  std::atomic<int> running{0};
  std::atomic<bool> exceeded{false};
  std::atomic<tenax::duration::rep> clock{0};
  tests::in_eight_threads([&](int thread) {
    tenax::seeded_random random(static_cast<std::uint64_t>(thread));
    auto const gate = limiter.with_priority(static_cast<priority>(thread % 5));
    for (int i = 0; i < 40'000; ++i) {
      limiter_ticket t;
      tenax::time_point const now(tenax::duration(clock.fetch_add(1000)));
      auto answer = gate.admit(t, {}, now);
      if (answer.waits()) answer = gate.admit(t, {}, now + 1us);
      if (!answer.admitted()) continue;
      if (++running > 3) exceeded = true;
      auto const how = random() % 4;
      --running;
      if (how != 3) gate.record(t, {.how = how == 0 ? kind::failure : kind::success}, now + 2us);
    }
  });
  CHECK_FALSE(exceeded);
  CHECK(limiter.state().in_flight == 0);
  CHECK(limiter.state().waiting == 0);
}

TEST_CASE("concurrency_limiter: there are never fewer places than at_least, also while a trial takes some away") {
  for (std::int64_t const places : {1, 2, 5, 10}) {
    concurrency_limiter limiter({.start = places, .at_least = places, .at_most = places, .queue = 0});
    CAPTURE(places);
    for (int round = 0; round < 200; ++round) {
      std::vector<concurrency_limiter::ticket> held(static_cast<std::size_t>(places));
      for (auto& t : held) REQUIRE(tests::asked(limiter, t, round * 10ms) == tests::verdict::go);
      for (auto& t : held) tests::tell(limiter, t, tests::kind::success, round * 10ms + 5ms);
      REQUIRE(limiter.state().limit == places);
    }
  }
}
