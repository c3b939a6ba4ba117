// SPDX-License-Identifier: MIT
// keyed.cpp: one gate per key, made when needed, discarded when idle, never while it is in use.
#include <tenax/gate/keyed.hpp>

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include <tenax/gate/bulkhead.hpp>
#include <tenax/gate/call.hpp>
#include <tenax/gate/circuit_breaker.hpp>
#include <tenax/gate/rate_limiter.hpp>
#include <tenax/gate/retry_budget.hpp>
#include <tenax/tenax.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "gates.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using tenax::bulkhead;
using tenax::circuit_breaker;
using tenax::keyed;
using tests::kind;
using tests::tell;
using tests::verdict;

namespace {

using breakers = keyed<std::string, circuit_breaker<>>;
using bulkheads = keyed<int, bulkhead>;

bulkhead one_at_once() { return bulkhead({.at_once = 1, .queue = 1}); }

template <class All>
verdict asked(All& all, auto key, typename All::ticket& t, tenax::duration now = {}) {
  auto const one = all[key];
  return one.admit(t, tenax::attempt_info{}, tenax::time_point(now)).how;
}

/// Makes an attempt that ends immediately.
template <class All>
bool attempted(All& all, auto key, kind how, tenax::duration now = {}) {
  auto const one = all[key];
  return tests::attempted(one, how, now);
}

/// Whether there is a gate for this key.
template <class All>
bool has(All& all, auto key) {
  return all.visit(key, [](auto&) {});
}

/// Throws when `calls_left` reaches 0; never if it is negative.
struct throwing_hash {
  static inline int calls_left = -1;

  std::size_t operator()(int key) const {
    if (calls_left >= 0 && calls_left-- == 0) throw std::runtime_error("no hash");
    return static_cast<std::size_t>(key);
  }
};

}  // namespace

static_assert(tenax::gate_view<breakers::view> && tenax::gate<breakers::view const>);
static_assert(!tenax::gate_view<circuit_breaker<>> && !tenax::gate<breakers>);
static_assert(!std::is_copy_constructible_v<breakers> && !std::is_move_constructible_v<breakers>);

TEST_CASE("keyed: every key has its own gate, made at its first attempt") {
  std::vector<std::string> made;
  breakers all([&made](std::string const& host) {
    made.push_back(host);
    return circuit_breaker({.failures = 1});
  });
  auto const a = all["a"];
  CHECK(a.key() == "a");
  CHECK(all.size() == 0);
  CHECK(made.empty());
  CHECK(attempted(all, "a", kind::failure));
  CHECK_FALSE(attempted(all, "a", kind::success));
  CHECK(attempted(all, "b", kind::success));
  CHECK(made == std::vector<std::string>{"a", "b"});
  CHECK(all.size() == 2);
}

TEST_CASE("keyed: visit finds existing gates, and makes none") {
  breakers all([] { return circuit_breaker({.failures = 1}); });
  CHECK_FALSE(has(all, "a"));
  CHECK(all.size() == 0);
  CHECK(attempted(all, "a", kind::failure));
  auto state = tenax::circuit_state::closed;
  CHECK(all.visit("a", [&](circuit_breaker<>& b) {
    state = b.state();
    b.close(tenax::time_point(0s));
  }));
  CHECK(state == tenax::circuit_state::open);
  CHECK(attempted(all, "a", kind::success));
}

TEST_CASE("keyed: a ticket gives back its content to the gate of its key, wherever the attempt ends") {
  bulkheads all(one_at_once);
  bulkheads::ticket t, queued, other;
  CHECK(asked(all, 1, t) == verdict::go);
  CHECK(asked(all, 1, t) == verdict::go);
  CHECK(asked(all, 1, queued) == verdict::wait);
  CHECK(asked(all, 1, other) == verdict::refuse);
  CHECK(asked(all, 2, other) == verdict::go);
  queued = {};
  all.visit(1, [](bulkhead& b) {
    CHECK(b.waiting() == 0);
    CHECK(b.running() == 1);
  });
  bulkheads::ticket moved = std::move(t);
  t = {};
  all.visit(1, [](bulkhead& b) { CHECK(b.running() == 1); });
  moved = std::move(other);
  all.visit(1, [](bulkhead& b) { CHECK(b.running() == 0); });
  all.visit(2, [](bulkhead& b) { CHECK(b.running() == 1); });
  auto const two = all[2];
  tell(two, moved, kind::success);
  all.visit(2, [](bulkhead& b) { CHECK(b.running() == 0); });
}

