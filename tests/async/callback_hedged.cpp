// SPDX-License-Identifier: MIT
// callback_hedged.cpp: hedged calls in an event loop that calls back, in virtual time.
#include <tenax/async/callback_hedged.hpp>

#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

#include <tenax/gate/bulkhead.hpp>
#include <tenax/gate/retry_budget.hpp>
#include <tenax/tenax.hpp>

#include "catch.hpp"

using namespace std::chrono_literals;

namespace {

/// An event loop in virtual time.
class event_loop {
 public:
  [[nodiscard]] tenax::time_point now() const { return now_; }
  void after(tenax::duration d, std::function<void()> f) { timers_.emplace(now_ + d, std::move(f)); }
  void run() {
    while (!timers_.empty()) {
      auto const next = timers_.extract(timers_.begin());
      if (next.key() > now_) now_ = next.key();
      next.mapped()();
    }
  }
  struct timer {
    event_loop* loop;
    [[nodiscard]] tenax::time_point now() const { return loop->now(); }
    void operator()(tenax::duration d, tenax::callback_alarm f) const { loop->after(d, f); }
    void post(std::function<void()> f) const { loop->after({}, std::move(f)); }
  };

 private:
  tenax::time_point now_{};
  std::multimap<tenax::time_point, std::function<void()>> timers_;
};

using replies = tenax::callback_reply<int>;
using counts = tenax::hedge_counts;

/// A client whose requests take the given times, one after the other, and fail if the time is negative.
struct client {
  event_loop& loop;
  std::vector<std::chrono::milliseconds> takes;
  std::vector<tenax::duration> started{};
  std::vector<int> aborted{};

  auto operator()(replies reply) {
    auto const number = static_cast<int>(started.size()) + 1;
    started.push_back(loop.now().time_since_epoch());
    auto const time = takes.at(static_cast<std::size_t>(number) - 1);
    auto const answer = [=] {
      time < 0ms ? reply.fail(std::runtime_error("attempt " + std::to_string(number))) : reply(number);
    };
    time == 0ms ? answer() : loop.after(time < 0ms ? -time : time, answer);
    return [this, number] { aborted.push_back(number); };
  }
};

struct world {
  event_loop loop{};
  tenax::retry_budget budget{};
  std::optional<tenax::report<int>> ended{};

  auto done() {
    return [this](tenax::report<int> r) { ended.emplace(std::move(r)); };
  }
  event_loop::timer timer() { return {&loop}; }
};

}  // namespace

TEST_CASE("callback_hedged: a slow attempt is joined by another one, the first reply wins, and the loser is aborted") {
  world w;
  tenax::hedging hedging(w.budget, {.after = 50ms});
  client http{w.loop, {1000ms, 10ms}};
  SECTION("alone") {
    auto const call = tenax::callback_hedged(hedging, w.timer(), std::ref(http), w.done());
    w.loop.run();
    CHECK(w.ended->attempts == 2);
    CHECK(w.ended->elapsed == 60ms);
  }
  SECTION("as an attempt of a retried call") {
    http.takes = {-10ms, 1000ms, 10ms};
    auto const policy = tenax::retrying{}.wait(tenax::wait::constant(100ms));
    auto const call = tenax::callback_hedged(policy, hedging, w.timer(), std::ref(http), w.done());
    w.loop.run();
    CHECK(w.ended->attempts == 2);
    CHECK(http.started == std::vector<tenax::duration>{0ms, 110ms, 160ms});
    CHECK(w.ended->value() == 3);
    CHECK(http.aborted == std::vector<int>{2});
    CHECK(hedging.counts() == counts{.calls = 2, .hedges = 1, .won = 1, .lost = 0});
    return;
  }
  CHECK(w.ended->reason == tenax::stop_reason::succeeded);
  CHECK(w.ended->value() == 2);
  CHECK(http.aborted == std::vector<int>{1});
  CHECK(hedging.counts() == counts{.calls = 1, .hedges = 1, .won = 1, .lost = 0});
}

