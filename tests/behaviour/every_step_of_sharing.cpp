// SPDX-License-Identifier: MIT
// every_step_of_sharing.cpp: model-checks callers that wait for the permits of a shared limit, while its store answers:
// no wake-up is lost, wherever threads are interrupted, and no waker is called after its caller has gone on.
#include <array>
#include <compare>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "modelled.hpp"

#define tenax modelled
#include <tenax/shared/rate_limiter.hpp>
#undef tenax

using namespace std::chrono_literals;
namespace model = tests::model;
namespace shared = modelled::shared;
using modelled::time_point;

namespace {

struct still {
  static constexpr modelled::duration look_again = 1h;
  static inline int readings = 0;
  static time_point now() noexcept { return ++readings < 10'000 ? time_point() : time_point::max(); }
};

/// A clock for calls outside of the threads.
struct zero {
  time_point now() const { return time_point(); }
  void sleep(modelled::duration) const {}
  modelled::random_source& random() const { return modelled::this_thread_random(); }
};

/// A store that keeps its questions.
struct keeper {
  std::vector<shared::completion> questions{};

  void eval(shared::script const&, std::string_view, std::span<std::int64_t const>, shared::completion done) {
    questions.push_back(std::move(done));
  }
};

struct caller {
  modelled::platform::wake_word word{};
  bool lent = false;

  modelled::waker lend() noexcept {
    word.reset();
    lent = true;
    return {[](void* self) noexcept {
              auto& c = *static_cast<caller*>(self);
              if (!c.lent) std::terminate();
              c.word.wake();
            },
            this};
  }
};

/// Asks until it is admitted, at most a hundred times; or asks once, and gives up.
bool pass(shared::rate_limiter& gate, bool gives_up) {
  caller me;
  bool admitted = false;
  {
    shared::rate_limiter::ticket t;
    for (int asked = 0; asked < 100; ++asked) {
      admitted = gate.admit(t, {}, time_point(), me.lend()).admitted();
      if (admitted || gives_up) break;
      me.word.sleep_until<still>(time_point(1h));
    }
    if (admitted) gate.record(t, {}, time_point());
  }
  me.lent = false;
  return admitted;
}

/// An answer of the store: permits that may be used now.
void answer(shared::completion& question, std::int64_t permits) {
  std::array<std::int64_t, 14> const numbers{1'000'000, 0, permits, 1, 1, 0, 1, 0, 1, 1, 100'000, 9, 0, 0};
  question({.numbers = numbers}, time_point());
}

}  // namespace

TEST_CASE("every step: permits that arrive from a store wake the callers that wait for them") {
  auto const schedules = model::explore({.preemptions = tests::at_length ? 3 : 2}, [&](model::threads& run) {
    still::readings = 0;
    keeper store;
    {
      shared::rate_limiter gate(store, "x", modelled::per_second(10).with_burst(10));
      REQUIRE_FALSE(gate.try_acquire(2, zero{}));
      REQUIRE(store.questions.size() == 1);
      bool const gives_up = run.choose(2) == 1;
      auto first = std::move(store.questions[0]);
      bool a = false, b = false;
      run({[&] { a = pass(gate, false); }, [&] { b = pass(gate, gives_up); }, [&] { answer(first, 2); }});
      REQUIRE(a);
      REQUIRE((b || gives_up));
      auto const state = gate.state(zero{});
      REQUIRE(state.waiting == 0);
      REQUIRE(state.in_hand == (b ? 0 : 1));
    }
  });
  CHECK(schedules > 500);
}
