// SPDX-License-Identifier: MIT
// Calls in event loops that call back: in virtual time, with timers and replies that misbehave.
#include <tenax/async/callback.hpp>

#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <tenax/gate/bulkhead.hpp>
#include <tenax/tenax.hpp>

#include "catch.hpp"

using namespace std::chrono_literals;

namespace {

/// An event loop in virtual time. `early`: a timer fires that much too early. `twice`: every timer fires two times.
class event_loop {
 public:
  tenax::duration early{};
  bool twice = false;

  [[nodiscard]] tenax::time_point now() const { return now_; }
  void after(tenax::duration d, std::function<void()> const& f) {
    auto const at = now_ + (d > early ? d - early : d);
    timers_.emplace(at, f);
    if (twice) timers_.emplace(at, f);
  }
  void run(std::size_t most = 1000) {
    for (; !timers_.empty() && most > 0; --most) {
      auto const next = timers_.extract(timers_.begin());
      if (next.key() > now_) now_ = next.key();
      next.mapped()();
    }
  }

  struct timer {
    event_loop* loop;
    [[nodiscard]] tenax::time_point now() const { return loop->now(); }
    void operator()(tenax::duration d, std::function<void()> const& f) const { loop->after(d, f); }
    void post(std::function<void()> const& f) const { loop->after(0ns, f); }
  };
  timer timers() { return {this}; }

 private:
  tenax::time_point now_{};
  std::multimap<tenax::time_point, std::function<void()>> timers_;
};

auto const policy = tenax::retrying{}
                        .when(tenax::when::result([](int status) { return status == 503; }) ||
                              tenax::when::exception<std::runtime_error>)
                        .wait(tenax::wait::constant(100ms))
                        .stop(tenax::stop::after_attempts(4));

using reports = std::vector<tenax::report<int>>;

auto into(reports& all) {
  return [&all](tenax::report<int> r) { all.push_back(std::move(r)); };
}

}  // namespace

TEST_CASE("callback_retry: attempts and waits until a value is accepted") {
  event_loop loop;
  reports ended;
  int attempts = 0;
  auto const start = [&](auto reply) { loop.after(20ms, [&, reply] { reply(++attempts < 3 ? 503 : 200); }); };
  auto const call = tenax::callback_retry<int>(policy, loop.timers(), start, into(ended));
  CHECK(call.running());
  loop.run();
  REQUIRE(ended.size() == 1);
  CHECK(ended[0].result.value() == 200);
  CHECK(ended[0].attempts == 3);
  CHECK(ended[0].waited == 200ms);
  CHECK(ended[0].elapsed == 260ms);
  CHECK(!call.running());
}

TEST_CASE("callback_retry: the first reply of an attempt counts, and timers that fire early or twice do no harm") {
  event_loop loop;
  loop.early = GENERATE(0ms, 30ms);
  loop.twice = GENERATE(false, true);
  reports ended;
  int attempts = 0;
  auto const start = [&](auto reply) {
    auto const status = ++attempts < 3 ? 503 : 200;
    reply(status);
    reply(500);
    loop.after(10ms, [reply] { reply(500); });
  };
  auto const call = tenax::callback_retry<int>(policy, loop.timers(), start, into(ended));
  loop.run();
  REQUIRE(ended.size() == 1);
  CHECK(ended[0].result.value() == 200);
  CHECK(attempts == 3);
  CHECK(ended[0].waited == 200ms);
}

