// SPDX-License-Identifier: MIT
// async/detail/coroutine_attempt.hpp: an attempt in a coroutine of its own, beside the one that waits for it.
#pragma once

#include <atomic>
#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include <tenax/async/detail/drive_coroutine.hpp>
#include <tenax/async/detail/hedge_token.hpp>
#include <tenax/capture.hpp>
#include <tenax/driver/detail/operation.hpp>
#include <tenax/gate/gate.hpp>
#include <tenax/outcome.hpp>
#include <tenax/platform/stop_token.hpp>

namespace tenax::detail {

/// How far an attempt is.
enum class attempt_stage : unsigned char {
  runs,
  ends,  ///< its coroutine has ended, and is about to say so
  ended  ///< it uses nothing any more
};

/// A coroutine that runs from the start. Its owner destroys it, suspended or ended. When it has ended, it calls a
/// waker.
class attempt_coroutine {
 public:
  struct promise_type {
    template <class F, class Attempt>
    promise_type(F&, attempt_info const&, Attempt& attempt) noexcept : stage(&attempt.stage), wake(attempt.wake) {}

    struct end {
      static constexpr bool await_ready() noexcept { return false; }
      static void await_suspend(std::coroutine_handle<promise_type> h) noexcept {
        auto* const stage = h.promise().stage;
        auto const wake = h.promise().wake;
        stage->store(attempt_stage::ends, std::memory_order_release);
        wake();
        // The owner waits for this, and may destroy everything then, in another thread.
        stage->store(attempt_stage::ended, std::memory_order_release);
      }
      static constexpr void await_resume() noexcept {}
    };

    attempt_coroutine get_return_object() noexcept {
      return attempt_coroutine(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    static std::suspend_never initial_suspend() noexcept { return {}; }
    static end final_suspend() noexcept { return {}; }
    static void return_void() noexcept {}
    [[noreturn]] static void unhandled_exception() noexcept { std::terminate(); }

    std::atomic<attempt_stage>* stage;
    waker wake;
  };

  attempt_coroutine() = default;
  attempt_coroutine(attempt_coroutine&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  attempt_coroutine& operator=(attempt_coroutine&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~attempt_coroutine() {
    if (handle_) handle_.destroy();
  }

 private:
  explicit attempt_coroutine(std::coroutine_handle<promise_type> h) noexcept : handle_(h) {}

  std::coroutine_handle<promise_type> handle_{};
};

/// One attempt under way. Stays where it is.
template <class T>
struct running_attempt {
  std::optional<outcome<T>> result{};
  std::atomic<attempt_stage> stage{attempt_stage::runs};
  waker wake{};
  hedge_token token{};
  bool taken = false;             ///< its end was noticed
  attempt_coroutine coroutine{};  ///< the last member: it uses the others

  template <class... Value>
  void returned(Value&&... value) {
    result.emplace(std::forward<Value>(value)...);
  }
#if defined(__cpp_exceptions)
  void threw(std::exception const* standard) {
    std::type_info const* plain = nullptr;
    result.emplace(stashed_exception::current(standard).take(plain));
  }
#endif
  /// In a loop with several threads, another one may be about to finish: that takes it a few steps.
  [[nodiscard]] bool has_ended() const noexcept {
    auto now = stage.load(std::memory_order_acquire);
    while (now == attempt_stage::ends) now = stage.load(std::memory_order_acquire);
    return now == attempt_stage::ended;
  }
};

template <class T, class F>
attempt_coroutine run_attempt(F& operation, attempt_info const& info, running_attempt<T>& to) {
#if defined(__cpp_exceptions)
  try {
#endif
    if constexpr (std::is_void_v<T>) {
      co_await call_operation(info, operation);
      to.returned();
    } else {
      to.returned(co_await call_operation(info, operation));
    }
#if defined(__cpp_exceptions)
  } catch (std::exception const& e) {
    to.threw(&e);
  } catch (...) {
    to.threw(nullptr);
  }
#endif
}

/// Hears when the token of the call around an attempt is triggered: calls a waker then, if the token can do that.
class outer_token {
 public:
  outer_token(token_view outer, [[maybe_unused]] waker w) : own_{outer} {
#if defined(__cpp_lib_jthread) && !defined(TENAX_WITHOUT_STOP_TOKEN)
    if constexpr (platform::stop_callbacks_are_sound) {
      if (calls_back(outer)) {
        callback_.emplace(*static_cast<std::stop_token const*>(outer.token), w);
      }
    }
#endif
  }

  [[nodiscard]] bool stop_requested() const { return own_.stop_requested(); }

 private:
  seen_token own_;
#if defined(__cpp_lib_jthread) && !defined(TENAX_WITHOUT_STOP_TOKEN)
  std::optional<std::stop_callback<waker>> callback_{};
#endif
};

}  // namespace tenax::detail