TEST_CASE("keyed: a gate that was idle for forget_after is discarded when another key of its table is used") {
  bulkheads all(one_at_once, {.forget_after = 10s});
  CHECK(attempted(all, 1, kind::success, 1s));
  CHECK(attempted(all, 1, kind::success, 11s - 1ns));
  all.forget_idle(tenax::time_point(21s - 2ns));
  CHECK(all.size() == 1);
  all.forget_idle(tenax::time_point(21s - 1ns));
  CHECK(all.size() == 0);

  CHECK(attempted(all, 1, kind::success, 30s));
  for (int key = 2; key < 200; ++key) CHECK(attempted(all, key, kind::success, 40s));
  CHECK_FALSE(has(all, 1));
  CHECK(all.size() == 198);
}

TEST_CASE("keyed: after forget_after the same key gets a new gate, if the old one limits no caller") {
  int made = 0;
  keyed<std::string, tenax::retry_budget> budgets(
      [&made] {
        ++made;
        return tenax::retry_budget();
      },
      {.forget_after = 10s});
  CHECK(attempted(budgets, "a", kind::failure, 0s));
  CHECK(attempted(budgets, "a", kind::failure, 9s));
  CHECK(made == 1);
  CHECK(attempted(budgets, "a", kind::success, 19s));
  CHECK(made == 2);
}

TEST_CASE("keyed: a limiter is kept until its permits have come back, however short forget_after is") {
  // An account sends five requests together every 11 minutes, with a limit of five an hour; others are served
  // meanwhile.
  for (auto const forget_after : {tenax::duration(10min), tenax::duration(1ns)}) {
    keyed<std::string, tenax::rate_limiter<1>> limits(
        [] { return tenax::rate_limiter(tenax::per_hour(5).with_burst(5)); }, {.forget_after = forget_after});
    int sent = 0;
    for (auto t = 0min; t <= 66min; t += 11min) {
      for (int i = 0; i < 5; ++i) {
        keyed<std::string, tenax::rate_limiter<1>>::ticket request;
        sent += asked(limits, "account", request, t) == verdict::go ? 1 : 0;
      }
      for (int other = 0; other < 300; ++other)
        CHECK(attempted(limits, std::to_string(other + 1000 * t.count()), kind::success, t + 5min));
      limits.forget_idle(tenax::time_point(t + 6min));
      CHECK(limits.size() < 2000);
    }
    CHECK(sent <= 10);
    limits.forget_idle(tenax::time_point(100h));
    CHECK(limits.size() == 0);
  }
}

TEST_CASE("keyed: rotating keys does not get rid of a limit; new keys are refused while all gates limit callers") {
  keyed<int, tenax::rate_limiter<1>> limits([] { return tenax::rate_limiter(tenax::per_hour(1)); }, {.max_keys = 100});
  int sent = 0;
  tenax::optional_duration after;
  for (auto t = 0s; t < 3600s; t += 1s) {
    keyed<int, tenax::rate_limiter<1>>::ticket request;
    auto const one = limits[static_cast<int>(t.count() % 101)];
    auto const answer = one.admit(request, {}, tenax::time_point(t));
    sent += answer.admitted() ? 1 : 0;
    if (answer.refused()) {
      CHECK(answer.reason == std::string("too many keys in use"));
      after = answer.retry_after;
      CHECK(tenax::duration(t) + *after == 1h);
    }
  }
  CHECK(sent == 100);
  CHECK(after);
  // After an hour the first gate limits no caller any more, and makes room.
  CHECK(attempted(limits, 100, kind::success, 1h));
  CHECK_FALSE(has(limits, 0));
  CHECK(limits.size() == 100);
}

