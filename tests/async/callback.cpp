// SPDX-License-Identifier: MIT
// Calls in event loops that call back: in virtual time, with timers and replies that misbehave.
#include <tenax/async/callback.hpp>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <tenax/gate/bulkhead.hpp>
#include <tenax/gate/rate_limiter.hpp>
#include <tenax/tenax.hpp>

#include "../at_length.hpp"
#include "catch.hpp"

#if defined(__cpp_lib_jthread)
#include <stop_token>
#endif

using namespace std::chrono_literals;

// Counts allocations.
namespace {
thread_local int allocated = 0;
int allocations() { return allocated; }
}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocated;
  if (void* const p = std::malloc(size == 0 ? 1 : size)) return p;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t size, std::nothrow_t const&) noexcept {
  ++allocated;
  return std::malloc(size == 0 ? 1 : size);
}
// After inlining these, g++ warns that free() does not match new.
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }

namespace {

/// An event loop in virtual time. `early`: a timer fires that much too early. `twice`: every timer fires two times.
class event_loop {
 public:
  tenax::duration early{};
  bool twice = false;
  std::vector<tenax::duration> set;  // the times of all timers
  int cancelled = 0;

  [[nodiscard]] tenax::time_point now() const { return now_; }
  void after(tenax::duration d, std::function<void()> const& f) {
    set.push_back(d);
    auto const at = now_ + (d > early ? d - early : d);
    timers_.emplace(at, f);
    if (twice) timers_.emplace(at, f);
  }
  void post(std::function<void()> const& f) { timers_.emplace(now_, f); }
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
    void post(std::function<void()> const& f) const { loop->post(f); }
  };
  timer timers() { return {this}; }

  /// A timer that can be cancelled.
  auto cancellable() {
    return [this](tenax::duration d, tenax::callback_alarm const& f) {
      auto const live = std::make_shared<bool>(true);
      after(d, [live, f] {
        if (*live) f();
      });
      return [this, live] {
        *live = false;
        ++cancelled;
      };
    };
  }

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
  auto const call = tenax::callback_retry<int>(policy.attempt_timeout(1s), loop.timers(), start, into(ended));
  loop.run();
  REQUIRE(ended.size() == 1);
  CHECK(aborted == 4);
  CHECK(ended[0].reason == tenax::stop_reason::attempts);
  auto const* late = ended[0].result.exception_as<tenax::attempt_timed_out>();
  REQUIRE(late != nullptr);
  CHECK(std::string(late->what()) ==
        "tenax: the attempt took longer than the 1s that .attempt_timeout() and the deadline allow");
  CHECK(ended[0].elapsed == 4300ms);

  ended.clear();
  auto const in_time = policy.attempt_timeout(1min).stop(tenax::stop::deadline(2500ms));
  auto const other = tenax::callback_retry<int>(in_time, loop.timers(), start, into(ended));
  loop.run();
  REQUIRE(ended.size() == 1);
  CHECK(ended[0].attempts == 1);
  late = ended[0].result.exception_as<tenax::attempt_timed_out>();
  REQUIRE(late != nullptr);
  CHECK(std::string(late->what()) ==
        "tenax: the attempt took longer than the 2.5s that .attempt_timeout() and the deadline allow");
}

TEST_CASE("callback_retry: a deadline ends an attempt if there is a time limit for attempts, however long") {
  event_loop loop;
  reports ended;
  int aborted = 0;
  auto const start = [&](auto const&) { return [&] { ++aborted; }; };
  auto const in_time = policy.stop(tenax::stop::deadline(5s));
  auto const limit = GENERATE(tenax::duration(5s), tenax::duration::max());
  auto const call = tenax::callback_retry<int>(in_time.attempt_timeout(limit), loop.timers(), start, into(ended));
  loop.run();
  REQUIRE(ended.size() == 1);
  CHECK(aborted == 1);
  CHECK(ended[0].elapsed == 5s);
  CHECK(ended[0].reason == tenax::stop_reason::deadline);
  CHECK(ended[0].result.exception_as<tenax::attempt_timed_out>() != nullptr);
}

