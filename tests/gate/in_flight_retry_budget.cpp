// SPDX-License-Identifier: MIT
// in_flight_retry_budget.cpp: retries are limited to a share of the attempts in flight, waits and hedges included.
#include <tenax/gate/in_flight_retry_budget.hpp>

#include <algorithm>
#include <array>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include <tenax/gate/keyed.hpp>
#include <tenax/hedging.hpp>
#include <tenax/tenax.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "gates.hpp"
#include "support.hpp"

using namespace std::chrono_literals;
using tenax::in_flight_retry_budget;
using tests::ask;
using tests::asked;
using tests::kind;
using tests::tell;
using tests::verdict;
using ticket = in_flight_retry_budget::ticket;

namespace {

std::string refused_options(tenax::in_flight_retry_budget_options const& o) {
  return tests::rejection([&] {
    in_flight_retry_budget const budget(o);
    return 0;
  });
}

tenax::admission reserve(in_flight_retry_budget& budget, ticket& t, std::uint32_t number = 2) {
  return budget.reserve_retry(t, {.number = number}, kind::failure, {}, {});
}

/// First attempts that are under way.
std::vector<ticket> started(in_flight_retry_budget& budget, std::size_t n) {
  std::vector<ticket> all(n);
  for (auto& t : all) REQUIRE(asked(budget, t) == verdict::go);
  return all;
}

}  // namespace

static_assert(tenax::gate<in_flight_retry_budget>);
static_assert(!std::is_copy_constructible_v<in_flight_retry_budget>);

TEST_CASE("in_flight_retry_budget: admits retries up to a fifth of what is in flight, and all first attempts") {
  in_flight_retry_budget budget({.ratio = 0.2, .min_retries = 0});
  auto first = started(budget, 20);
  std::vector<ticket> retries(6);
  for (std::size_t i = 0; i < 5; ++i) CHECK(asked(budget, retries[i], 0s, 2) == verdict::go);
  CHECK(budget.in_flight() == 25);
  CHECK(budget.retries() == 5);
  auto const answer = ask(budget, retries[5], 0s, 2);
  CHECK(answer.refused());
  CHECK(answer.reason == std::string("retry budget exhausted"));
  tell(budget, retries[0], kind::failure);
  CHECK(asked(budget, retries[5], 0s, 3) == verdict::go);
  CHECK(asked(budget, retries[0], 0s, 2) == verdict::refuse);
  CHECK(asked(budget, retries[0], 0s, 1) == verdict::go);
}

TEST_CASE("in_flight_retry_budget: min_retries lets a few retries through whatever is in flight") {
  in_flight_retry_budget budget;
  std::array<ticket, 4> retries;
  for (std::size_t i = 0; i < 3; ++i) CHECK(asked(budget, retries[i], 0s, 2) == verdict::go);
  CHECK(asked(budget, retries[3], 0s, 2) == verdict::refuse);
}

TEST_CASE("in_flight_retry_budget: a hundred times 0.29 is 29, despite binary rounding") {
  in_flight_retry_budget budget({.ratio = 0.29, .min_retries = 0});
  auto first = started(budget, 71);
  std::vector<ticket> retries(30);
  CHECK(std::count_if(retries.begin(), retries.end(),
                      [&](ticket& t) { return asked(budget, t, 0s, 2) == verdict::go; }) == 29);
}

TEST_CASE("in_flight_retry_budget: a retry holds its share from the decision on, once, until its end") {
  in_flight_retry_budget budget({.ratio = 0, .min_retries = 1});
  ticket waiting, other;
  CHECK(reserve(budget, waiting).admitted());
  CHECK(budget.retries() == 1);
  CHECK(reserve(budget, other).refused());
  CHECK(asked(budget, waiting, 1s, 2) == verdict::go);
  CHECK(asked(budget, waiting, 2s, 2) == verdict::go);  // waits at another gate
  CHECK(budget.retries() == 1);
  SECTION("reported") { tell(budget, waiting, kind::failure); }
  SECTION("abandoned") { waiting = {}; }
  SECTION("moved, then abandoned") {
    ticket moved = std::move(waiting);
    CHECK(budget.in_flight() == 1);
  }
  CHECK(budget.retries() == 0);
  CHECK(budget.in_flight() == 0);
  CHECK(reserve(budget, other).admitted());
}

