// SPDX-License-Identifier: MIT
// every_step_of_tickets.cpp: model-checks the tickets of a few threads: every admitted ticket is recorded or given
// back, exactly once, at every gate.
#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "modelled.hpp"

using namespace std::chrono_literals;
namespace model = tests::model;
using modelled::duration;
using modelled::feedback;
using modelled::time_point;
using tests::result;
using verdict = modelled::admission::kind;

namespace {

/// What happens to an admitted ticket.
enum class end { succeeds, is_throttled, is_abandoned, moves_and_fails, is_asked_again_and_assigned_to };
constexpr std::size_t ends = 5;

/// Draws only zeros: a gate that refuses at random refuses.
class lowest final : public modelled::random_source {
 public:
  constexpr result_type operator()() override { return 0; }
};

/// One attempt. Returns whether it was admitted.
template <class Gate>
bool attempt(Gate& gate, end how, duration now, int& inside, int& most_inside) {
  lowest random;
  modelled::attempt_info const info{.number = 2, .random = &random};
  typename Gate::ticket t;
  bool const in = gate.admit(t, info, time_point(now)).admitted();
  if (in) most_inside = std::max(most_inside, ++inside);
  model::between_operations();
  if (!in) return false;
  auto const tell = [&](typename Gate::ticket& ticket, feedback::kind kind) {
    --inside;
    gate.record(ticket, {.how = kind}, time_point(now + 1ms));
  };
  switch (how) {
    case end::succeeds: tell(t, feedback::kind::success); break;
    case end::is_throttled: tell(t, feedback::kind::throttled); break;
    case end::is_abandoned: --inside; break;
    case end::moves_and_fails: {
      typename Gate::ticket moved(std::move(t));
      tell(moved, feedback::kind::failure);
      break;
    }
    case end::is_asked_again_and_assigned_to:
      static_cast<void>(gate.admit(t, info, time_point(now)));
      model::between_operations();
      --inside;
      t = {};
      break;
  }
  return true;
}

/// Runs two threads, one of which makes two attempts, with all endings. `make()` returns the gate;
/// `check(gate, most_inside)` checks it afterwards.
template <class Make, class Check>
std::uint64_t balance(model::bounds const& bounds, Make const& make, Check const& check) {
  return tests::check_like_whole_operations(bounds, [&](model::threads& run) {
    auto gate = make();
    auto const first = static_cast<end>(run.choose(ends));
    auto const second = static_cast<end>(run.choose(ends));
    auto const other = static_cast<end>(run.choose(ends));
    int inside = 0, most_inside = 0;
    bool a = false, b = false, c = false;
    run({[&] {
           a = attempt(*gate, first, 0ms, inside, most_inside);
           model::between_operations();
           b = attempt(*gate, second, 20ms, inside, most_inside);
         },
         [&] { c = attempt(*gate, other, 10ms, inside, most_inside); }});
    REQUIRE(inside == 0);
    auto left = check(*gate, most_inside);
    left.insert(left.end(), {static_cast<std::int64_t>(first), static_cast<std::int64_t>(second),
                             static_cast<std::int64_t>(other), a, b, c});
    return left;
  });
}

/// Whether an attempt is admitted now.
template <class Gate>
bool admits(Gate& gate, duration now) {
  typename Gate::ticket t;
  return gate.admit(t, {}, time_point(now)).admitted();
}

}  // namespace

TEST_CASE("every step: a bulkhead loses no place and grants none twice") {
  auto const schedules = balance(
      {}, [] { return std::make_unique<modelled::bulkhead>(modelled::bulkhead_options{.at_once = 1, .queue = 1}); },
      [](modelled::bulkhead& gate, int most_inside) {
        REQUIRE(most_inside == 1);
        REQUIRE(gate.running() == 0);
        REQUIRE(gate.waiting() == 0);
        REQUIRE(admits(gate, 30ms));
        return result{};
      });
  CHECK(schedules > 2000);
}