TEST_CASE("callback_hedged: a deadline ends attempts if there is a time limit for attempts") {
  world w;
  tenax::hedging hedging(w.budget, {.after = 50ms});
  client http{w.loop, {1000ms, 1000ms}};
  auto const policy = tenax::retrying{}.stop(tenax::stop::deadline(100ms)).attempt_timeout(100ms);
  auto const call = tenax::callback_hedged(policy, hedging, w.timer(), std::ref(http), w.done());
  w.loop.run();
  CHECK(w.ended->elapsed == 100ms);
  CHECK(w.ended->reason == tenax::stop_reason::deadline);
  CHECK(http.aborted.size() == 2);
}

TEST_CASE("callback_hedged: a fast attempt is not hedged, and a hedge may lose") {
  world w;
  tenax::hedging hedging(w.budget, {.after = 50ms});
  SECTION("within start") {
    client http{w.loop, {0ms}};
    auto const call = tenax::callback_hedged(hedging, w.timer(), std::ref(http), w.done());
    CHECK(w.ended->value() == 1);
    CHECK(!call.running());
    w.loop.run();
    CHECK(http.started.size() == 1);
    CHECK(http.aborted.empty());
  }
  SECTION("later") {
    client http{w.loop, {60ms, 1000ms}};
    auto const call = tenax::callback_hedged(hedging, w.timer(), std::ref(http), w.done());
    w.loop.run();
    CHECK(w.ended->value() == 1);
    CHECK(http.aborted == std::vector<int>{2});
    CHECK(hedging.counts() == counts{.calls = 1, .hedges = 1, .won = 0, .lost = 1});
  }
  SECTION("the first one fails before a hedge starts") {
    client http{w.loop, {-10ms}};
    auto const call = tenax::callback_hedged(hedging, w.timer(), std::ref(http), w.done());
    w.loop.run();
    CHECK(w.ended->reason == tenax::stop_reason::not_retryable);
    CHECK(w.ended->attempts == 1);
  }
  SECTION("a hedge that wins within start") {
    client http{w.loop, {1000ms, 0ms}};
    auto const call = tenax::callback_hedged(hedging, w.timer(), std::ref(http), w.done());
    w.loop.run();
    CHECK(w.ended->value() == 2);
    CHECK(http.aborted == std::vector<int>{1});
  }
}

TEST_CASE("callback_hedged: fails when all attempts have failed, with the last failure") {
  world w;
  tenax::hedging hedging(w.budget, {.after = 50ms, .at_most = 3});
  client http{w.loop, {-200ms, -10ms, -20ms}};
  auto const call = tenax::callback_hedged(hedging, w.timer(), std::ref(http), w.done());
  w.loop.run();
  CHECK(http.started == std::vector<tenax::duration>{0ms, 50ms, 100ms});
  CHECK(w.ended->elapsed == 200ms);
  CHECK_THROWS_WITH(w.ended->value(), "attempt 1");
  CHECK(http.aborted.empty());
}

TEST_CASE("callback_hedged: a call that is cancelled or destroyed aborts all its attempts and gives permits back") {
  world w;
  tenax::bulkhead two({.at_once = 2});
  auto hedging = tenax::hedging(w.budget, {.after = 50ms}).through(std::ref(two));
  client http{w.loop, {1000ms, 1000ms}};
  std::optional<tenax::callback_call> call(tenax::callback_hedged(hedging, w.timer(), std::ref(http), w.done()));
  SECTION("cancelled") {
    w.loop.after(60ms, [&] { call->cancel(); });
    w.loop.run();
    CHECK(w.ended->reason == tenax::stop_reason::cancelled);
    CHECK(w.ended->result.exception_as<tenax::cancelled>() != nullptr);
  }
  SECTION("destroyed") {
    w.loop.after(60ms, [&] { call.reset(); });
    w.loop.after(70ms, [&] { CHECK(hedging.under_way() == 0); });
    w.loop.run();
    CHECK(!w.ended);
  }
  CHECK(hedging.under_way() == 0);
  CHECK(hedging.counts() == counts{.calls = 1, .hedges = 1, .won = 0, .lost = 1});
  CHECK(hedging.seen().count() == 1);  // the first attempt takes longer than that
  CHECK(http.aborted == std::vector<int>{1, 2});
  CHECK(two.running() == 0);
}