TEST_CASE("in_flight_retry_budget: polls are not retries") {
  in_flight_retry_budget budget({.ratio = 0, .min_retries = 1});
  std::array<ticket, 3> polls;
  for (auto& t : polls) {
    CHECK(budget.reserve_retry(t, {.number = 2, .polls = true}, kind::success, {}, {}).admitted());
    CHECK(budget.admit(t, {.number = 2, .polls = true}, {}).admitted());
  }
  CHECK(budget.retries() == 0);
  CHECK(budget.in_flight() == 3);
}

TEST_CASE("in_flight_retry_budget: invalid options are rejected") {
  tests::check_rejected("in_flight_retry_budget: ratio", "1.5",
                        [] { return in_flight_retry_budget({.ratio = 1.5}), 0; });
  CHECK(refused_options({.ratio = -0.1}) == "tenax: in_flight_retry_budget: ratio must be from 0 to 1, but is -0.1");
  CHECK(refused_options({.min_retries = -1}) ==
        "tenax: in_flight_retry_budget: min_retries must be from 0 to 1000000, but is -1");
  CHECK(refused_options({.ratio = 0, .min_retries = 0}) ==
        "tenax: in_flight_retry_budget: min_retries must be at least 1 if ratio is 0, but is 0");
  CHECK(refused_options({.ratio = 0, .min_retries = 1}) == "accepted");
  CHECK(refused_options({.ratio = 1, .min_retries = 0}) == "accepted");
  CHECK(tests::described(in_flight_retry_budget()) == "a retry budget of attempts in flight");
}

namespace {

/// Calls of a policy side by side, driven by hand.
template <class Policy>
struct calls {
  using loop = tenax::retry_loop<Policy const&>;

  explicit calls(Policy const& p) : policy(p) {}

  loop& start() {
    all.emplace_back(policy, now);
    REQUIRE(all.back().start_attempt(now).starts());
    return all.back();
  }
  tenax::decision fail(loop& l) { return l.finish_attempt(tests::thrown<int>(std::runtime_error("down")), now); }

  Policy const& policy;
  tenax::time_point now{};
  std::deque<loop> all{};
};

}  // namespace

TEST_CASE("in_flight_retry_budget: in policies, a retry that waits holds its share, and none waits to be refused") {
  in_flight_retry_budget budget({.ratio = 0.2, .min_retries = 0});
  auto const policy = tenax::retrying{}
                          .wait(tenax::wait::constant(1min))
                          .stop(tenax::stop::after_attempts(4))
                          .through(std::ref(budget))
                          .policy();
  calls side_by_side(policy);
  for (int i = 0; i < 20; ++i) side_by_side.start();
  int waits = 0;
  for (auto& l : side_by_side.all) {
    auto const next = side_by_side.fail(l);
    waits += next.waits() ? 1 : 0;
    if (next.stops()) CHECK(next.reason == tenax::stop_reason::refused_by_gate);
    if (next.waits()) CHECK(5 * budget.retries() <= budget.in_flight());
  }
  CHECK(waits == 4);  // a fifth of 20
  CHECK(budget.retries() == 4);
  side_by_side.now += 1min;
  SECTION("they start, and their end frees the budget") {
    for (auto& l : side_by_side.all) {
      if (l.refusal().reason == std::string("retry budget exhausted")) continue;
      CHECK(l.start_attempt(side_by_side.now).starts());
    }
    CHECK(budget.retries() == 4);
    side_by_side.all.clear();
  }
  SECTION("a call that is abandoned while it waits frees its share") { side_by_side.all.clear(); }
  CHECK(budget.retries() == 0);
  CHECK(budget.in_flight() == 0);
}

TEST_CASE("in_flight_retry_budget: a retry that never starts frees its share, whatever prevents it") {
  tenax::testing::virtual_time clock;
  in_flight_retry_budget budget({.ratio = 0, .min_retries = 1});
  auto const base = tenax::retrying{}.wait(tenax::wait::none).environment(std::ref(clock)).through(std::ref(budget));
  auto const down = []() -> int { throw std::runtime_error("down"); };
  tests::test_gate refusing({tenax::admission::go(), tenax::admission::refuse("no")});
  CHECK(base.through(std::ref(refusing)).try_call(down).attempts == 1);
  CHECK(budget.in_flight() == 0);
  tests::test_gate slow({tenax::admission::go(), tenax::admission::wait(1h)});
  CHECK(base.stop(tenax::stop::deadline(1min)).through(std::ref(slow)).try_call(down).attempts == 1);
  CHECK(budget.in_flight() == 0);
  auto const throwing = [](auto const&) { throw std::logic_error("observer"); };
  CHECK_THROWS_AS(base.before_sleep(throwing)(down), std::logic_error);
  CHECK(budget.in_flight() == 0);

  struct token {
    bool const* stop;
    bool stop_requested() const { return *stop; }
  };
  bool stop = false;
  auto const cancelled = base.cancel_with(token{&stop}).before_sleep([&](auto const&) { stop = true; }).try_call(down);
  CHECK(cancelled.reason == tenax::stop_reason::cancelled);
  CHECK(budget.in_flight() == 0);
}