TEST_CASE("keyed: when the clock is set back, gates are kept as long as they would have been kept") {
  SECTION("gates that limit callers") {
    keyed<int, tenax::rate_limiter<1>> limits([] { return tenax::rate_limiter(tenax::per_second(1)); },
                                              {.max_keys = 2});
    REQUIRE(attempted(limits, 1, kind::success, 1000h));
    REQUIRE(attempted(limits, 2, kind::success, 1000h));
    keyed<int, tenax::rate_limiter<1>>::ticket t;
    auto const answer = limits[3].admit(t, {}, tenax::time_point(1h));
    CHECK(answer.refused());
    CHECK(*answer.retry_after <= 1s);
    CHECK(attempted(limits, 3, kind::success, 1h + 1s));
  }
  SECTION("an open circuit") {
    keyed<int, circuit_breaker<>> all([] { return circuit_breaker({.failures = 1, .open_for = 10s}); },
                                      {.max_keys = 2});
    REQUIRE(attempted(all, 1, kind::failure, 1000h));
    REQUIRE(attempted(all, 2, kind::failure, 1000h));
    keyed<int, circuit_breaker<>>::ticket t;
    auto const answer = all[3].admit(t, {}, tenax::time_point(1h));
    CHECK(answer.refused());
    CHECK(*answer.retry_after <= 1min);
    CHECK(attempted(all, 3, kind::success, 1h + *answer.retry_after));
  }
  SECTION("gates that limit no caller") {
    bulkheads all(one_at_once, {.forget_after = 1min});
    CHECK(attempted(all, 1, kind::success, 1000h));
    CHECK(attempted(all, 2, kind::success, 1000h));
    bulkheads::ticket held;
    CHECK(asked(all, 3, held, 1000h) == verdict::go);
    all.forget_idle(tenax::time_point(1h));
    CHECK(all.size() == 3);
    auto const third = all[3];
    tell(third, held, kind::success, 1h);
    all.forget_idle(tenax::time_point(1h + 59s));
    CHECK(all.size() == 3);
    all.forget_idle(tenax::time_point(1h + 60s));
    CHECK(all.size() == 0);
  }
}

TEST_CASE("keyed: of the gates that limit no caller, the one that was idle for longest makes room") {
  keyed<int, tenax::rate_limiter<1>> limits(
      [](int key) {
        return tenax::rate_limiter(
            tenax::rate{.permits = 1, .per = key < 3 ? tenax::duration(1h) : tenax::duration(1s)});
      },
      {.max_keys = 4});
  for (int key = 1; key <= 4; ++key) CHECK(attempted(limits, key, kind::success, std::chrono::seconds(key)));
  CHECK_FALSE(attempted(limits, 5, kind::success, 3999ms));
  CHECK(attempted(limits, 5, kind::success, 4500ms));  // in the place of 3
  CHECK(has(limits, 1));
  CHECK(has(limits, 2));
  CHECK_FALSE(has(limits, 3));
  CHECK(attempted(limits, 6, kind::success, 9s));
  CHECK_FALSE(has(limits, 4));
  CHECK(attempted(limits, 7, kind::success, 2h));
  CHECK_FALSE(has(limits, 1));
  CHECK(has(limits, 2));
}

TEST_CASE("keyed: keep_until is obeyed, and called only while no ticket of the gate exists") {
  struct debtor {
    struct ticket {};
    tenax::admission admit(ticket&, tenax::attempt_info const&, tenax::time_point) { return tenax::admission::go(); }
    void record(ticket&, tenax::feedback const&, tenax::time_point) {}
    tenax::time_point keep_until(tenax::time_point now) const { return now + owes; }
    tenax::duration owes;
  };
  static_assert(tenax::gate<debtor>);
  keyed<int, debtor> all([](int key) { return debtor{std::chrono::minutes(key)}; }, {.forget_after = 5min});
  for (int key = 0; key < 60; ++key) CHECK(attempted(all, key, kind::success, 0s));
  for (int minute = 0; minute < 60; ++minute) {
    all.forget_idle(tenax::time_point(std::chrono::minutes(minute)));
    CHECK(all.size() == static_cast<std::size_t>(minute < 5 ? 60 : 59 - minute));
  }
}