TEST_CASE("callback_hedged: hedges pass the gates of the policy, and gates wake them") {
  world w;
  tenax::hedging hedging(w.budget, {.after = 50ms});
  tenax::bulkhead two({.at_once = 2, .queue = 2});
  tenax::bulkhead::ticket other;
  REQUIRE(two.admit(other, {}, {}).admitted());
  auto const policy = tenax::retrying{}.through(std::ref(two));
  client http{w.loop, {1000ms, 10ms}};
  auto const call = tenax::callback_hedged(policy, hedging, w.timer(), std::ref(http), w.done());
  w.loop.after(70'123us, [&] { other = {}; });
  w.loop.run();
  CHECK(http.started == std::vector<tenax::duration>{0ms, 70'123us});
  CHECK(w.ended->value() == 2);
  CHECK(two.running() == 0);
}

TEST_CASE("callback_hedged: a hedge that left its gate because the server asked for a wait asks the gate again") {
  world w;
  tenax::hedging hedging(w.budget, {.after = 50ms, .at_most = 3});
  struct two_at_first {
    struct ticket {};
    int asked = 0;
    tenax::admission admit(ticket&, tenax::attempt_info const&, tenax::time_point now, tenax::waker const& = {}) {
      ++asked;
      if (asked <= 2 || now >= tenax::time_point(130ms)) return tenax::admission::go();
      return tenax::admission::wait_at_most(1h);
    }
    void record(ticket&, tenax::feedback const&, tenax::time_point) {}
  } gate;
  std::vector<tenax::duration> started;
  auto const start = [&](replies reply) {
    started.push_back(w.loop.now().time_since_epoch());
    if (started.size() == 1) w.loop.after(1s, [=] { reply(1); });
    if (started.size() == 2)
      w.loop.after(70ms, [=] { reply.fail(tenax::retry_after(100ms, std::runtime_error("busy"))); });
    if (started.size() == 3) w.loop.after(10ms, [=] { reply(3); });
    return [] {};
  };
  auto const policy = tenax::retrying{}.through(std::ref(gate));
  auto const call = tenax::callback_hedged(policy, hedging, w.timer(), start, w.done());
  w.loop.run();
  CHECK(started == std::vector<tenax::duration>{0ms, 50ms, 220ms});
  CHECK(w.ended->value() == 3);
}

TEST_CASE("callback_hedged: without a budget for it there is no hedge, and a refused first attempt ends the call") {
  world w;
  tenax::hedging hedging(w.budget, {.after = 50ms});
  client http{w.loop, {200ms}};
  for (int i = 0; i < 5; ++i) w.budget.count(tenax::feedback::kind::failure);
  auto call = tenax::callback_hedged(hedging, w.timer(), std::ref(http), w.done());
  w.loop.run();
  CHECK(w.ended->value() == 1);
  struct closed {
    struct ticket {};
    tenax::admission admit(ticket&, tenax::attempt_info const&, tenax::time_point) {
      return tenax::admission::refuse("closed");
    }
    void record(ticket&, tenax::feedback const&, tenax::time_point) {}
  } gate;
  auto refused = tenax::hedging(w.budget, {.after = 50ms}).through(std::ref(gate));
  call = tenax::callback_hedged(refused, w.timer(), std::ref(http), w.done());
  CHECK(w.ended->reason == tenax::stop_reason::refused_by_gate);
  CHECK_THROWS_AS(w.ended->value(), tenax::refused);
}

TEST_CASE(
    "callback_hedged: what a gate throws when an attempt ends leaves through the event loop, unless there is a value") {
  struct broken : std::exception {};
  struct throwing {
    struct ticket {};
    tenax::admission admit(ticket&, tenax::attempt_info const&, tenax::time_point) const { return {}; }
    void record(ticket&, tenax::feedback const&, tenax::time_point) const { throw broken(); }
  } gate;
  world w;
  auto hedging = tenax::hedging(w.budget, {.after = 50ms}).through(std::ref(gate));
  SECTION("later") {
    client http{w.loop, {1000ms, -10ms}};
    auto const call = tenax::callback_hedged(hedging, w.timer(), std::ref(http), w.done());
    CHECK_THROWS_AS(w.loop.run(), broken);
    CHECK(!call.running());
    CHECK(http.aborted == std::vector<int>{1});
    w.loop.run();
    CHECK(!w.ended);
  }
  SECTION("within start") {
    auto const fails = [](replies const& reply) { reply.fail(std::runtime_error("down")); };
    CHECK_THROWS_AS(tenax::callback_hedged(hedging, w.timer(), fails, w.done()), broken);
    CHECK(!w.ended);
  }
  SECTION("of the winner and of a loser") {
    client http{w.loop, {1000ms, 10ms}};
    auto const call = tenax::callback_hedged(hedging, w.timer(), std::ref(http), w.done());
    w.loop.run();
    CHECK(w.ended->value() == 2);
    CHECK(http.aborted == std::vector<int>{1});
  }
  SECTION("when it is cancelled") {
    client http{w.loop, {1000ms, 10ms}};
    auto call = tenax::callback_hedged(hedging, w.timer(), std::ref(http), w.done());
    call.cancel();
    CHECK(!call.running());
    CHECK(w.ended->reason == tenax::stop_reason::cancelled);
  }
}

TEST_CASE("callback_hedged: the function that aborts a loser may destroy the call") {
  world w;
  tenax::hedging hedging(w.budget, {.after = 50ms, .at_most = 3});
  std::optional<tenax::callback_call> call;
  int starts = 0, aborts = 0;
  auto const start = [&](replies reply) {
    if (++starts == 3) w.loop.after(10ms, [reply] { reply(3); });
    return [&] {
      ++aborts;
      // Each of both aborts comes here, the second from within the first: an optional may not be reset twice.
      static_cast<void>(std::exchange(call, std::nullopt));
    };
  };
  call.emplace(tenax::callback_hedged(hedging, w.timer(), start, w.done()));
  w.loop.run();
  CHECK(starts == 3);
  CHECK(aborts == 2);
  CHECK(!w.ended);
}

TEST_CASE("callback_hedged: start may cancel the call, or reply for another attempt") {
  world w;
  tenax::hedging hedging(w.budget, {.after = 50ms});
  tenax::callback_call call;
  std::vector<int> aborted;
  std::vector<replies> kept;
  bool cancels = false;
  auto const start = [&](replies reply) {
    kept.push_back(reply);
    auto const number = static_cast<int>(kept.size());
    if (number == 2) cancels ? call.cancel() : kept[0](1);
    return [&aborted, number] { aborted.push_back(number); };
  };
  SECTION("reply") {
    call = tenax::callback_hedged(hedging, w.timer(), start, w.done());
    w.loop.run();
    CHECK(w.ended->value() == 1);
    CHECK(aborted == std::vector<int>{2});
  }
  SECTION("cancel") {
    cancels = true;
    call = tenax::callback_hedged(hedging, w.timer(), start, w.done());
    w.loop.run();
    CHECK(w.ended->reason == tenax::stop_reason::cancelled);
    CHECK(aborted == std::vector<int>{1, 2});
  }
}

TEST_CASE("callback_hedged: a reply that says cancelled is the reason of the end") {
  world w;
  tenax::hedging hedging(w.budget, {.after = 50ms});
  auto const start = [](replies reply) {
    reply.fail(std::system_error(std::make_error_code(std::errc::operation_canceled)));
  };
  auto const call = tenax::callback_hedged(hedging, w.timer(), start, w.done());
  CHECK(w.ended->reason == tenax::stop_reason::cancelled);
}