TEST_CASE("callback_retry: what aborts an attempt may say how it ended") {
  struct answer {
    int status;
  };
  event_loop loop;
  int ended = 0;
  auto const done = [&](tenax::report<answer> const& r) {
    ++ended;
    REQUIRE(r.has_value());
    CHECK(r.result.value().status == 504);
    CHECK(r.attempts == 2);
  };
  auto const patient = tenax::retrying{}
                           .when(tenax::when::result([](answer a) { return a.status == 504; }))
                           .wait(tenax::wait::constant(100ms))
                           .attempt_timeout(1s)
                           .stop(tenax::stop::after_attempts(2));
  auto const call =
      tenax::callback_retry(patient, loop.timers(), [](auto const&) { return [] { return answer{504}; }; }, done);
  loop.run();
  CHECK(ended == 1);
  auto const other = tenax::callback_retry(
      patient, loop.timers(), [](auto const&) { return [] { return tenax::outcome<answer>(answer{504}); }; }, done);
  loop.run();
  CHECK(ended == 2);

  // A function that returns a number has not been asked for one, even if that is the type of the result.
  reports all;
  auto const start = [](auto const&) { return [] { return 200; }; };
  auto const third = tenax::callback_retry<int>(policy.attempt_timeout(1s), loop.timers(), start, into(all));
  loop.run();
  REQUIRE(all.size() == 1);
  CHECK(all[0].result.exception_as<tenax::attempt_timed_out>() != nullptr);
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

TEST_CASE("callback_retry: a flag that threads share ends the call after a wait") {
  event_loop loop;
  reports ended;
  std::atomic<bool> stop = false;
  auto const start = [&](auto reply) {
    reply(503);
    stop = true;
  };
  auto call = tenax::callback_retry<int>(policy.cancel_with(std::ref(stop)), loop.timers(), start, into(ended));
  loop.run();
  REQUIRE(ended.size() == 1);
  CHECK(ended[0].reason == tenax::stop_reason::cancelled);
  CHECK(ended[0].attempts == 1);
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

TEST_CASE("callback_retry: the type of the result follows from the last function") {
  event_loop loop;
  int status = 0;
  auto const start = [](tenax::callback_reply<int> const& reply) { reply(200); };
  auto const call = tenax::callback_retry(policy, loop.timers(), start,
                                          [&](tenax::report<int> const& r) mutable { status = r.result.value(); });
  CHECK(status == 200);
}

TEST_CASE("callback_retry: timers that are not needed any more are cancelled") {
  event_loop loop;
  reports ended;
  int attempts = 0;
  auto const start = [&](auto reply) { loop.after(10ms, [&, reply] { reply(++attempts < 3 ? 503 : 200); }); };
  auto call = tenax::callback_retry<int>(policy.attempt_timeout(1s), loop.cancellable(), start, into(ended));
  loop.run(1);
  CHECK(loop.cancelled == 1);  // the time limit of the first attempt
  call.cancel();
  CHECK(loop.cancelled == 2);  // the wait
  REQUIRE(ended.size() == 1);
  CHECK(ended[0].reason == tenax::stop_reason::cancelled);
  CHECK(ended[0].result.value() == 503);
}

TEST_CASE("callback_retry: a time limit whose timer fires early holds") {
  event_loop loop;
  loop.early = 300ms;
  reports ended;
  auto const start = [](auto const&) {};
  auto const once = policy.attempt_timeout(1s).stop(tenax::stop::after_attempts(1));
  auto const call = tenax::callback_retry<int>(once, loop.timers(), start, into(ended));
  loop.run();
  REQUIRE(ended.size() == 1);
  CHECK(ended[0].elapsed == 1s);
  CHECK(ended[0].result.exception_as<tenax::attempt_timed_out>() != nullptr);
}

TEST_CASE("callback_retry: timers are set for at most a day") {
  event_loop loop;
  reports ended;
  int attempts = 0;
  auto const start = [&](auto reply) { reply(++attempts < 2 ? 503 : 200); };
  auto const call =
      tenax::callback_retry<int>(policy.wait(tenax::wait::constant(100h)), loop.timers(), start, into(ended));
  loop.run();
  REQUIRE(ended.size() == 1);
  CHECK(ended[0].waited == 100h);
  CHECK(loop.set == std::vector<tenax::duration>{24h, 24h, 24h, 24h, 4h});
}

TEST_CASE("callback_retry: a gate that waits, without and with a way to wake") {
  event_loop loop;
  tenax::rate_limiter limiter(tenax::per_second(10).with_burst(1));
  reports ended;
  std::vector<tenax::duration> begun;
  auto const start = [&](auto reply) {
    begun.push_back(loop.now().time_since_epoch());
    reply(200);
  };
  auto const shared = policy.through(std::ref(limiter));
  std::vector<tenax::callback_call> calls;
  for (int i = 0; i < 3; ++i) {
    calls.push_back(tenax::callback_retry<int>(shared, loop.timers(), start, into(ended)));
  }
  loop.run();
  CHECK(ended.size() == 3);
  CHECK(begun == std::vector<tenax::duration>{0ms, 100ms, 200ms});
}

#if defined(__cpp_lib_jthread)
TEST_CASE("callback_retry: a timer may change itself, and is the clock nevertheless") {
  struct counting_timer {
    event_loop* loop;
    int* asked;
    int own = 0;
    tenax::time_point now() {
      *asked = ++own;
      return loop->now();
    }
    void operator()(tenax::duration d, std::function<void()> const& f) {
      ++own;
      loop->after(d, f);
    }
  };
  event_loop loop;
  int asked = 0;
  tenax::duration elapsed{};
  auto const call = tenax::callback_retry(
      policy.stop(tenax::stop::deadline(1s)), counting_timer{&loop, &asked},
      [n = 0](tenax::callback_reply<int> const& reply) mutable { reply(++n < 3 ? 503 : 200); },
      [&](tenax::report<int> const& r) { elapsed = r.elapsed; });
  loop.run();
  CHECK(elapsed == 200ms);
  CHECK(asked > 4);
}

TEST_CASE("callback_retry: a stop_token ends the call at once if the loop can be posted to") {
  event_loop loop;
  reports ended;
  int aborted = 0;
  std::stop_source source;
  bool const in_a_wait = GENERATE(true, false);
  auto const start = [&](auto reply) {
    if (in_a_wait) reply(503);
    return [&] { ++aborted; };
  };
  auto const call = tenax::callback_retry<int>(policy.cancel_with(source.get_token()).wait(tenax::wait::constant(1h)),
                                               loop.timers(), start, into(ended));
  source.request_stop();
  CHECK(ended.empty());  // the event loop ends it, and not the thread that asked
  loop.run(1);
  REQUIRE(ended.size() == 1);
  CHECK(ended[0].reason == tenax::stop_reason::cancelled);
  CHECK(ended[0].elapsed == 0ms);
  CHECK(aborted == (in_a_wait ? 0 : 1));
  loop.run();
  CHECK(ended.size() == 1);
}

TEST_CASE("callback_retry: a token is looked at between the steps if the loop cannot be posted to") {
  event_loop loop;
  reports ended;
  std::stop_source source;
  int attempts = 0;
  auto const start = [&](auto reply) {
    ++attempts;
    loop.after(1ms, [reply] { reply(503); });
  };
  auto const timer = [&](tenax::duration d, auto f) { loop.after(d, f); };
  auto const call = tenax::callback_retry<int>(policy.cancel_with(source.get_token()), timer, start, into(ended));
  source.request_stop();
  loop.run();
  REQUIRE(ended.size() == 1);
  CHECK(ended[0].reason == tenax::stop_reason::cancelled);
  CHECK(attempts == 1);
}

TEST_CASE("callback_retry: a call that is stopped before it begins makes no attempt") {
  event_loop loop;
  reports ended;
  std::stop_source source;
  source.request_stop();
  int attempts = 0;
  auto const start = [&](auto const&) { ++attempts; };
  auto const call =
      tenax::callback_retry<int>(policy.cancel_with(source.get_token()), loop.timers(), start, into(ended));
  loop.run();
  REQUIRE(ended.size() == 1);
  CHECK(attempts == 0);
  CHECK(ended[0].attempts == 0);
  CHECK(ended[0].result.exception_as<tenax::cancelled>() != nullptr);
}
#endif

TEST_CASE("callback_retry: start may cancel and may destroy the call, and its attempt is aborted") {
  event_loop loop;
  reports ended;
  int aborted = 0;
  bool const destroys = GENERATE(true, false);
  std::optional<tenax::callback_call> call;
  auto const start = [&](tenax::attempt_info const& info, auto reply) {
    if (info.number == 1) {
      reply(503);
    } else if (destroys) {
      call.reset();
    } else {
      call->cancel();
    }
    return [&] { ++aborted; };
  };
  call.emplace(tenax::callback_retry<int>(policy, loop.timers(), start, into(ended)));
  loop.run();
  CHECK(aborted == 1);
  if (destroys) {
    CHECK(ended.empty());
  } else {
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].reason == tenax::stop_reason::cancelled);
    CHECK(ended[0].attempts == 2);
    CHECK(ended[0].result.exception_as<tenax::cancelled>() != nullptr);
  }
}