TEST_CASE("keyed: a gate in use is not discarded, however long it takes") {
  bulkheads all(one_at_once, {.forget_after = 1s});
  {
    bulkheads::ticket t, queued;
    CHECK(asked(all, 1, t) == verdict::go);
    CHECK(asked(all, 1, queued) == verdict::wait);
    all.forget_idle(tenax::time_point(1h));
    CHECK(all.size() == 1);
    t = {};
    all.forget_idle(tenax::time_point(2h));
    CHECK(all.size() == 1);
  }
  all.forget_idle(tenax::time_point(2h));
  CHECK(all.size() == 0);
}

TEST_CASE("keyed: a new key replaces the key that was idle for longest") {
  bulkheads all(one_at_once, {.max_keys = 3});
  CHECK(attempted(all, 1, kind::success, 1s));
  CHECK(attempted(all, 2, kind::success, 2s));
  CHECK(attempted(all, 3, kind::success, 3s));
  CHECK(attempted(all, 1, kind::success, 4s));
  CHECK(attempted(all, 4, kind::success, 5s));
  CHECK(all.size() == 3);
  CHECK_FALSE(has(all, 2));
  bulkheads::ticket three;
  CHECK(asked(all, 3, three, 6s) == verdict::go);
  CHECK(attempted(all, 5, kind::success, 7s));
  CHECK(has(all, 3));
  CHECK_FALSE(has(all, 1));
  CHECK(all.size() == 3);
}

TEST_CASE("keyed: if all keys are in use, a new one is refused") {
  bulkheads all(one_at_once, {.max_keys = 2});
  bulkheads::ticket one, two, three;
  CHECK(asked(all, 1, one) == verdict::go);
  CHECK(asked(all, 2, two) == verdict::go);
  auto const view = all[3];
  auto const answer = view.admit(three, {}, {});
  CHECK(answer.refused());
  CHECK(answer.reason == std::string("too many keys in use"));
  one = {};
  CHECK(asked(all, 3, three) == verdict::go);
  CHECK_FALSE(has(all, 1));
}

TEST_CASE("keyed: a refused attempt does not keep its gate in use") {
  bulkheads all(one_at_once, {.max_keys = 1});
  tenax::call_through(all[1], [] {});
  bulkheads::ticket a, b, c;
  CHECK(asked(all, 1, a) == verdict::go);
  CHECK(asked(all, 1, b) == verdict::wait);
  CHECK(asked(all, 1, c) == verdict::refuse);
  a = {};
  b = {};
  CHECK(asked(all, 2, a) == verdict::go);
}

TEST_CASE("keyed: a factory that throws leaves nothing behind") {
  int calls = 0;
  bulkheads all(
      [&calls](int key) {
        if (++calls == 1) throw std::runtime_error("no such key");
        return bulkhead({.at_once = key});
      },
      {.max_keys = 1});
  CHECK_THROWS_AS(attempted(all, 7, kind::success), std::runtime_error);
  CHECK(all.size() == 0);
  CHECK(attempted(all, 7, kind::success));
}

TEST_CASE("keyed: a hash that throws at any point ends the call and leaves nothing behind") {
  for (int calls = 0; calls < 12; ++calls) {
    keyed<int, bulkhead, throwing_hash> all(one_at_once, {.max_keys = 2, .forget_after = 10s});
    CHECK(attempted(all, 0, kind::success, 0s));
    CHECK(attempted(all, 16, kind::success, 1s));
    throwing_hash::calls_left = calls;
    bool good = true;
    try {
      good = attempted(all, 32, kind::success, 2s);
      good = attempted(all, 48, kind::success, 20s) && good;
    } catch (std::runtime_error const&) {
    }
    throwing_hash::calls_left = -1;
    CHECK(good);
    CHECK(all.size() <= 2);
    CHECK(attempted(all, 0, kind::success, 21s));
    all.forget_idle(tenax::time_point(1min));
    CHECK(all.size() == 0);
  }
}

