// SPDX-License-Identifier: MIT
// tasks.hpp: coroutines in simulated time: a call that waits is an event, not a thread.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <stdexcept>
#include <utility>
#include <vector>

#include <tenax/coroutine.hpp>
#include <tenax/tenax.hpp>

#include "world.hpp"

namespace simulation {

// A coroutine that is not awaited.
template <class T>
struct detached {
  struct promise_type {
    detached get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_value(T const&) const noexcept {}
    [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
  };
};

// Resumes the awaiting coroutine after `delay`.
class pause {
 public:
  pause(world& w, tenax::duration delay) : world_(w), delay_(delay) {}

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> who) { world_.after(delay_, who); }
  void await_resume() const noexcept {}

 protected:
  world& world_;

 private:
  tenax::duration delay_;
};

// The sleep of the calls, and the source of their time and randomness.
struct sleep_in {
  world& w;

  [[nodiscard]] tenax::time_point now() const noexcept { return w.now(); }
  [[nodiscard]] tenax::random_source& random() const noexcept { return w.random(); }
  pause operator()(tenax::duration d) const { return {w, d}; }
};

// A server that may accept a request, and needs 20 to 120 ms for its answer.
class server {
 public:
  server(world& w, std::function<bool(double)> accepts) : world_(w), accepts_(std::move(accepts)) {}

  // One request. Awaiting it throws if it is refused. The exception marks a refusal for gates.
  class request : public pause {
   public:
    explicit request(server& s)
        : pause(s.world_,
                tenax::draw_between(s.world_.random(), std::chrono::milliseconds(20), std::chrono::milliseconds(120))),
          server_(s) {}

    void await_resume() const {
      if (!server_.answer()) throw tenax::retry_after(tenax::duration(0), std::runtime_error("too many requests"));
    }

   private:
    server& server_;
  };
  request ask() { return request(*this); }

  // Requests answered in each second.
  [[nodiscard]] std::vector<std::uint32_t> const& calls() const noexcept { return calls_; }
  [[nodiscard]] std::uint32_t accepted() const noexcept { return accepted_; }
  // When the last request was accepted, in seconds.
  [[nodiscard]] double last() const noexcept { return last_; }

 private:
  bool answer() {
    auto const t = world_.seconds();
    auto const second = static_cast<std::size_t>(t);
    if (calls_.size() <= second) calls_.resize(second + 1);
    ++calls_[second];
    if (!accepts_(t)) return false;
    ++accepted_;
    last_ = t;
    return true;
  }

  world& world_;
  std::function<bool(double)> accepts_;
  std::vector<std::uint32_t> calls_;
  std::uint32_t accepted_ = 0;
  double last_ = 0;
};

inline constexpr int tasks = 500;

// Starts all tasks at the same time. Each is one call with the policy, and a coroutine.
template <class Policy>
void start_tasks(world& w, server& s, Policy const& policy) {
  for (int i = 0; i < tasks; ++i) {
    tenax::coroutine::try_retry<detached>(policy, sleep_in{w}, [&s] { return s.ask(); });
  }
}

}  // namespace simulation