TEST_CASE("in_flight_retry_budget: hedges and retries share it") {
  in_flight_retry_budget budget({.ratio = 0, .min_retries = 2});
  // A hedging asks its budget as this does: its first attempt has number 1, hedges have the numbers after it.
  tenax::hedging hedging(budget, {.after = 5ms});
  ticket first, hedge, retry, more;
  CHECK(asked(hedging.budget(), first) == verdict::go);
  CHECK(asked(hedging.budget(), hedge, 5ms, 2) == verdict::go);
  CHECK(reserve(budget, retry).admitted());
  CHECK(asked(hedging.budget(), more, 5ms, 2) == verdict::refuse);
  CHECK(reserve(budget, more).refused());
  tell(budget, hedge, kind::cancelled);
  CHECK(reserve(budget, more).admitted());
}

TEST_CASE("in_flight_retry_budget: one for each key") {
  tenax::testing::virtual_time clock;
  tenax::keyed<std::string, in_flight_retry_budget> budgets(
      [] { return in_flight_retry_budget({.ratio = 0, .min_retries = 1}); });
  auto const policy = tenax::retrying{}.wait(tenax::wait::constant(1s)).through(budgets["a"]).policy();
  calls side_by_side(policy);
  for (int i = 0; i < 2; ++i) side_by_side.start();
  CHECK(side_by_side.fail(side_by_side.all[0]).waits());
  CHECK(side_by_side.fail(side_by_side.all[1]).stops());
  budgets.visit("a", [](in_flight_retry_budget& b) { CHECK(b.retries() == 1); });
  auto const other = tenax::retrying{}.wait(tenax::wait::constant(1s)).through(budgets["b"]).policy();
  calls beside(other);
  CHECK(beside.fail(beside.start()).waits());
}

TEST_CASE("in_flight_retry_budget: random schedules never exceed the share") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    INFO("seed " << seed);
    tenax::seeded_random random(seed);
    auto const percent = random() % 101;
    auto const least = 1 + random() % 4;
    in_flight_retry_budget budget(
        {.ratio = static_cast<double>(percent) / 100, .min_retries = static_cast<std::int64_t>(least)});
    struct held {
      ticket t{};
      bool retry = false;
    };
    std::vector<held> all;
    std::uint64_t retries = 0;
    for (int i = 0; i < 400; ++i) {
      if (random() % 5 < 3) {
        held h;
        h.retry = random() % 2 == 0;
        auto const allowed = std::max<std::uint64_t>(least, percent * (all.size() + 1) / 100);
        bool const in = h.retry && random() % 2 == 0 ? reserve(budget, h.t).admitted()
                                                     : asked(budget, h.t, 0s, h.retry ? 2 : 1) == verdict::go;
        REQUIRE(in == (!h.retry || retries + 1 <= allowed));
        if (!in) continue;
        retries += h.retry ? 1 : 0;
        all.push_back(std::move(h));
      } else if (!all.empty()) {
        auto const which = static_cast<std::ptrdiff_t>(random() % all.size());
        retries -= all[static_cast<std::size_t>(which)].retry ? 1 : 0;
        all.erase(all.begin() + which);
      }
      REQUIRE(budget.in_flight() == all.size());
      REQUIRE(budget.retries() == retries);
    }
  }
}

TEST_CASE("in_flight_retry_budget: eight threads never exceed it, and give everything back") {
  in_flight_retry_budget budget({.ratio = 0, .min_retries = 3});
  std::atomic<int> under_way{0};
  std::atomic<bool> exceeded{false};
  tests::in_eight_threads([&](int thread) {
    tenax::seeded_random random(static_cast<std::uint64_t>(thread));
    for (int i = 0; i < 60'000; ++i) {
      ticket first, retry;
      static_cast<void>(asked(budget, first));
      bool const in =
          random() % 2 == 0 ? reserve(budget, retry).admitted() : asked(budget, retry, 0s, 2) == verdict::go;
      if (!in) continue;
      if (++under_way > 3) exceeded = true;
      --under_way;
      if (random() % 2 == 0) tell(budget, retry, kind::failure);
    }
  });
  CHECK_FALSE(exceeded);
  CHECK(budget.in_flight() == 0);
  CHECK(budget.retries() == 0);
}
