// expect: tenax: the operation returns nothing that can be awaited; for one that blocks, call the policy itself: policy(f)
// SPDX-License-Identifier: MIT
// coroutine_of_a_blocking_operation.cpp: an operation that returns a number instead of something to await.
#include <coroutine>

#include <tenax/coroutine.hpp>

template <class T>
struct task {
  struct promise_type {
    task get_return_object() { return {}; }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_value(T const&) {}
    void unhandled_exception() {}
  };
};

struct ready {
  bool await_ready() const { return true; }
  void await_suspend(std::coroutine_handle<>) const {}
  int await_resume() const { return 7; }
};

void start() {
  auto const sleep = [](tenax::duration) { return std::suspend_never(); };
#ifdef CORRECTED
  tenax::coroutine::retry<task>(tenax::retrying{}, sleep, [] { return ready(); });
#else
  tenax::coroutine::retry<task>(tenax::retrying{}, sleep, [] { return 7; });
#endif
}