TEST_CASE("callback_retry: observers may cancel and may destroy the call") {
  event_loop loop;
  reports ended;
  bool const destroys = GENERATE(true, false);
  auto const when = GENERATE(0, 1, 2, 3);
  CAPTURE(destroys, when);
  std::optional<tenax::callback_call> call;
  auto const act = [&](int here) {
    if (here != when || !call) return;
    if (destroys) {
      call.reset();
    } else {
      call->cancel();
    }
  };
  auto const observed = policy.before_attempt([&](tenax::attempt_info const& a) { act(a.number == 2 ? 0 : -1); })
                            .after_attempt([&](tenax::attempt_info const&) { act(1); })
                            .before_sleep([&](tenax::attempt_info const&) { act(2); })
                            .on_give_up([&](tenax::attempt_info const&) { act(3); });
  auto const start = [&](auto reply) { loop.after(1ms, [reply] { reply(503); }); };
  call.emplace(tenax::callback_retry<int>(observed, loop.timers(), start, into(ended)));
  loop.run();
  CHECK(ended.size() == (destroys ? 0 : 1));
  if (!destroys) CHECK(ended[0].reason == (when == 3 ? tenax::stop_reason::attempts : tenax::stop_reason::cancelled));
}

TEST_CASE("callback_retry: an exception of the timer ends the call and aborts its attempt") {
  event_loop loop;
  reports ended;
  int aborted = 0;
  auto const timer = [](tenax::duration, tenax::callback_alarm const&) { throw std::runtime_error("no timers"); };
  auto const start = [&](auto const&) { return [&] { ++aborted; }; };
  CHECK_THROWS_WITH(tenax::callback_retry<int>(policy.attempt_timeout(1s), timer, start, into(ended)), "no timers");
  CHECK(aborted == 1);
  CHECK(ended.empty());
}

