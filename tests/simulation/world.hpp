// SPDX-License-Identifier: MIT
// world.hpp: discrete-event simulation: time jumps from one event to the next, so that hours of many clients take
// seconds. The library's own engine drives the calls.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <queue>
#include <utility>
#include <vector>

#include <tenax/tenax.hpp>

namespace simulation {

class world {
 public:
  explicit world(std::uint64_t seed = 1) : random_(seed) {}
  world(world const&) = delete;
  world& operator=(world const&) = delete;

  [[nodiscard]] tenax::time_point now() const noexcept { return now_; }
  [[nodiscard]] double seconds() const noexcept {
    return std::chrono::duration<double>(now_.time_since_epoch()).count();
  }
  [[nodiscard]] tenax::seeded_random& random() noexcept { return random_; }

  /// Events at the same time happen in the order in which they were scheduled.
  void after(tenax::duration d, std::function<void()> action) {
    events_.push({now_ + d, planned_++, std::move(action)});
  }

  void run_for(tenax::duration d) {
    auto const end = now_ + d;
    while (!events_.empty() && events_.top().when <= end) {
      auto const next = std::move(const_cast<event&>(events_.top()));
      events_.pop();
      now_ = next.when;
      next.action();
    }
    now_ = end;
  }

 private:
  struct event {
    tenax::time_point when;
    std::uint64_t number;
    std::function<void()> action;
    bool operator<(event const& other) const noexcept {
      return when != other.when ? when > other.when : number > other.number;
    }
  };

  tenax::time_point now_{};
  std::uint64_t planned_ = 0;
  tenax::seeded_random random_;
  std::priority_queue<event> events_;
};

/// A server's answer.
struct reply {
  int status = 200;
  tenax::optional_duration retry_after{};
  tenax::allowance left{};
};

/// One call: the library's engine, waiting in simulated time. `send(answer)` sends a request and later calls
/// `answer(reply)`. `done(reply)` is called at the end of the call, with status 0 if no request was sent.
template <class Policy, class Send, class Done>
class call : public std::enable_shared_from_this<call<Policy, Send, Done>> {
 public:
  call(world& w, Policy const& policy, Send send, Done done)
      : world_(w), loop_(policy, w.now(), &w.random()), send_(std::move(send)), done_(std::move(done)) {}

  void start() { act(loop_.start_attempt(world_.now())); }

 private:
  void act(tenax::decision next) {
    auto const self = this->shared_from_this();
    if (next.starts()) {
      send_([self](reply const& r) {
        self->last_ = r;
        self->act(self->loop_.finish_attempt(tenax::outcome<reply>(r), self->world_.now()));
      });
    } else if (next.waits()) {
      world_.after(next.delay, [self] { self->start(); });
    } else {
      loop_.conclude(tenax::outcome<reply>(last_));
      done_(last_);
    }
  }

  world& world_;
  tenax::retry_loop<Policy const&> loop_;
  Send send_;
  Done done_;
  reply last_{.status = 0};
};

/// Starts a call. `policy` must outlive it.
template <class Policy, class Send, class Done>
void start_call(world& w, Policy const& policy, Send send, Done done) {
  std::make_shared<call<Policy, Send, Done>>(w, policy, std::move(send), std::move(done))->start();
}

}  // namespace simulation

template <>
struct tenax::result_traits<simulation::reply> {
  static constexpr bool can_fail = true;
  static constexpr bool failed(simulation::reply const& r) { return r.status >= 400; }
  static constexpr hint read_hint(simulation::reply const& r) {
    return {.wait = r.retry_after, .throttled = r.status == 429};
  }
  static constexpr allowance quota(simulation::reply const& r) { return r.left; }
};
