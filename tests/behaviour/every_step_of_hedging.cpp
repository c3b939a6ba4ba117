// SPDX-License-Identifier: MIT
// every_step_of_hedging.cpp: model-checks the race between the attempts of a hedged call in two threads: one result
// wins, wherever threads are interrupted, the loser is cancelled, and no thread waits for ever.
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "modelled.hpp"

#define tenax modelled
#include <tenax/async/detail/hedge_race.hpp>
#undef tenax

using namespace std::chrono_literals;
namespace model = tests::model;
using modelled::attempt_info;
using modelled::time_point;

namespace {

model::threads* running = nullptr;

/// A clock that stands still. In every schedule, a wait either ends by its time at once, or lasts until it is woken.
struct chosen_time {
  static constexpr modelled::duration look_again = 1h;
  static time_point now() noexcept { return {}; }
  template <class Token>
  static void sleep(modelled::duration, Token const& token) {
    if (running->choose(2) == 0) return;
    token.word->template sleep_until<chosen_time>(time_point(1h));
  }
};

struct allowing {
  struct ticket {};
  static modelled::admission admit(ticket&, attempt_info const&, time_point) { return {}; }
  static void record(ticket&, modelled::feedback const&, time_point) {}
};

/// The options of a call, without shared counts.
struct hedges {
  using budget_type = allowing;
  using environment_type = chosen_time;
  using gates_type = modelled::detail::no_gates;

  static modelled::duration delay() { return 50ms; }
  static std::uint32_t at_most() { return 2; }
  static bool abandons_losers() { return false; }
  static gates_type gates() { return {}; }
  static allowing budget() { return {}; }
  static chosen_time environment() { return {}; }
  static void record(modelled::duration) {}
  static void record_at_least(modelled::duration) {}
  static void begin_use() {}
  static void end_use() {}
  static void count_call() {}
  void count_hedge(std::size_t) { ++started; }
  void count_end_of_hedge(bool wins) { ++(wins ? won : lost); }

  int started = 0, won = 0, lost = 0;
};

}  // namespace

TEST_CASE("every step: of two attempts in two threads, one wins, and the other is cancelled if it still runs") {
  std::uint64_t hedged = 0, first_won = 0, second_won = 0, none_won = 0;
  auto const schedules = model::explore({.preemptions = tests::at_length ? 6 : 3}, [&](model::threads& run) {
    running = &run;
    bool const fails[] = {run.choose(2) == 1, run.choose(2) == 1};
    bool const cancels = run.choose(2) == 1;
    bool cancelled[] = {false, false};
    int calls = 0;
    hedges options;
    auto const call = [&](attempt_info const& info) -> std::uint32_t {
      auto const i = info.number - 1;
      ++calls;
      model::between_operations();
      cancelled[i] = info.stop_requested();
      if (fails[i]) throw std::runtime_error("down");
      return info.number;
    };
    modelled::detail::hedge_race<std::uint32_t, hedges, decltype(call)> race(options, {}, call);
    REQUIRE(race.next_attempt() == std::size_t{0});
    auto const follow = [&] {
      if (auto const number = race.next_attempt()) race.make(*number, nullptr);
    };
    auto const cancel = [&] {
      if (cancels) race.cancel();
    };
    run({[&] { race.make(0, nullptr); }, follow, cancel});

    auto result = race.take_result();
    REQUIRE(calls == 1 + options.started);
    REQUIRE(options.won + options.lost == options.started);
    if (result.has_value()) {
      auto const winner = result.value();
      REQUIRE(!fails[winner - 1]);
      REQUIRE(!cancelled[winner - 1]);
      REQUIRE(options.won == (winner == 2 ? 1 : 0));
      ++(winner == 1 ? first_won : second_won);
    } else {
      REQUIRE(options.won == 0);
      if (!cancels) REQUIRE((fails[0] && (options.started == 0 || fails[1])));
      ++none_won;
    }
    hedged += static_cast<std::uint64_t>(options.started);
  });
  running = nullptr;
  CHECK(schedules > 500);
  CHECK(hedged > 20);
  CHECK(first_won > 100);
  CHECK(second_won > 5);
  CHECK(none_won > 20);
}