TEST_CASE("callback_retry: replies that come at once do not nest") {
  event_loop loop;
  reports ended;
  int depth = 0;
  int deepest = 0;
  int attempts = 0;
  auto const start = [&](auto reply) {
    deepest = std::max(deepest, ++depth);
    reply(++attempts < 10'000 ? 503 : 200);
    --depth;
  };
  auto const eager = policy.wait(tenax::wait::none).stop(tenax::stop::after_attempts(20'000));
  auto const call = tenax::callback_retry<int>(eager, loop.timers(), start, into(ended));
  REQUIRE(ended.size() == 1);
  CHECK(attempts == 10'000);
  CHECK(deepest == 1);
}

TEST_CASE("callback_retry: exceptions of start and reply.fail are outcomes") {
  event_loop loop;
  reports ended;
  int attempts = 0;
  auto const start = [&](tenax::attempt_info const& info, auto reply) {
    attempts = static_cast<int>(info.number);
    if (attempts == 1) throw std::runtime_error("no socket");
    if (attempts == 2) return reply.fail(std::make_exception_ptr(std::runtime_error("broken")));
    reply.fail(std::make_exception_ptr(std::logic_error("a bug")));
  };
  auto const call = tenax::callback_retry<int>(policy, loop.timers(), start, into(ended));
  loop.run();
  REQUIRE(ended.size() == 1);
  CHECK(ended[0].reason == tenax::stop_reason::not_retryable);
  CHECK(ended[0].attempts == 3);
  CHECK(ended[0].result.exception_as<std::logic_error>() != nullptr);
}

TEST_CASE("callback_retry: an attempt that never replies ends at its time limit and is aborted") {
  event_loop loop;
  reports ended;
  int aborted = 0;
  auto const start = [&](auto reply) {
    loop.after(5s, [reply] { reply(200); });  // too late
    return [&] { ++aborted; };
  };
  auto const call =
      tenax::callback_retry<int>(policy.attempt_timeout(1s), loop.timers(), start, into(ended));
  loop.run();
  REQUIRE(ended.size() == 1);
  CHECK(aborted == 4);
  CHECK(ended[0].reason == tenax::stop_reason::attempts);
  CHECK(ended[0].result.exception_as<tenax::attempt_timed_out>() != nullptr);
  CHECK(ended[0].elapsed == 4300ms);
}

TEST_CASE("callback_retry: cancel ends the call at once, in a wait and in an attempt") {
  event_loop loop;
  reports ended;
  int aborted = 0;
  bool const in_a_wait = GENERATE(true, false);
  auto const start = [&](auto reply) {
    if (in_a_wait) reply(503);
    return [&] { ++aborted; };
  };
  auto call = tenax::callback_retry<int>(policy, loop.timers(), start, into(ended));
  call.cancel();
  call.cancel();
  loop.run();
  REQUIRE(ended.size() == 1);
  CHECK(ended[0].reason == tenax::stop_reason::cancelled);
  CHECK(ended[0].attempts == 1);
  CHECK(ended[0].result.has_value() == in_a_wait);
  CHECK(aborted == (in_a_wait ? 0 : 1));
}

TEST_CASE("callback_retry: a destroyed call gives back its place at a gate, and calls nothing more") {
  event_loop loop;
  tenax::bulkhead gate({.at_once = 1, .queue = 8});
  reports ended;
  int aborted = 0;
  std::vector<std::function<void(int)>> pending;
  auto const start = [&](auto reply) {
    pending.emplace_back([reply](int status) { reply(status); });
    return [&] { ++aborted; };
  };
  auto const shared = policy.through(std::ref(gate));
  std::optional<tenax::callback_call> first(tenax::callback_retry<int>(shared, loop.timers(), start, into(ended)));
  auto const second = tenax::callback_retry<int>(shared, loop.timers(), start, into(ended));
  CHECK(pending.size() == 1);
  auto const before = loop.now();
  first.reset();
  CHECK(aborted == 1);
  loop.run(1);  // the gate wakes the second call
  CHECK(loop.now() == before);
  REQUIRE(pending.size() == 2);
  pending[0](200);
  pending[1](200);
  loop.run();
  REQUIRE(ended.size() == 1);
  CHECK(ended[0].attempts == 1);
}

TEST_CASE("callback_retry: the last function may destroy the call") {
  event_loop loop;
  std::optional<tenax::callback_call> call;
  int ended = 0;
  auto const start = [&](auto reply) { loop.after(1ms, [reply] { reply(200); }); };
  call.emplace(tenax::callback_retry<int>(policy, loop.timers(), start, [&](tenax::report<int> const&) {
    ++ended;
    call.reset();
  }));
  loop.run();
  CHECK(ended == 1);
}

TEST_CASE("callback_retry: an exception of an observer ends the call") {
  event_loop loop;
  reports ended;
  auto const start = [&](auto reply) { loop.after(1ms, [reply] { reply(503); }); };
  auto const loud = policy.after_attempt([](tenax::attempt_info const&) { throw std::runtime_error("observer"); });
  auto const call = tenax::callback_retry<int>(loud, loop.timers(), start, into(ended));
  CHECK_THROWS_WITH(loop.run(), "observer");
  CHECK(!call.running());
  loop.run();
  CHECK(ended.empty());
}

TEST_CASE("callback_retry: an operation without a result") {
  event_loop loop;
  int ended = 0;
  auto const start = [](auto reply) { reply(); };
  auto const call = tenax::callback_retry<void>(tenax::retrying{}, loop.timers(), start,
                                                [&](tenax::report<void> const& r) { ended += r.succeeded() ? 1 : 0; });
  CHECK(ended == 1);
}
