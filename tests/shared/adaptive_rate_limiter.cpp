// SPDX-License-Identifier: MIT
#include <tenax/retrying.hpp>
#include <tenax/shared/adaptive_rate_limiter.hpp>
#include <tenax/shared/rate_limiter.hpp>

#include <cstdio>

#include "at_length.hpp"
#include "catch.hpp"
#include "clients.hpp"

using namespace std::chrono_literals;
using simulation::rolling_window;
using simulation::tells;
using simulation::token_bucket;
using tenax::shared::adaptive_options;
using tenax::shared::adaptive_rate_limiter;

namespace {

/// 1800 requests an hour.
rolling_window catalogue() { return {15, 30s, tells::seconds_rounded_up}; }

/// A store that answers at once.
struct instant {
  tests::lua_store lua{};

  void eval(tenax::shared::script const& run, std::string_view key, std::span<std::int64_t const> arguments,
            tenax::shared::completion done) {
    auto const now = tenax::real_time::now();
    lua.now = now.time_since_epoch().count() / 1000;
    std::string error;
    auto const numbers = lua.run(run.text, std::string(key), arguments, error);
    done(error.empty() ? tenax::shared::reply{.numbers = numbers} : tenax::shared::reply{.error = error}, now);
  }
};

/// An hour, or a minute, of ten machines with four callers each. One line of a table.
template <class Limiter, class Server>
void compare(char const* limiters, char const* server, Server const& s, int machines, int callers, bool fast) {
  tests::clients<Limiter> all(s, 1);
  if (fast) all.fastest = 5ms, all.slowest = 15ms;
  for (int i = 0; i < machines; ++i) all.add(callers);
  tenax::duration const whole = fast ? tenax::duration(1min) : 1h;
  auto const late = whole * 5 / 6;
  all.run_for(whole);
  std::printf("| %s | %s | %zu | %zu | %zu | %zu |\n", server, limiters, all.accepted(whole), all.refused(whole),
              all.accepted(late), all.refused(late));
}

template <class World>
double rate_of(World& w, std::size_t machine = 0) {
  return w.all[machine].limiter->state(w.time.environment()).per_second;
}

}  // namespace

TEST_CASE("The name of the script is the SHA-1 of its text") {
  auto const& script = tenax::shared::adaptive_script;
  CHECK(std::string(script.sha1.data()) == tenax::shared::detail::sha1(script.text).data());
}

TEST_CASE("Ten machines find a limit of 1800 an hour together, with as few refusals as one process", "[shared]") {
  if (!tests::every_simulation) return;
  tests::clients all(catalogue());
  for (int i = 0; i < 10; ++i) all.add(4);
  all.run_for(1h);
  CHECK(all.accepted(1h) >= 1745);
  CHECK(all.refused(1h) <= 20);
  CHECK(all.accepted(50min) >= 1450);
  CHECK(all.refused(50min) <= 9);
  CHECK(all.stale == 0);
  CHECK(all.lua.expiry >= 3'600'000);
  auto const s = all.all[3].limiter->state(all.time.environment());
  CHECK(s.machines == 10);
  CHECK(s.store_up);
  CHECK(s.waiting > 0);
  CHECK(s.share == Approx(s.per_second / 10));
  CHECK(s.doing != tenax::shared::adaptive_state::phase::start);
}

TEST_CASE("Prints a table: ten limiters of one process each, one for all callers, and one for all machines",
          "[.compare]") {
  std::printf(
      "| server | limiters | accepted | refused | accepted later | refused later |\n|---|---|---|---|---|---|\n");
  auto const row = [](char const* name, auto const& server, bool fast = false) {
    compare<tenax::adaptive_rate_limiter>("ten", name, server, 10, 4, fast);
    compare<tenax::adaptive_rate_limiter>("one, in one process", name, server, 1, 40, fast);
    compare<adaptive_rate_limiter>("shared by ten machines", name, server, 10, 4, fast);
  };
  row("15 in any 30 s", catalogue());
  row("token bucket, 0.5/s", token_bucket(0.5, 15, tells::seconds_rounded_up));
  row("15 in each 30 s", simulation::fixed_window(15, 30s, tells::seconds_rounded_up));
  row("token bucket, 1000/s", token_bucket(1000, 100, tells::nothing), true);
}

TEST_CASE("Sixteen machines with one caller each reach the limit", "[shared]") {
  tests::clients all(catalogue(), 2);
  for (int i = 0; i < 16; ++i) all.add(1);
  all.run_for(1h);
  CHECK(all.accepted(1h) >= 1750);
  CHECK(all.refused(1h) <= 30);
  CHECK(all.stale == 0);
}