TEST_CASE("callback_retry: an exception of a timer that is set again ends the call and aborts its attempt") {
  event_loop loop;
  loop.early = 10ms;
  reports ended;
  int aborted = 0;
  struct failing {
    event_loop* loop;
    int* timers;
    [[nodiscard]] tenax::time_point now() const { return loop->now(); }
    void operator()(tenax::duration d, tenax::callback_alarm const& f) const {
      if (++*timers == 2) throw std::runtime_error("no timers");
      loop->after(d, f);
    }
  };
  int timers = 0;
  auto const start = [&](auto const&) { return [&] { ++aborted; }; };
  auto const call = tenax::callback_retry<int>(policy.attempt_timeout(1s), failing{&loop, &timers}, start, into(ended));
  CHECK_THROWS_WITH(loop.run(), "no timers");
  CHECK(aborted == 1);
  CHECK(!call.running());
  CHECK(ended.empty());
}

TEST_CASE("callback_retry: what aborts an attempt may destroy or cancel the call") {
  event_loop loop;
  tenax::bulkhead gate({.at_once = 1});
  reports ended;
  int aborted = 0;
  bool const destroys = GENERATE(true, false);
  bool const cancelled = GENERATE(true, false);
  bool const says_more = GENERATE(true, false);
  CAPTURE(destroys, cancelled, says_more);
  std::optional<tenax::callback_call> call;
  auto const abort = [&] {
    ++aborted;
    if (destroys) {
      call.reset();
    } else {
      call->cancel();
    }
  };
  auto const shared = policy.attempt_timeout(1s).through(std::ref(gate));
  if (says_more) {
    auto const start = [&](auto const&) {
      return [&] {
        abort();
        return tenax::outcome<int>(504);
      };
    };
    call.emplace(tenax::callback_retry<int>(shared, loop.timers(), start, into(ended)));
  } else {
    auto const start = [&](auto const&) { return abort; };
    call.emplace(tenax::callback_retry<int>(shared, loop.timers(), start, into(ended)));
  }
  if (cancelled) call->cancel();
  loop.run();
  CHECK(aborted == 1);
  CHECK(gate.running() == 0);
  if (destroys) {
    CHECK(ended.empty());
  } else {
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].reason == tenax::stop_reason::cancelled);
  }
}

TEST_CASE("callback_retry: a detached call ends by itself and is freed then") {
  event_loop loop;
  reports ended;
  auto const kept = std::make_shared<int>(200);
  std::weak_ptr<int> const watched = kept;
  auto start = [&loop, kept = std::shared_ptr(kept)](auto reply) { loop.after(1ms, [=] { reply(*kept); }); };
  tenax::callback_retry<int>(policy, loop.timers(), std::move(start), into(ended)).detach();
  CHECK(ended.empty());
  loop.run();
  CHECK(ended.size() == 1);
  CHECK(watched.use_count() == 1);  // only `kept`
}

