// SPDX-License-Identifier: MIT
// any_retrying_hedged.cpp: hedged calls with an any_retrying: hedges have the limits of the policy behind it.
#include <tenax/any_retrying.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <tenax/async/callback_hedged.hpp>
#include <tenax/async/hedged.hpp>
#include <tenax/tenax.hpp>

#include "../gates.hpp"
#include "catch.hpp"

using namespace std::chrono_literals;
using tenax::attempt_info;

namespace {

struct network_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A budget, or a gate, that admits everything. Counts what it is told.
struct generous {
  struct ticket {};
  std::atomic<int> asked{0};
  std::atomic<int> told{0};
  tenax::admission admit(ticket&, attempt_info const&, tenax::time_point) {
    ++asked;
    return {};
  }
  void record(ticket&, tenax::feedback const&, tenax::time_point) { ++told; }
};

void wait_until(auto const& f) {
  auto const end = std::chrono::steady_clock::now() + 10s;
  while (!f()) {
    if (std::chrono::steady_clock::now() > end) std::abort();
    std::this_thread::sleep_for(20us);
  }
}

/// An event loop in virtual time.
struct event_loop {
  [[nodiscard]] tenax::time_point now() const { return time; }
  void operator()(tenax::duration d, std::function<void()> f) { timers.emplace(time + d, std::move(f)); }
  void run() {
    while (!timers.empty()) {
      auto const next = timers.extract(timers.begin());
      time = std::max(time, next.key());
      next.mapped()();
    }
  }

  tenax::time_point time{};
  std::multimap<tenax::time_point, std::function<void()>> timers{};
};

using numbers = std::vector<unsigned>;

}  // namespace

TEST_CASE("any_retrying: its attempts are hedged calls, and hedges pass its gates and have its limits") {
  event_loop loop;
  generous budget;
  tests::test_gate gate;
  tenax::hedging reads(budget, {.after = 50ms});
  tenax::any_retrying const policy =
      tenax::retrying{}.wait(tenax::wait::constant(1s)).stop(tenax::stop::deadline(1min)).through(std::ref(gate));
  int calls = 0;
  std::optional<tenax::report<int>> ended;
  auto const start = [&](attempt_info const& info, tenax::callback_reply<int> reply) {
    CHECK(info.time_left <= 1min);
    auto const me = ++calls;
    loop(me == 1 ? 200ms : 100ms, [=] { me <= 2 ? reply.fail(network_error("down")) : reply(me); });
  };
  auto const call =
      tenax::callback_hedged(policy, reads, std::ref(loop), start, [&](tenax::report<int> r) { ended.emplace(r); });
  loop.run();
  REQUIRE(ended);
  CHECK(ended->value() == 3);
  CHECK(ended->attempts == 2);
  CHECK(ended->waited == 1s);
  CHECK(gate.numbers == numbers{1, 2, 2, 2});
  CHECK(gate.held() == 0);
}

TEST_CASE("any_retrying: without gates, hedges ask none") {
  tenax::any_retrying const plain;
  generous gate;
  tenax::any_retrying const through = tenax::retrying{}.through(std::ref(gate));
  CHECK(tenax::detail::limits_of(plain.policy(), {}).gates == nullptr);
  CHECK(tenax::detail::limits_of(through.policy(), {}).gates != nullptr);
}

TEST_CASE("any_retrying: attempts that are abandoned may outlive it") {
  generous budget;
  generous gate;
  tenax::hedging reads(budget, {.after = 1ms, .abandon_losers = true});
  std::atomic<bool> held{true};
  auto const read = [&held](attempt_info const& info) {
    if (info.number == 1) return 1;  // the policy's own attempt is not the one that is abandoned
    wait_until([&] { return !held; });
    return 2;
  };
  // The second attempt waits until the policy has been destroyed.
  std::atomic<bool> second{false};
  auto const both = [&second, read](attempt_info const& info) {
    if (info.number == 1) {
      wait_until([&] { return second.load(); });
    } else {
      second = true;
    }
    return read(info);
  };
  CHECK(tenax::hedged(tenax::any_retrying(tenax::retrying{}.through(std::ref(gate))), reads, both) == 1);
  CHECK(gate.told == 1);
  held = false;
  wait_until([&] { return reads.under_way() == 0; });
  CHECK(reads.counts().lost == 1);
  CHECK(budget.told == 2);
  CHECK(gate.told == 2);
  CHECK(gate.asked == 2);
}
