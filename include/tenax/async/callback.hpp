// SPDX-License-Identifier: MIT
// async/callback.hpp: retries in any event loop that has timers and calls back: libevent, libuv, Qt.
#pragma once

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <tenax/async/detail/callback_state.hpp>
#include <tenax/retrying.hpp>

namespace tenax {

/// A call that `callback_retry` has started. Destroying it abandons the call: the attempt under way is aborted, gates
/// get back what they granted, `done` is not called, and timers and replies that come later have no effect.
///
/// Thread safety: to be used in the thread of its event loop.
class [[nodiscard]] callback_call {
 public:
  callback_call() = default;
  explicit callback_call(std::shared_ptr<detail::callback_base> state) noexcept : state_(std::move(state)) {}
  callback_call(callback_call&&) noexcept = default;
  callback_call& operator=(callback_call&& other) noexcept {
    callback_call(std::move(other)).swap(*this);
    return *this;
  }
  callback_call(callback_call const&) = delete;
  callback_call& operator=(callback_call const&) = delete;
  ~callback_call() {
    if (state_) state_->abandon();
  }

  /// Whether `done` has not been called yet.
  [[nodiscard]] bool running() const noexcept { return state_ && !state_->ended(); }

  /// Ends the call at once, with `stop_reason::cancelled` and the last outcome: calls `done` before it returns. A call
  /// without an outcome, or with an attempt under way, ends with `tenax::cancelled`. Does nothing after the end.
  void cancel() {
    auto const self = state_;
    if (self) self->cancel();
  }

  void swap(callback_call& other) noexcept { state_.swap(other.state_); }

 private:
  std::shared_ptr<detail::callback_base> state_;
};

/// Retries an operation that calls back, in any event loop. `T` is the type of its result.
/// ```
/// auto const timer = [&](tenax::duration d, auto f) { loop.after(d, f); };
/// auto const start = [&](auto reply) { client.get(url, [reply](page p) { reply(p); }); };
/// auto call = tenax::callback_retry<page>(polite, timer, start, [](tenax::report<page> r) { ... });
/// ```
/// - `timer(d, f)` lets the event loop call `f()` once after `d`. `f` is copyable. A timer may fire early: then the call
///   sets it again for the rest. What fires twice, or after the call has ended, has no effect. If `timer` has a function
///   `now()`, that is the clock; otherwise the policy's environment is. If it has `post(f)`, which any thread may call
///   and which lets the event loop call `f()` soon, gates end waits early; otherwise they are asked from time to time.
/// - `start(reply)`, or `start(info, reply)`, starts an attempt. `reply` is copyable, and is called once with the result:
///   `reply(value)`, `reply()` if `T` is void, or `reply.fail(exception)` with a `std::exception_ptr`. It may be called
///   before `start` returns: calls do not nest. The first reply of an attempt counts, and others have no effect. An
///   attempt that never replies lasts until `.attempt_timeout()`, or until the call is cancelled. An exception of
///   `start` is the outcome of the attempt. If `start` returns a function, this is called to abort an attempt that has
///   not replied.
/// - `done(r)` is called once, with a `tenax::report<T>`. It may destroy the call.
///
/// An attempt that lasts longer than `.attempt_timeout()` is aborted, and fails with `tenax::attempt_timed_out`. The
/// token of `.cancel_with()` is looked at before and after attempts and waits; `callback_call::cancel` ends a call at
/// once. Copies the policy and the functions. Allocates once. Exceptions of the policy's callbacks leave through the
/// function that the event loop called, and end the call without `done`.
///
/// Thread safety: everything happens in the thread of the event loop, which is the one that calls this function.
template <class T, class Policy, class Environment, class Timer, class Start, class Done>
callback_call callback_retry(retrying<Policy, Environment> const& policy, Timer timer, Start start, Done done) {
  constexpr bool finishes = std::is_invocable_v<Done&, report<T>>;
  static_assert(finishes, "tenax: the last argument of callback_retry<T>() has to take a tenax::report<T>");
  if constexpr (finishes && detail::check_result<Policy, T>()) {
    using state = detail::callback_state<T, Policy, Environment, Timer, Start, Done>;
    auto const made = std::make_shared<state>(policy, std::move(timer), std::move(start), std::move(done));
    callback_call call(made);
    made->begin(made);
    return call;
  } else {
    return {};
  }
}

}  // namespace tenax