TEST_CASE("Machines find the refill of a token bucket, and 1000 a second", "[shared]") {
  if (!tests::every_simulation) return;
  tests::clients slow(token_bucket(0.5, 15, tells::seconds_rounded_up));
  for (int i = 0; i < 10; ++i) slow.add(4);
  slow.run_for(1h);
  CHECK(slow.accepted(50min) >= 1480);
  CHECK(slow.refused(1h) <= 36);

  tests::clients fast(token_bucket(1000, 100, tells::nothing));
  fast.fastest = 5ms, fast.slowest = 15ms;
  for (int i = 0; i < 10; ++i) fast.add(4);
  fast.run_for(12s);
  CHECK(fast.accepted(4s) >= 3850);
  CHECK(fast.refused(4s) <= 40);
}

TEST_CASE("Requests that were under way together on all machines lower the rate once", "[shared]") {
  tests::clients all(token_bucket(20, 5, tells::nothing));
  for (int i = 0; i < 10; ++i) all.add(4);
  all.run_for(3min);
  auto const before = rate_of(all);
  CHECK(before > 17);
  auto const inner = all.server;
  auto const until = all.time.now + 500ms;
  all.server = [&](tenax::time_point t) {
    return t < until ? simulation::reply{429, tenax::duration(3s), {}} : inner(t);
  };
  all.run_for(1s);
  CHECK(all.refused(1s) >= 3);
  CHECK(rate_of(all) >= 0.9 * before);
  CHECK(rate_of(all, 9) == rate_of(all));
  CHECK(all.accepted(1s) + all.refused(1s) <= 25);
  CHECK(all.stale == 0);
}

TEST_CASE("A machine that joins begins at the rate that was found, and others take the place of one that leaves",
          "[shared]") {
  tests::clients all(catalogue());
  for (int i = 0; i < 3; ++i) all.add(4);
  all.run_for(20min);
  auto const found = rate_of(all);
  all.add(4);
  all.run_for(1min);
  CHECK(rate_of(all, 3) == Approx(found).epsilon(0.1));
  CHECK(all.refused(1min) <= 2);
  CHECK(all.all[3].limiter->state(all.time.environment()).admitted >= 5);
  for (auto& c : all.all[0].callers) c.stop();
  all.run_for(10min);
  CHECK(all.accepted(9min) >= 254);
}

TEST_CASE("While the store is away, each machine goes on with its share of the rate that was found", "[shared]") {
  tests::clients all(token_bucket(10, 10, tells::seconds_rounded_up));
  for (int i = 0; i < 5; ++i) all.add(4);
  all.run_for(3min);
  auto const found = rate_of(all);
  all.store.up = false;
  all.run_for(1min);
  CHECK(all.accepted(50s) >= 400);
  CHECK(all.accepted(50s) <= 520);
  CHECK(rate_of(all) == Approx(found));
  CHECK_FALSE(all.all[0].limiter->state(all.time.environment()).store_up);
  CHECK(std::count_if(all.events.begin(), all.events.end(), [](auto const& e) { return e.find("store away") == 0; }) ==
        5);
  all.store.up = true;
  all.run_for(1min);
  CHECK(all.all[0].limiter->state(all.time.environment()).store_up);
  CHECK(all.accepted(50s) >= 460);
  CHECK(rate_of(all) == Approx(found).epsilon(0.15));
  CHECK(all.refused(1min) <= 8);
}

TEST_CASE("A store that has lost its data gets the rate from the machines", "[shared]") {
  tests::clients all(catalogue());
  for (int i = 0; i < 5; ++i) all.add(2);
  all.run_for(20min);
  auto const found = rate_of(all);
  all.lua.keys.clear();
  all.run_for(2min);
  CHECK(rate_of(all) == Approx(found).epsilon(0.1));
  CHECK(all.refused(2min) <= 3);
  CHECK(all.accepted(2min) >= 45);
}

