// SPDX-License-Identifier: MIT
// async/callback.hpp: `callback_retry`: retries in any event loop that has timers and calls back: libuv, libevent, Qt.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

#include <tenax/async/detail/callback_base.hpp>
#include <tenax/async/detail/callback_state.hpp>
#include <tenax/async/detail/check_callback.hpp>
#include <tenax/retrying.hpp>

namespace tenax {

/// A call that `callback_retry` has started. Destroying it abandons the call: the attempt under way is aborted, the
/// timer is cancelled, gates get back what they granted, and `done` is not called. What calls back later has no effect.
///
/// Thread safety: to be used in the thread of its event loop.
class [[nodiscard]] callback_call {
 public:
  /// No call.
  callback_call() = default;
  // For the library: a call that has begun.
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

  /// Whether the call has not ended yet.
  [[nodiscard]] bool running() const noexcept { return state_ && !state_->ended(); }

  /// Ends the call at once with `stop_reason::cancelled`, and calls `done` before it returns; within a function that
  /// the call itself has called, soon after that function has returned. The result is that of the last attempt;
  /// `tenax::cancelled` if an attempt was under way, which is aborted, or if there was none. Does nothing after the
  /// end.
  void cancel() {
    // `done` may destroy this object.
    if (auto const state = state_) state->cancel();
  }

  /// Lets the call go on without this object. Then it can be cancelled only by the token of its policy. A call whose
  /// attempt never replies, and has no `.attempt_timeout()`, is never freed.
  void detach() && {
    if (state_) state_->detach();
    state_.reset();
  }

  void swap(callback_call& other) noexcept { state_.swap(other.state_); }

 private:
  std::shared_ptr<detail::callback_base> state_;
};

/// Retries an operation that calls back, in any event loop. Returns at once; `done` may be called before that.
/// ```
/// auto const timer = [&](tenax::duration d, auto f) { loop.after(d, f); };
/// auto const start = [&](auto reply) { client.get(url, [reply](page p) { reply(std::move(p)); }); };
/// auto call = tenax::callback_retry(polite, timer, start, [](tenax::report<page> r) { ... });
/// ```
/// - `timer(d, f)` lets the event loop call `f()` once after `d`, which is at most a day; `f` is a `callback_alarm`. If
///   it returns a function, that is called to cancel the timer, unless it has fired. A timer may fire early: the call
///   sets it again for the rest. A timer that fires twice, or after it was cancelled, has no effect. One that never
///   fires holds the call up until it is cancelled.
/// - `start(reply)`, or `start(info, reply)` with a `tenax::attempt_info const&`, starts an attempt; `reply` is a
///   `callback_reply<T>`, and is called once with the result. An exception of `start` is the outcome of the attempt. If
///   `start` returns a function, that is called to abort an attempt that has not replied. It must not throw. If it
///   returns a `T` that is a class, or an `outcome<T>`, that is the outcome of an attempt that took too long.
/// - `done(r)` is called once, with a `tenax::report<T>`. It may destroy the call. `T` need not be named if `done` has
///   a single signature; otherwise write `callback_retry<page>(...)`.
///
/// Optional: `timer.now()` is the clock, otherwise the policy's environment is; `timer.random()` is the source of
/// randomness. `timer.post(f)`, which any thread may call, and which lets the event loop call `f()` soon: with it,
/// gates end waits early, and a `std::stop_token` given to `.cancel_with()` ends the call at once, like
/// `callback_call::cancel`. Without it, gates are asked from time to time, and a token is looked at before and after
/// every wait and attempt. `std::ref` of a timer is accepted.
///
/// An attempt that lasts longer than `.attempt_timeout()` is aborted, and fails with `tenax::attempt_timed_out`, unless
/// the function that aborts it says more. An attempt that never replies lasts until then, or until the call is
/// cancelled. The next attempt does not wait for an aborted one to end. A `std::system_error` with
/// `std::errc::operation_canceled` ends the call as cancelled.
///
/// Replies and timers never nest steps: a call that gets all replies inside `start` is a loop, not a recursion. Copies
/// the policy, allocates once, and destroys the three functions with the call. Exceptions of the policy's callbacks and
/// of `timer` leave through the function that the event loop called, and end the call without `done`.
///
/// Thread safety: everything happens in the thread of the event loop, which is the one that calls this function. A
/// library that calls back in another thread has to post the reply: `loop.post([=] { reply(status); })`.
template <class T = detail::deduced_result, class Policy, class Environment, class Timer, class Start, class Done>
callback_call callback_retry(retrying<Policy, Environment> const& policy, Timer timer, Start start, Done done) {
  using result = typename detail::callback_result<T, Done>::type;
  if constexpr (detail::check_callbacks<false, result, Timer, Start, Done>()) {
    if constexpr (detail::check_result<Policy, result>()) {
      using state = detail::callback_state<result, Policy, Environment, Timer, Start, Done>;
      auto const made = std::make_shared<state>(policy, std::move(timer), std::move(start), std::move(done));
      callback_call call(made);
      made->begin();
      return call;
    } else {
      return {};
    }
  } else {
    return {};
  }
}

}  // namespace tenax
