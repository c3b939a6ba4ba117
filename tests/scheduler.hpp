// SPDX-License-Identifier: MIT
// scheduler.hpp: a small coroutine library: a lazy task, and a scheduler in virtual time.
#pragma once

#include <coroutine>
#include <exception>
#include <map>
#include <optional>
#include <utility>

#include <tenax/duration.hpp>
#include <tenax/outcome.hpp>

namespace tests {

/// A coroutine that starts when it is awaited, and resumes the awaiting coroutine when it ends.
template <class T>
class [[nodiscard]] task {
 public:
  struct promise_base {
    std::coroutine_handle<> continuation = std::noop_coroutine();
    std::optional<tenax::outcome<T>> result{};

    struct end {
      bool await_ready() const noexcept { return false; }
      template <class P>
      std::coroutine_handle<> await_suspend(std::coroutine_handle<P> ended) const noexcept {
        return ended.promise().continuation;
      }
      void await_resume() const noexcept {}
    };

    std::suspend_always initial_suspend() const noexcept { return {}; }
    end final_suspend() const noexcept { return {}; }
    void unhandled_exception() { result.emplace(tenax::caught_exception(std::current_exception())); }
  };
  struct value_promise : promise_base {
    template <class U>
    void return_value(U&& value) {
      this->result.emplace(std::forward<U>(value));
    }
    task get_return_object() { return task(std::coroutine_handle<promise_type>::from_promise(self())); }
    auto& self() { return static_cast<typename task::promise_type&>(*this); }
  };
  struct void_promise : promise_base {
    void return_void() { this->result.emplace(); }
    task get_return_object() { return task(std::coroutine_handle<promise_type>::from_promise(self())); }
    auto& self() { return static_cast<typename task::promise_type&>(*this); }
  };
  struct promise_type : std::conditional_t<std::is_void_v<T>, void_promise, value_promise> {};

  task(task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  task& operator=(task&&) = delete;
  ~task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) noexcept {
    handle_.promise().continuation = awaiting;
    return handle_;
  }
  T await_resume() { return std::move(*handle_.promise().result).get(); }

  /// For callers that are not coroutines: start the task, check whether it has ended, and take its result.
  void start() { handle_.resume(); }
  [[nodiscard]] bool done() const { return handle_.done(); }
  T get() { return await_resume(); }

 private:
  explicit task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}

  std::coroutine_handle<promise_type> handle_;
};

/// Resumes coroutines at their time, which jumps from one to the next.
class scheduler {
 public:
  class sleep {
   public:
    sleep(scheduler& s, tenax::duration d) : scheduler_(s), delay_(d) {}
    sleep(sleep&&) = delete;
    ~sleep() {
      if (waits_) scheduler_.waiting_.erase(place_);
    }
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> h) {
      place_ = scheduler_.waiting_.emplace(scheduler_.now_ + delay_, std::pair(h, this));
      waits_ = true;
    }
    void await_resume() const noexcept {}

    /// Lets the scheduler resume the coroutine now.
    void end_now() noexcept {
      if (!waits_) return;
      auto node = scheduler_.waiting_.extract(place_);
      node.key() = scheduler_.now_;
      place_ = scheduler_.waiting_.insert(std::move(node));
    }

   private:
    friend scheduler;
    scheduler& scheduler_;
    tenax::duration delay_;
    std::multimap<tenax::time_point, std::pair<std::coroutine_handle<>, sleep*>>::iterator place_{};
    bool waits_ = false;
  };

  [[nodiscard]] tenax::time_point now() const noexcept { return now_; }
  sleep operator()(tenax::duration d) { return {*this, d}; }

  /// The number of coroutines that wait.
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.size(); }

  /// Resumes all coroutines that wait, in the order of their time, until none waits.
  void run() {
    while (!waiting_.empty()) {
      auto const next = waiting_.extract(waiting_.begin());
      now_ = next.key();
      next.mapped().second->waits_ = false;
      next.mapped().first.resume();
    }
  }

  /// Starts a task and runs until no coroutine waits.
  template <class T>
  T run(task<T> t) {
    t.start();
    run();
    return t.get();
  }

 private:
  tenax::time_point now_{};
  std::multimap<tenax::time_point, std::pair<std::coroutine_handle<>, sleep*>> waiting_{};
};

}  // namespace tests