TEST_CASE("A store that comes back without its data costs at most a tenth of the rate that was found", "[shared]") {
  // The lowest rate afterwards, as a part of the limit, or of the rate before if that was lower.
  auto const least = [](auto const& server, double limit, tenax::duration fastest, tenax::duration before,
                        tenax::duration away, unsigned seed) {
    tests::clients all(server, seed);
    all.fastest = fastest, all.slowest = 2 * fastest;
    for (int i = 0; i < 4; ++i) {
      auto& m = all.add(3, adaptive_options{.start = tenax::per_second(fastest < 50ms ? 200 : 10)});
      m.store->refuses = seed % 2 == 0;
      m.store->delay = [&] { return tenax::duration(tests::microseconds(100 + all.chance() % 2000)); };
    }
    all.run_for(before);
    auto const found = std::min(rate_of(all), limit);
    all.store.up = away == 0s;
    all.run_for(away);
    all.lua.keys.clear();
    all.store.up = true;
    auto part = 1.0;
    for (int i = 0; i < 200; ++i) {
      all.run_for(before / 400);
      part = std::min(part, rate_of(all) / found);
    }
    return part;
  };
  unsigned const seeds = !tests::every_simulation ? 1 : tests::at_length ? 6 : 3;
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    auto const away = seed % 3 == 0 ? tenax::duration(0) : tenax::duration(800ms);
    INFO(seed);
    CHECK(least(token_bucket(1000, 100, tells::nothing), 1000, 2ms, 4s, away, seed) > 0.9);
    CHECK(least(token_bucket(20, 20, tells::nothing), 20, 100ms, 2min, away, seed) > 0.9);
    CHECK(least(catalogue(), 0.5, 100ms, 20min, away, seed) > 0.9);
  }
}

TEST_CASE("Late and lost answers of the store cost little", "[shared]") {
  tests::clients all(catalogue());
  for (int i = 0; i < 10; ++i) {
    auto& m = all.add(4, adaptive_options{.shared = {.store_timeout = 500ms}});
    m.store->delay = [&] { return tenax::duration(tests::milliseconds(1 + all.chance() % 60)); };
    m.store->loses = [&] { return all.chance() % 50 == 0; };
  }
  all.run_for(1h);
  CHECK(all.accepted(50min) >= 1350);
  CHECK(all.refused(1h) <= 60);
}

TEST_CASE("Machines find a limit through a store without messages", "[shared]") {
  tests::clients all(catalogue());
  all.deaf = true;
  for (int i = 0; i < 5; ++i) all.add(1);
  all.run_for(20min);
  CHECK(all.accepted(10min) >= 282);
  CHECK(all.refused(20min) <= 35);
}

TEST_CASE("A hundred machines share a limit that they found", "[shared]") {
  tests::clients all(token_bucket(20, 20, tells::seconds_rounded_up));
  for (int i = 0; i < 100; ++i) all.add(1);
  all.run_for(4min);
  CHECK(all.accepted(2min) >= 2280);
  CHECK(all.refused(2min) <= 12);
  CHECK(all.stale == 0);
  CHECK(rate_of(all) < 22);
}

TEST_CASE("A hundred machines that reach the end of long windows find what a window allows", "[shared]") {
  if (!tests::every_simulation) return;
  auto const server = simulation::fixed_window(600, 30s, tells::seconds_rounded_up);
  tests::clients all(server);
  for (int i = 0; i < 100; ++i) all.add(1);
  all.run_for(5min);
  CHECK(all.accepted(150s) >= 2900);
  CHECK(all.refused(150s) <= 40);
  CHECK(all.refused(5min) <= 400);
  CHECK(rate_of(all) < 25);

  tests::clients<tenax::adaptive_rate_limiter> one(server);
  one.add(100);
  one.run_for(5min);
  CHECK(one.accepted(150s) >= 2800);
  CHECK(one.refused(150s) <= 40);
}

TEST_CASE("A question to the store brings many permits of a limit that is searched for", "[shared]") {
  // Permits that the machines used for each question, in so many seconds.
  auto const worth = [](auto& all, tenax::duration time) {
    auto const used = [&all] {
      std::uint64_t sum = 0;
      for (auto& m : all.all) sum += m.limiter->state(all.time.environment()).admitted;
      return sum;
    };
    auto const before = used();
    auto const asked = all.store.questions;
    all.run_for(time);
    return double(used() - before) / double(all.store.questions - asked);
  };
  tests::clients found(token_bucket(1000, 100, tells::nothing));
  found.fastest = 5ms, found.slowest = 15ms;
  for (int i = 0; i < 3; ++i) found.add(40);
  found.run_for(6s);
  CHECK(worth(found, 6s) >= 15);
  CHECK(found.accepted(6s) >= 5900);
  CHECK(found.refused(6s) <= 20);

  tests::clients known(token_bucket(1e6, 1e6, tells::nothing));
  known.fastest = 5ms, known.slowest = 15ms;
  for (int i = 0; i < 10; ++i) known.add(40, adaptive_options{.limit = tenax::per_second(1000)});
  known.run_for(2s);
  CHECK(worth(known, 4s) >= 15);
  CHECK(known.accepted(4s) >= 3960);
  CHECK(known.accepted(4s) <= 4010);

  // A machine whose callers are busy does not lease more than they can use.
  tests::clients few(token_bucket(1e6, 1e6, tells::nothing));
  few.fastest = 5ms, few.slowest = 15ms;
  for (int i = 0; i < 10; ++i) few.add(4, adaptive_options{.limit = tenax::per_second(1000)});
  few.run_for(4s);
  CHECK(worth(few, 4s) >= 2.5);
  CHECK(few.accepted(4s) >= 3950);
}