TEST_CASE("every step: a circuit breaker loses no probe, and reports every change to its observer in order") {
  using state = modelled::circuit_state;
  state told = state::closed;
  int changes = 0;
  bool telling = false, in_order = true;
  model::atomic<int>* step = nullptr;
  auto const observe = [&](state from, state to, time_point) {
    in_order = in_order && !std::exchange(telling, true) && from == told && to != from;
    told = to;
    ++changes;
    step->load();  // other threads may go on here
    telling = false;
  };
  using breaker = modelled::circuit_breaker<decltype(observe)>;
  auto const schedules = balance(
      {},
      [&] {
        // Half-open from 0 ms on.
        auto gate = std::make_unique<breaker>(
            modelled::circuit_breaker_options{.failures = 1, .open_for = 1s, .open_jitter = 0}, observe);
        delete std::exchange(step, new model::atomic<int>{0});
        told = state::closed;
        changes = 0;
        gate->open(time_point(-1s));
        return gate;
      },
      [&](breaker& gate, int) {
        REQUIRE(in_order);
        REQUIRE(told == gate.state());
        if (gate.state() == state::half_open) REQUIRE(admits(gate, 30ms));
        return result{static_cast<std::int64_t>(gate.state()), changes};
      });
  delete step;
  CHECK(schedules > 7000);
}

TEST_CASE("every step: a retry budget loses no token") {
  auto const schedules = balance(
      {.preemptions = tests::in_many_schedules ? 4 : 3},
      [] {
        return std::make_unique<modelled::retry_budget>(
            modelled::retry_budget_options{.tokens = 4, .ratio = 0.5, .failure_cost = 1, .throttled_cost = 2});
      },
      [](modelled::retry_budget& gate, int) {
        auto const tokens = gate.tokens();
        REQUIRE((tokens >= 0 && tokens <= 4));
        return result{static_cast<std::int64_t>(10 * tokens)};
      });
  CHECK(schedules > 9000);
}

TEST_CASE("every step: a windowed retry budget takes a token for each recorded retry, and for nothing else") {
  auto const schedules = balance(
      {},
      [] {
        return std::make_unique<modelled::windowed_retry_budget>(
            modelled::windowed_retry_budget_options{.ratio = 1, .window = 10s, .min_per_second = 0.2});
      },
      [](modelled::windowed_retry_budget& gate, int) { return result{gate.balance(time_point(30ms))}; });
  CHECK(schedules > 2000);
}

TEST_CASE("every step: an adaptive throttle counts every recorded attempt") {
  auto const schedules = balance(
      {},
      [] {
        return std::make_unique<modelled::adaptive_throttle>(modelled::adaptive_throttle_options{.k = 1, .window = 1h});
      },
      [](modelled::adaptive_throttle& gate, int) {
        return result{static_cast<std::int64_t>(1000 * gate.refusal_probability(time_point(30ms)))};
      });
  CHECK(schedules > 900);
}

TEST_CASE("every step: an adaptive rate limiter counts every request that is under way") {
  auto const schedules = balance(
      {}, [] { return std::make_unique<modelled::adaptive_rate_limiter>(); },
      [](modelled::adaptive_rate_limiter& gate, int) {
        auto const state = gate.state();
        REQUIRE(state.in_flight == 0);
        REQUIRE(state.waiting == 0);
        return result{static_cast<std::int64_t>(state.admitted), static_cast<std::int64_t>(state.throttled),
                      static_cast<std::int64_t>(state.generation)};
      });
  CHECK(schedules > 2000);
}

TEST_CASE("every step: a gate for a key is created once, and removed only when no ticket is left") {
  static int alive;
  struct counted : modelled::bulkhead {
    counted() : modelled::bulkhead({.at_once = 1, .queue = 0}) { ++alive; }
    ~counted() { --alive; }
  };
  using gates = modelled::keyed<int, counted>;
  auto const schedules = model::explore({.preemptions = tests::in_many_schedules ? 2 : 1}, [&](model::threads& run) {
    alive = 0;
    gates all([] { return counted(); }, {.max_keys = 1, .forget_after = 1min});
    auto const keys = run.choose(2);
    std::array<int, 2> inside{};
    bool crowded = false;
    auto const work = [&](int key) {
      return [&, key] {
        auto const gate = all[key];
        gates::ticket t;
        if (!gate.admit(t, {}, {}).admitted()) return;
        auto& here = inside[static_cast<std::size_t>(key)];
        crowded = crowded || ++here > 1;
        model::between_operations();
        --here;
        gate.record(t, {}, {});
      };
    };
    run({work(0), work(0), work(keys == 0 ? 0 : 1)});
    REQUIRE_FALSE(crowded);
    REQUIRE(all.size() == 1);
    REQUIRE(alive == 1);
    all.forget_idle(time_point(1h));
    REQUIRE(all.size() == 0);
    REQUIRE(alive == 0);
  });
  CHECK(schedules > 1900);
}
