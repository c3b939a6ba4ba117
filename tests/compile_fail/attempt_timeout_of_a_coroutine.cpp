// expect: tenax: .attempt_timeout() cannot interrupt a coroutine of a library that tenax does not know; let the operation take a `tenax::attempt_info const&` and obey its time_left, or use tenax::asio::async_retry
// SPDX-License-Identifier: MIT
// attempt_timeout_of_a_coroutine.cpp: an attempt's time limit that the driver cannot enforce.
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
  using namespace std::chrono_literals;
  auto const policy = tenax::retrying{}.attempt_timeout(2s);
  auto const sleep = [](tenax::duration) { return std::suspend_never(); };
#ifdef CORRECTED
  tenax::coroutine::retry<task>(policy, sleep, [](tenax::attempt_info const& info) {
    static_cast<void>(info.time_left);
    return ready();
  });
#else
  tenax::coroutine::retry<task>(policy, sleep, [] { return ready(); });
#endif
}