TEST_CASE("A known limit is kept by all machines, and set for all of them", "[shared]") {
  tests::clients all(catalogue());
  for (int i = 0; i < 4; ++i) all.add(2, adaptive_options{.limit = tenax::per_minute(30)});
  all.run_for(20min);
  CHECK(all.refused(20min) <= 1);
  CHECK(all.accepted(20min) >= 590);
  CHECK(all.accepted(20min) <= 602);
  all.all[1].limiter->set(tenax::per_minute(10), all.time.environment());
  all.run_for(10min);
  CHECK(rate_of(all, 2) == Approx(0.995 / 6).epsilon(0.001));
  CHECK(all.accepted(9min) <= 92);
  CHECK(all.accepted(9min) >= 85);
  CHECK(std::count_if(all.events.begin(), all.events.end(),
                      [](auto const& e) { return e.find("limits adopted") == 0; }) == 3);
}

TEST_CASE("A limit that the other side announces is kept by all machines", "[shared]") {
  tests::clients all(catalogue());
  auto const inner = all.server;
  all.server = [&](tenax::time_point t) {
    auto r = inner(t);
    r.left.limit = 15;
    r.left.window = 30s;
    return r;
  };
  for (int i = 0; i < 5; ++i) all.add(2);
  all.run_for(10min);
  CHECK(rate_of(all, 4) == Approx(0.995 / 2).epsilon(0.01));
  CHECK(all.refused(10min) <= 3);
  CHECK(all.accepted(5min) >= 144);
}

TEST_CASE("A charge and a pause on one machine hold the others", "[shared]") {
  tests::clients all(token_bucket(1e6, 1e6, tells::nothing));
  all.add(0, adaptive_options{.limit = tenax::per_second(10)});
  all.add(3, adaptive_options{.limit = tenax::per_second(10)});
  all.run_for(5s);
  CHECK(all.accepted(1s) >= 9);
  all.all[0].limiter->charge(50, all.time.environment());
  all.run_for(6s);
  CHECK(all.accepted(5s) <= 12);
  CHECK(all.accepted(1s) >= 6);
  all.all[0].limiter->pause(2s, all.time.environment());
  all.run_for(2s);
  CHECK(all.accepted(1900ms) == 0);
  all.run_for(2s);
  CHECK(all.accepted(2s) >= 18);
  all.all[0].limiter->pause(60s, all.time.environment());
  all.run_for(1s);
  all.all[0].limiter->resume(all.time.environment());
  all.run_for(2s);
  CHECK(all.accepted(2s) >= 18);
  // The rest of a quota is none: all wait for the reset.
  adaptive_rate_limiter& limiter = *all.all[0].limiter;
  adaptive_rate_limiter::ticket t;
  int asked = 0;
  while (!limiter.admit(t, {}, all.time.now).admitted() && ++asked < 1000) all.run_for(5ms);
  REQUIRE(asked < 1000);
  limiter.record(t, {.left = {.remaining = 0, .limit = 100, .reset = 3s}}, all.time.now);
  all.run_for(3s);
  CHECK(all.accepted(2800ms) == 0);
}

