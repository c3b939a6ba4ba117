// SPDX-License-Identifier: MIT
// testing_async.cpp: the snippets about testing asynchronous code in virtual time.
#include <tenax/asio.hpp>

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <tenax/coroutine.hpp>

#include <coroutine>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include <tenax/async/callback.hpp>

#include "../scheduler.hpp"
#include "docs.hpp"

// [asio_clock]
/// A clock that moves only when the test moves it.
struct still_clock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<still_clock>;
  static constexpr bool is_steady = true;

  static time_point now() noexcept { return current; }
  static inline time_point current{};
};

/// Asio asks how long to wait for a timer. No real time passes: it looks again when the loop runs.
template <>
struct asio::wait_traits<still_clock> {
  static still_clock::duration to_wait_duration(still_clock::duration) { return {}; }
  static still_clock::duration to_wait_duration(still_clock::time_point) { return {}; }
};

/// The environment whose timers run on that clock.
struct still_time {
  using clock = still_clock;
  static tenax::time_point now() {
    return tenax::time_point(still_clock::now().time_since_epoch());
  }
  static void sleep(tenax::duration) { throw std::logic_error("no thread may block here"); }
};
// [/asio_clock]

namespace {

constexpr auto steady = tenax::retrying{}
                            .when(tenax::when::exception<network_error>)
                            .wait(tenax::wait::exponential({.base = 1s, .max = 8s}))
                            .stop(tenax::stop::after_attempts(6) || tenax::stop::deadline(20s));

// [loop]
/// An event loop whose time jumps to the next timer.
class virtual_loop {
 public:
  tenax::time_point now() const { return now_; }
  void after(tenax::duration d, std::function<void()> f) {
    timers_.emplace(now_ + d, std::move(f));
  }
  void run() {
    while (!timers_.empty()) {
      auto const next = timers_.extract(timers_.begin());
      now_ = next.key();
      next.mapped()();
    }
  }

 private:
  tenax::time_point now_{};
  std::multimap<tenax::time_point, std::function<void()>> timers_;
};
// [/loop]

}  // namespace

TEST_CASE("testing: Asio in virtual time") {
  // [asio]
  asio::io_context io;
  auto const down = []() -> asio::awaitable<int> {
    throw network_error("connection refused");
    co_return 0;
  };
  std::optional<tenax::report<int>> ended;
  tenax::asio::async_try_retry(io, steady.environment(still_time()), down,
                               [&](tenax::report<int> r) { ended.emplace(std::move(r)); });
  while (!ended) {
    io.restart();
    io.poll();                    // everything that can run now
    still_clock::current += 1ms;  // then a millisecond passes
  }
  CHECK(ended->reason == tenax::stop_reason::deadline);
  CHECK(ended->elapsed == 15s);
  // [/asio]
}

TEST_CASE("testing: coroutines in virtual time") {
  using tests::task;
  // [coroutine]
  virtual_time clock;
  auto const sleep = [&](tenax::duration d) {
    clock.sleep(d);
    return std::suspend_never();  // something to co_await that does not wait
  };
  script<int> down;
  down.throws(network_error("connection refused")).repeats_last();
  auto const fetch = [&]() -> task<int> { co_return down(); };

  auto call = tenax::coroutine::try_retry<task>(steady.environment(std::ref(clock)), sleep, fetch);
  // [/coroutine]
  call.start();
  REQUIRE(call.done());
  auto const report = call.get();
  CHECK(report.reason == tenax::stop_reason::deadline);
  CHECK(report.elapsed == 15s);
  CHECK(clock.sleeps() == std::vector<tenax::duration>{1s, 2s, 4s, 8s});
}

TEST_CASE("testing: callbacks in virtual time") {
  // [callback]
  virtual_loop loop;
  struct timers {
    virtual_loop* loop;
    void operator()(tenax::duration d, tenax::callback_alarm f) const { loop->after(d, f); }
    tenax::time_point now() const { return loop->now(); }
  };
  auto const start = [&](tenax::callback_reply<int> reply) {
    loop.after(10ms, [reply] { reply.fail(network_error("connection refused")); });
  };
  std::optional<tenax::report<int>> ended;
  auto const done = [&](tenax::report<int> r) { ended.emplace(std::move(r)); };

  auto const call = tenax::callback_retry<int>(steady, timers{&loop}, start, done);
  loop.run();
  CHECK(ended->reason == tenax::stop_reason::deadline);
  CHECK(ended->elapsed == 15s + 5 * 10ms);  // five attempts of 10 ms
  // [/callback]
}