TEST_CASE("keyed: invalid options are rejected") {
  auto const refused = [](tenax::keyed_options o) {
    return tests::rejection([&] {
      bulkheads const all(one_at_once, o);
      return 0;
    });
  };
  CHECK(refused({}) == "accepted");
  CHECK(refused({.max_keys = 0}) == "tenax: keyed: max_keys must be at least 1, but is 0");
  CHECK(refused({.forget_after = 0s}) == "tenax: keyed: forget_after must be more than zero, but is 0s");
  bulkheads all(one_at_once);
  CHECK(tests::described(all[1]) == "a gate for its key");
}

TEST_CASE("keyed: the view goes into a policy without std::ref, beside other gates") {
  tenax::testing::virtual_time clock;
  breakers all([] { return circuit_breaker({.failures = 2, .open_jitter = 0}); });
  tests::test_gate other;
  auto const polite = tenax::retrying{}.wait(tenax::wait::constant(1s)).environment(std::ref(clock));
  auto const down = []() -> int { throw std::runtime_error("down"); };
  auto const report = polite.through(all["a"]).try_call(down);
  CHECK(report.attempts == 2);
  CHECK(report.reason == tenax::stop_reason::refused_by_gate);
  CHECK_THROWS_AS(polite.through(std::ref(other)).through(all["a"])(down), tenax::refused);
  CHECK(other.held() == 0);
  CHECK(polite.through(all["b"]).through(std::ref(other))([] { return 3; }) == 3);

  // A policy can be stored, and outlives the variable that named its key.
  auto const for_c = [&] {
    std::string const name(100, 'c');
    return polite.through(all[name]);
  }();
  CHECK(for_c([] { return 4; }) == 4);
  CHECK(has(all, std::string(100, 'c')));
  CHECK(all.size() == 3);

  CHECK(tenax::call_through(all["b"], [] { return 5; }, clock) == 5);
  CHECK_THROWS_AS(tenax::call_through(all["a"], [] { return 5; }, clock), tenax::refused);
}

TEST_CASE("keyed: random schedules agree with a simple model") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    INFO("seed " << seed);
    tenax::seeded_random random(seed);
    auto const draw = [&](unsigned n) { return static_cast<int>(random() % n); };
    auto const most = static_cast<std::size_t>(1 + draw(6));
    bulkheads all([] { return bulkhead({.at_once = 100}); },
                  {.max_keys = static_cast<std::int64_t>(most), .forget_after = 1h});
    struct account {
      int out = 0;
      tenax::duration last{};
    };
    std::map<int, account> known;
    std::vector<std::pair<int, bulkheads::ticket>> tickets;
    tenax::duration now{};
    for (int step = 0; step < 300; ++step) {
      now += 1ms;
      if (draw(2) == 0) {
        int const key = draw(12);
        bulkheads::ticket t;
        auto const answer = asked(all, key, t, now);
        if (known.count(key) == 0 && known.size() == most) {
          auto oldest = known.end();
          for (auto i = known.begin(); i != known.end(); ++i) {
            if (i->second.out == 0 && (oldest == known.end() || i->second.last < oldest->second.last)) oldest = i;
          }
          if (oldest == known.end()) {
            REQUIRE(answer == verdict::refuse);
            continue;
          }
          known.erase(oldest);
        }
        REQUIRE(answer == verdict::go);
        ++known[key].out;
        known[key].last = now;
        tickets.emplace_back(key, std::move(t));
      } else if (!tickets.empty()) {
        auto const which = tickets.begin() + draw(static_cast<unsigned>(tickets.size()));
        auto [key, t] = std::move(*which);
        tickets.erase(which);
        auto const view = all[key];
        tell(view, t, kind::success, now);  // only recorded: abandoning has no time
        --known[key].out;
        known[key].last = now;
      }
      REQUIRE(all.size() == known.size());
    }
    for (auto const& [key, a] : known) {
      REQUIRE(all.visit(key, [&](bulkhead& b) { REQUIRE(b.running() == static_cast<unsigned>(a.out)); }));
    }
  }
}