TEST_CASE("Without messages of the store, a refusal is known to other machines after a look", "[shared]") {
  instant store;
  adaptive_rate_limiter a(store, "api");
  adaptive_rate_limiter b(store, "api");
  adaptive_rate_limiter::ticket t;
  auto now = tenax::real_time::now();
  int asked = 0;
  while (!a.admit(t, {}, now).admitted() && ++asked < 10'000) now += 1ms;
  REQUIRE(asked < 10'000);
  a.record(t, {.how = tenax::feedback::kind::throttled, .server_wait = 5s}, now);
  adaptive_rate_limiter::ticket u;
  auto const answer = [&] {
    static_cast<void>(b.admit(u, {}, now));
    return b.admit(u, {}, now + 1ms);
  }();
  CHECK(answer.waits());
  CHECK(answer.asked_by_server);
  CHECK(b.state().paused > 4s);
  CHECK(a.state().throttled == 1);
}

TEST_CASE("The longest wait that can be said holds all calls for max_pause", "[shared]") {
  instant store;
  adaptive_rate_limiter limiter(store, "longest", {.shared = {.max_pause = 90s}});
  adaptive_rate_limiter::ticket t;
  auto now = tenax::real_time::now();
  for (int i = 0; i < 1000 && !limiter.admit(t, {}, now).admitted(); ++i) now += 1ms;
  limiter.record(t, {.how = tenax::feedback::kind::throttled, .server_wait = tenax::duration::max()}, now);
  CHECK(limiter.state().paused > 80s);
  CHECK(limiter.state().paused <= 91s);
  adaptive_rate_limiter endless(store, "endless", {.shared = {.max_pause = tenax::duration::max()}});
  endless.pause(tenax::duration::max());
  CHECK(endless.state().paused > 24h * 365 * 70);
  CHECK(endless.acquire(0s).result() != tenax::acquired::yes);
  endless.charge(INT64_MAX);
  endless.charge(INT64_MAX);
}

TEST_CASE("Calls go through the limiter, and acquire gives a permit to report on", "[shared]") {
  instant store;
  adaptive_rate_limiter limiter(store, "calls", {.start = tenax::per_second(1000)});
  auto const polite = tenax::retrying{}.through(std::ref(limiter));
  CHECK(polite([] { return 7; }) == 7);
  {
    auto p = limiter.acquire(5s);
    REQUIRE(p);
    p.report_success();
  }
  CHECK(limiter.acquire(0s).result() != tenax::acquired::refused);
  CHECK(limiter.state().admitted >= 2);
}

TEST_CASE("Keys of other limits are named and not touched", "[shared]") {
  instant store;
  tenax::shared::rate_limiter other(store, "name", tenax::per_second(100));
  REQUIRE(other.acquire({.timeout = 1s}) == tenax::acquired::yes);
  auto const held = store.lua.keys;
  adaptive_rate_limiter limiter(store, "name", {.start = tenax::per_second(1000)});
  CHECK(limiter.acquire(1s));
  CHECK(limiter.state().trouble.find("or is the key of another kind of limit") != std::string::npos);
  CHECK(store.lua.keys == held);

  adaptive_rate_limiter first(store, "other", {.limit = tenax::per_second(100)});
  CHECK(first.acquire(1s));
  adaptive_rate_limiter second(store, "other",
                               {.limit = tenax::per_second(50), .shared = {.refuse_other_limits = true}});
  CHECK(second.acquire(1s));  // alone
  CHECK(second.state().trouble == "TENAX other machines have other limits under this name");
  tenax::shared::rate_limiter third(store, "other", tenax::per_second(100));
  CHECK(third.acquire({.timeout = 1s}) == tenax::acquired::yes);
  CHECK(third.state().trouble.find("was not written by this version of tenax") != std::string::npos);
}

TEST_CASE("Options outside of their range are named", "[shared]") {
  instant store;
  using o = adaptive_options;
  CHECK_THROWS_WITH(adaptive_rate_limiter(store, ""),
                    Catch::Contains("shared::adaptive_rate_limiter: name must not be empty"));
  CHECK_THROWS_WITH(adaptive_rate_limiter(store, "a", o{.start = tenax::per_second(5).with_burst(2)}),
                    Catch::Contains("burst must be 1"));
  CHECK_THROWS_WITH(
      adaptive_rate_limiter(store, "a", o{.limit = tenax::per_second(1), .at_least = tenax::per_second(2)}),
      Catch::Contains("at_least must not be above limit"));
  CHECK_THROWS_WITH(adaptive_rate_limiter(store, "a", o{.shared = {.max_pause = 0s}}),
                    Catch::Contains("max_pause must be more than zero"));
  CHECK_THROWS_WITH(adaptive_rate_limiter(store, "a", o{.shared = {.store_timeout = 0s}}),
                    Catch::Contains("store_timeout must be more than zero"));
  auto const slow = tenax::rate{.permits = 1, .per = 24h * 60};
  CHECK_THROWS_WITH(adaptive_rate_limiter(store, "a", o{.start = slow}),
                    Catch::Contains("adaptive_rate_limiter: start must be at least one request in 26 days"));
  CHECK_THROWS_WITH(adaptive_rate_limiter(store, "a", o{.limit = slow}), Catch::Contains("limit must be at least"));
  CHECK_THROWS_WITH(adaptive_rate_limiter(store, "a", o{.at_least = slow}),
                    Catch::Contains("at_least must be at least"));
  adaptive_rate_limiter limiter(store, "a");
  CHECK_THROWS_AS(limiter.set(tenax::rate{0}), std::invalid_argument);
  CHECK_THROWS_WITH(limiter.charge(-1), Catch::Contains("charge: n must not be negative"));
  CHECK_THROWS_WITH(limiter.pause(0s), Catch::Contains("pause: d must be more than zero"));
}
