// SPDX-License-Identifier: MIT
// gate_waits.cpp: observers, logs and counters of waits at gates.
#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include <tenax/gate/rate_limiter.hpp>
#include <tenax/observe/counters.hpp>
#include <tenax/tenax.hpp>
#include <tenax/testing/virtual_time.hpp>

#include "../catch.hpp"
#include "../gates.hpp"

using namespace std::chrono_literals;

TEST_CASE("gate_waits: an observer is notified of every wait at a gate, before it") {
  tenax::testing::virtual_time clock;
  tests::test_gate gate({tenax::admission::wait(2s), tenax::admission::wait(3s), tenax::admission::go(),
                         tenax::admission::go(), tenax::admission::wait(5s)});
  struct wait {
    std::uint32_t number;
    tenax::duration upcoming, at;
    bool operator==(wait const&) const = default;
  };
  std::vector<wait> told;
  auto const tell = [&](tenax::attempt_info const& w) {
    told.push_back({w.number, w.upcoming_wait, clock.now().time_since_epoch()});
  };
  struct observer {
    decltype(tell) const& f;
    void before_gate_wait(tenax::gate_wait const& w) const { f(w); }
  };
  auto const base = tenax::retrying{}.wait(tenax::wait::constant(1s)).environment(std::ref(clock));
  auto const check = [&](auto const& policy) {
    int calls = 0;
    auto const report = policy.through(std::ref(gate)).try_call([&] {
      if (++calls < 3) throw std::runtime_error("lost");
    });
    CHECK(report.attempts == 3);
    CHECK(report.waited == 12s);
    CHECK(told == std::vector<wait>{{1, 2s, 0s}, {1, 3s, 2s}, {3, 5s, 7s}});
  };
  SECTION("a function") { check(base.before_gate_wait(tell)); }
  SECTION("an object") { check(base.observe(observer{tell})); }
}

TEST_CASE("gate_waits: an observer that is notified before a wait may cancel the call") {
  tenax::testing::virtual_time clock;
  tests::test_gate gate({tenax::admission::wait(2s)});
  bool stopped = false;
  struct token {
    bool const* stop;
    bool stop_requested() const { return *stop; }
  };
  auto const report = tenax::retrying{}
                          .environment(std::ref(clock))
                          .through(std::ref(gate))
                          .cancel_with(token{&stopped})
                          .before_gate_wait([&](tenax::gate_wait const&) { stopped = true; })
                          .try_call([] {});
  CHECK(report.reason == tenax::stop_reason::cancelled);
  CHECK(clock.now().time_since_epoch() == 0s);
}

TEST_CASE("gate_waits: are logged and counted") {
  tenax::testing::virtual_time clock;
  tenax::rate_limiter limiter(tenax::per_second(4));
  tenax::counters totals;
  std::vector<std::string> lines;
  auto const policy = tenax::retrying{}
                          .environment(std::ref(clock))
                          .through(std::ref(limiter))
                          .observe(std::ref(totals))
                          .before_gate_wait(tenax::log_to([&](std::string_view line) { lines.emplace_back(line); }));
  for (int i = 0; i < 3; ++i) policy([] {});
  CHECK(lines == std::vector<std::string>(2, "tenax: attempt 1 waits at a gate for 250ms"));
  CHECK(totals.read() == tenax::counters::snapshot{.attempts = 3, .succeeded = 3, .gate_waiting = 500ms});
}

TEST_CASE("gate_waits: an endless wait at a gate has its own log text") {
  tenax::testing::virtual_time clock;
  tests::test_gate gate({tenax::admission::wait(tenax::duration::max())});
  std::vector<std::string> lines;
  bool stopped = false;
  struct token {
    bool const* stop;
    bool stop_requested() const { return *stop; }
  };
  auto const report =
      tenax::retrying{}
          .environment(std::ref(clock))
          .through(std::ref(gate))
          .cancel_with(token{&stopped})
          .before_gate_wait(tenax::log_to([&](std::string_view line) { lines.emplace_back(line), stopped = true; }))
          .try_call([] {});
  CHECK(report.reason == tenax::stop_reason::cancelled);
  CHECK(lines == std::vector<std::string>{"tenax: attempt 1 waits at a gate for ever"});
}