TEST_CASE("keyed: eight threads, few places, many keys") {
  std::atomic<int> alive{0};
  struct counted {
    explicit counted(std::atomic<int>& n) : alive(&n) { ++*alive; }
    ~counted() { --*alive; }
    counted(counted const&) = delete;
    counted& operator=(counted const&) = delete;
    using ticket = bulkhead::ticket;
    tenax::admission admit(ticket& t, tenax::attempt_info const& i, tenax::time_point now) {
      return own.admit(t, i, now);
    }
    void record(ticket& t, tenax::feedback const& f, tenax::time_point now) { own.record(t, f, now); }
    std::atomic<int>* alive;
    bulkhead own{{.at_once = 1, .queue = 0}};
  };
  {
    keyed<int, counted> all([&alive] { return counted(alive); }, {.max_keys = 40, .forget_after = 1ms});
    std::vector<std::atomic<int>> inside(64);
    std::atomic<bool> crowded{false};
    tests::in_eight_threads([&](int thread) {
      tenax::seeded_random random(static_cast<std::uint64_t>(thread));
      for (int i = 0; i < 130'000; ++i) {
        int const key = static_cast<int>(random() % 64);
        keyed<int, counted>::ticket t;
        tenax::duration const now = std::chrono::microseconds(i);
        auto const view = all[key];
        if (!view.admit(t, {}, tenax::time_point(now)).admitted()) continue;
        // Two gates for one key would admit two attempts.
        if (++inside[static_cast<std::size_t>(key)] > 1) crowded = true;
        --inside[static_cast<std::size_t>(key)];
        if (random() % 2 == 0) tell(view, t, kind::success, now);
      }
    });
    CHECK_FALSE(crowded);
    CHECK(all.size() <= 40);
    CHECK(static_cast<std::size_t>(alive) == all.size());
    all.forget_idle(tenax::time_point(1h));
    CHECK(all.size() == 0);
    CHECK(alive == 0);
  }
}

TEST_CASE("keyed: attempts with a weight take more permits of the limiter of their key") {
  keyed<std::string, tenax::rate_limiter<1>> limits(
      [] { return tenax::rate_limiter(tenax::per_second(1).with_burst(5)); });
  tenax::testing::virtual_time clock;
  auto const base = tenax::retrying{}.environment(std::ref(clock));
  auto const ask = [&](char const* account, std::uint64_t weight) {
    base.through(limits[account].with_weight(weight))([] {});
    return clock.now().time_since_epoch();
  };
  CHECK(ask("a", 5) == 0s);
  CHECK(ask("b", 2) == 0s);
  CHECK(ask("b", 3) == 0s);
  CHECK(ask("a", 1) == 1s);
  CHECK(ask("a", 2) == 3s);
  CHECK_THROWS_AS(ask("a", 6), std::invalid_argument);
  CHECK_THROWS_AS(ask("c", 0), std::invalid_argument);
  limits.forget_idle(clock.now() + 1h);
  CHECK(limits.size() == 0);  // a refused attempt keeps no gate
}

TEST_CASE("keyed: for_each sees every gate once, and may use the gates and the table") {
  tenax::keyed<std::string, tenax::rate_limiter<>> all([] { return tenax::rate_limiter(tenax::per_second(1)); });
  std::vector<std::string> seen;
  auto const note = [&](std::string const& key, tenax::rate_limiter<>& gate) {
    seen.push_back(key);
    gate.set(tenax::per_second(10), tenax::testing::virtual_time());
    CHECK(all.visit(key, [](auto&) {}));
  };
  all.for_each(note);
  CHECK(seen.empty());
  for (auto const* key : {"a", "b", "c", "d"}) CHECK(attempted(all, key, kind::success));
  all.for_each(note);
  std::sort(seen.begin(), seen.end());
  CHECK(seen == std::vector<std::string>{"a", "b", "c", "d"});
  CHECK(all.visit("a", [](auto& gate) { CHECK(gate.wait_hint(1, tenax::testing::virtual_time()) == 100ms); }));
  CHECK_THROWS_AS(all.for_each([](auto const&, auto&) { throw std::runtime_error("stop"); }), std::runtime_error);
  all.forget_idle(tenax::time_point(24h * 365));
  CHECK(all.size() == 0);
}