TEST_CASE("callback_retry: an exception that says cancelled ends the call, and fail takes any exception") {
  event_loop loop;
  reports ended;
  auto const start = [&](tenax::attempt_info const& info, auto reply) {
    CHECK(reply.expected());
    if (info.number == 1) {
      reply.fail(std::runtime_error("broken"));
    } else {
      reply.fail(std::system_error(std::make_error_code(std::errc::operation_canceled)));
    }
    CHECK(!reply.expected());
  };
  auto const call = tenax::callback_retry<int>(policy, loop.timers(), start, into(ended));
  loop.run();
  REQUIRE(ended.size() == 1);
  CHECK(ended[0].reason == tenax::stop_reason::cancelled);
  CHECK(ended[0].attempts == 2);

  auto const null = [](auto reply) { reply.fail(std::exception_ptr()); };
  auto const other = tenax::callback_retry<int>(policy, loop.timers(), null, into(ended));
  REQUIRE(ended.size() == 2);
  CHECK(ended[1].result.exception_as<std::invalid_argument>() != nullptr);
}

TEST_CASE("callback_retry: replies and alarms of no call have no effect") {
  tenax::callback_reply<int> const reply;
  reply(1);
  reply.fail(std::runtime_error("x"));
  CHECK(!reply.expected());
  tenax::callback_alarm()();
  tenax::callback_call none;
  none.cancel();
  CHECK(!none.running());
}

TEST_CASE("callback_retry: gates end waits from other threads, and no call is lost") {
  /// Runs functions in this thread, which other threads may post. Its timers never fire.
  struct posted_loop {
    std::mutex mutex{};
    std::condition_variable changed{};
    std::vector<std::function<void()>> functions{};

    void operator()(tenax::duration, tenax::callback_alarm const&) {}
    void post(std::function<void()> f) {
      std::lock_guard const lock(mutex);
      functions.push_back(std::move(f));
      changed.notify_one();
    }
    bool run_one() {
      std::unique_lock lock(mutex);
      if (!changed.wait_for(lock, 10s, [&] { return !functions.empty(); })) return false;
      auto const f = std::move(functions.back());
      functions.pop_back();
      lock.unlock();
      f();
      return true;
    }
  } loop;
  constexpr int calls_here = 50;
  tenax::bulkhead gate({.at_once = 2, .queue = 100, .max_wait = 1min});
  auto const shared = tenax::retrying{}.through(std::ref(gate));
  std::vector<std::thread> threads;
  std::atomic<int> elsewhere = 0;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i) shared([&] { ++elsewhere; });
    });
  }
  int ended = 0;
  std::vector<tenax::callback_call> calls;
  auto const start = [&](tenax::callback_reply<int> const& reply) { loop.post([reply] { reply(200); }); };
  for (int i = 0; i < calls_here; ++i) {
    calls.push_back(tenax::callback_retry(shared, std::ref(loop), start, [&](tenax::report<int> const& r) {
      CHECK(r.succeeded());
      ++ended;
    }));
  }
  while (ended < calls_here && loop.run_one()) {
  }
  for (auto& t : threads) t.join();
  CHECK(ended == calls_here);
  CHECK(elsewhere == 200);
  CHECK(gate.running() == 0);
}

TEST_CASE("callback_retry: a call allocates once, and a step nothing") {
  if (!tests::own_operator_new) return;
  struct one_timer {
    tenax::time_point time{};
    tenax::callback_alarm alarm;
    [[nodiscard]] tenax::time_point now() const { return time; }
    void operator()(tenax::duration d, tenax::callback_alarm f) {
      time += d;
      alarm = std::move(f);
    }
  } timer;
  int attempts = 0;
  int ended = 0;
  auto const start = [&](tenax::callback_reply<int> const& reply) {
    reply(++attempts < 4 ? 503 : 200);
    return [] {};
  };
  auto const before = allocations();
  auto const call = tenax::callback_retry<int>(policy.attempt_timeout(1s), std::ref(timer), start,
                                               [&](tenax::report<int> const&) { ++ended; });
  for (int i = 0; i < 3; ++i) timer.alarm();
  auto const after = allocations();
  CHECK(ended == 1);
  CHECK(after - before == 1);
}
