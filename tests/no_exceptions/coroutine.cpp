// SPDX-License-Identifier: MIT
// coroutine.cpp: a coroutine that is retried by its result, in a build without exceptions.
#include <tenax/coroutine.hpp>

#include <coroutine>
#include <cstdlib>
#include <optional>

#include <tenax/tenax.hpp>

#include "check.hpp"

using namespace std::chrono_literals;

namespace {

int result = 0;

/// A coroutine that is not awaited; its result is in `result`.
template <class T>
struct detached {
  struct promise_type {
    detached get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_value(T value) const noexcept { result = value; }
    void unhandled_exception() const noexcept { std::abort(); }
  };
};

struct answer {
  int value;
  bool await_ready() const noexcept { return true; }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  int await_resume() const noexcept { return value; }
};

/// The coroutines that wait, and for how long.
struct waiting {
  std::coroutine_handle<> who{};
  tenax::duration delay{};
};

struct sleeper {
  waiting& place;
  tenax::duration delay;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> who) const noexcept { place = {who, delay}; }
  void await_resume() const noexcept {}
};

}  // namespace

int main() {
  waiting place;
  int calls = 0;
  auto const policy =
      tenax::retrying{}.when(tenax::when::result([](int n) { return n < 3; })).wait(tenax::wait::constant(2s));
  tenax::coroutine::retry<detached>(
      policy, [&](tenax::duration d) { return sleeper{place, d}; }, [&] { return answer{++calls}; });
  CHECK(calls == 1);
  CHECK(place.delay == 2s);
  place.who.resume();
  CHECK(calls == 2);
  place.who.resume();
  CHECK(result == 3);
  return failed_checks;
}