TEST_CASE("keyed: a change of a key is made to its gate, and to every later gate of that key") {
  bulkheads all([] { return one_at_once(); }, {.forget_after = 1min});
  auto const places = [&](int key, tenax::duration now) {
    bulkheads::ticket first, second;
    static_cast<void>(asked(all, key, first, now));
    return asked(all, key, second, now) == verdict::go ? 2 : 1;
  };
  CHECK(places(1, 0s) == 1);
  all.change(1, [](bulkhead& b) { b.set(2); });
  CHECK(places(1, 0s) == 2);  // the gate that exists

  all.forget_idle(tenax::time_point(2min));
  CHECK(all.size() == 0);
  CHECK(places(1, 2min) == 2);  // a new gate
  CHECK(places(2, 2min) == 1);  // another key

  all.change(3, [](bulkhead& b) { b.set(2); });  // before its first attempt
  CHECK_FALSE(has(all, 3));
  CHECK(places(3, 2min) == 2);

  all.change(1, [](bulkhead& b) { b.set(1); });  // replaces the change before
  CHECK(places(1, 2min) == 1);
  CHECK(all.forget_change(3));
  CHECK_FALSE(all.forget_change(3));
  CHECK(places(3, 2min) == 2);  // the present gate stays as it is
  all.forget_idle(tenax::time_point(4min));
  CHECK(places(3, 4min) == 1);
  CHECK(places(1, 4min) == 1);
}

TEST_CASE("keyed: a change outlives a gate that makes room for another key") {
  bulkheads all([] { return one_at_once(); }, {.max_keys = 1});
  all.change(1, [](bulkhead& b) { b.set(2); });
  CHECK(attempted(all, 1, kind::success, 0s));
  CHECK(attempted(all, 2, kind::success, 1s));
  REQUIRE_FALSE(has(all, 1));
  bulkheads::ticket first, second;
  CHECK(asked(all, 1, first, 2s) == verdict::go);
  CHECK(asked(all, 1, second, 2s) == verdict::go);
}

TEST_CASE("keyed: a change that throws changes nothing, and leaves the change before") {
  bulkheads all([] { return one_at_once(); });
  CHECK_THROWS_AS(all.change(1, [](bulkhead& b) { b.set(0); }), std::invalid_argument);
  CHECK_FALSE(all.forget_change(1));
  all.change(1, [](bulkhead& b) { b.set(2); });
  CHECK_THROWS_AS(all.change(1, [](bulkhead& b) { b.set(0); }), std::invalid_argument);
  bulkheads::ticket first, second;
  CHECK(asked(all, 1, first) == verdict::go);
  CHECK(asked(all, 1, second) == verdict::go);
}

TEST_CASE("keyed: a change may use the keyed, and is destroyed once") {
  auto const alive = std::make_shared<int>(0);
  {
    bulkheads all([] { return one_at_once(); });
    CHECK(attempted(all, 1, kind::success));
    all.change(1, [&all, alive](bulkhead&) { all.visit(2, [](bulkhead&) {}); });
    CHECK(attempted(all, 1, kind::success));
    all.change(1, [alive](bulkhead&) {});
    CHECK(alive.use_count() == 2);
    all.change(2, [alive](bulkhead&) {});
    CHECK(all.forget_change(2));
    CHECK(alive.use_count() == 2);
  }
  CHECK(alive.use_count() == 1);
}

TEST_CASE("keyed: eight threads change one key while its gate comes and goes; the last change stays") {
  bulkheads all([] { return one_at_once(); }, {.forget_after = 1ms});
  std::atomic<int> wrong{0};
  tests::in_eight_threads([&](int thread) {
    for (int i = 0; i < 200; ++i) {
      if (thread < 4) {
        all.change(1, [](bulkhead& b) { b.set(100); });
      } else {
        bulkheads::ticket t;
        if (asked(all, 1, t, std::chrono::milliseconds(10 * i)) == verdict::refuse) ++wrong;
        t = {};
        all.forget_idle(tenax::time_point(1h));
      }
    }
  });
  all.change(1, [](bulkhead& b) { b.set(3); });
  std::vector<bulkheads::ticket> held(4);
  int in = 0;
  for (auto& t : held) in += asked(all, 1, t, 2h) == verdict::go ? 1 : 0;
  CHECK(in == 3);
}
