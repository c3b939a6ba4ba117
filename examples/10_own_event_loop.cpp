// SPDX-License-Identifier: MIT
// 10_own_event_loop.cpp: shows the engine, retry_loop, in your own event loop: two calls, one thread, no sleep.
#include <chrono>
#include <cstdio>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include <tenax/tenax.hpp>

using namespace std::chrono_literals;

// A tiny event loop: actions in the order of their time. It jumps from one to the next instead of waiting for it; a
// real one would block in epoll_wait().
class event_loop {
 public:
  tenax::time_point now() const { return now_; }

  void after(tenax::duration delay, std::function<void()> action) { timers_.emplace(now_ + delay, std::move(action)); }

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

constexpr auto policy = tenax::retrying{}
                            .when(tenax::when::result([](int status) { return status == 503; }))
                            .wait(tenax::wait::exponential({.base = 100ms, .max = 1s}))
                            .stop(tenax::stop::after_attempts(4) || tenax::stop::deadline(1s));

// One request that answers 503 until `good_from`, and answers after `latency`.
class request {
 public:
  request(event_loop& loop, std::string name, std::uint32_t good_from, tenax::duration latency)
      : loop_(loop), name_(std::move(name)), good_from_(good_from), latency_(latency), retry_(policy, loop.now()) {
    follow(retry_.start_attempt(loop_.now()));
  }

 private:
  // Carries out the engine's decision. Both steps may decide to stop: the timer may fire too late for the deadline.
  void follow(tenax::decision next) {
    if (next.starts()) loop_.after(latency_, [this] { answered(retry_.info().number < good_from_ ? 503 : 200); });
    if (next.waits()) loop_.after(next.delay, [this] { follow(retry_.start_attempt(loop_.now())); });
    if (next.stops()) end(last_ ? *last_ : retry_.unstarted<int>());
  }

  void answered(int status) {
    std::printf("%4d ms  %-4s attempt %u: %d\n", now(), name_.c_str(), retry_.info().number, status);
    last_.emplace(status);
    follow(retry_.finish_attempt(*last_, loop_.now()));
  }

  void end(tenax::outcome<int> const& result) {
    retry_.conclude(result);
    std::printf("%4d ms  %-4s done: %s\n", now(), name_.c_str(), to_string(retry_.reason()));
  }

  int now() const { return static_cast<int>(loop_.now().time_since_epoch() / 1ms); }

  event_loop& loop_;
  std::string name_;
  std::uint32_t good_from_;
  tenax::duration latency_;
  tenax::retry_loop<decltype(policy) const&> retry_;
  std::optional<tenax::outcome<int>> last_;
};

int main() {
  event_loop loop;
  request quick(loop, "cat", 3, 20ms);
  request slow(loop, "dog", 9, 130ms);
  loop.run();
}
