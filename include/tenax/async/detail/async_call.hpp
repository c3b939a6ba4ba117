// SPDX-License-Identifier: MIT
// async/detail/async_call.hpp: the part of asynchronous calls that all drivers share: everything but waits and
// attempts.
#pragma once

#include <exception>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include <tenax/driver/detail/blocking.hpp>
#include <tenax/driver/detail/retries.hpp>
#include <tenax/platform/compiler.hpp>
#include <tenax/report.hpp>
#include <tenax/retry_loop.hpp>

namespace tenax::detail {

/// One call: its loop, and the last attempt's outcome. It is stored with the call, in a coroutine's frame or an
/// operation's state. A driver calls `start`, carries out each decision until `stops()`, and then takes the `result`.
/// `Policy` is a value, or a reference to an object that lives as long. The driver owns the environment, and passes it
/// to every step: a reference to it would make every waiting call larger. `Timed`: the call reads the clock even if the
/// policy does not use time, for a report.
template <class T, class Policy, class World, bool Timed>
class async_call {
  using policy_type = std::remove_cvref_t<Policy>;
  using loop = retry_loop<Policy, policy_type::uses_time || Timed>;

 public:
  async_call(Policy policy, World& world)
      : async_call(start_of<loop::reads_clock, Timed>(policy, world), policy, world) {}

  async_call(async_call const&) = delete;
  async_call& operator=(async_call const&) = delete;
  ~async_call() { forget_last(); }

  /// The first step, and the step after every wait.
  [[nodiscard]] decision start(World& world, waker w = {}) { return start_next<Timed>(loop_, world, w); }

  /// Begins an attempt and returns its numbers, if the operation takes them. Destroys the last outcome, so that two
  /// outcomes never exist at the same time.
  template <bool TakesInfo>
  [[nodiscard]] auto begin_attempt() {
    forget_last();
    if constexpr (TakesInfo) {
      return loop_.info();
    } else {
      return nothing();
    }
  }

  /// Stores the value of the attempt.
  template <class... Value>
  void returned(Value&&... value) {
    forget_last();
    ::new (static_cast<void*>(std::addressof(last_.result))) outcome<T>(std::forward<Value>(value)...);
    has_last_ = true;
  }
  void threw(caught_exception exception) { returned(std::move(exception)); }
#if defined(__cpp_exceptions)
  /// Stores the current exception; called in a catch block. `standard`: the exception, if it is a `std::exception`.
  TENAX_COLD void threw(std::exception const* standard) {
    std::type_info const* plain = likely_type<typename policy_type::when_type>;
    threw(stashed_exception::current(standard).take(plain));
    if constexpr (requires { World::system_error_in(*standard); }) {
      if (standard == nullptr) return;
      auto const* const error = World::system_error_in(*standard);
      if (error != nullptr && World::says_cancelled(*error)) mark_cancelled();
    }
  }
#endif

  /// The step after an attempt. If only another attempt can follow the wait, this outcome is not needed any more, and
  /// is destroyed before the wait.
  [[nodiscard]] decision finish_attempt(World& world) {
    if constexpr (can_stop<typename policy_type::token_type>) {
      if (asked_to_stop(policy().token)) mark_cancelled();
    }
    auto const next = finish_one<Timed>(loop_, last_.result, world);
    if (next.waits()) {
      if constexpr (!loop::can_end_unstarted) {
        forget_last();
      } else if constexpr (can_release<T>) {
        release(last_.result);
      }
    }
    return next;
  }

  /// Takes the step after an attempt, or the first step of the call.
  [[nodiscard]] decision step(World& world) { return has_last_ ? finish_attempt(world) : start(world); }

  /// Returns how the call ended. Call it once, after a decision to stop.
  [[nodiscard]] outcome<T>&& result() {
    if constexpr (loop::can_end_unstarted) {
      if (!has_last_) never_started();
    }
    loop_.conclude(last_.result);
    return std::move(last_.result);
  }
  [[nodiscard]] report<T> report_result() {
    auto&& last = result();
    auto const why = loop_.refusal();
    report<T> r{std::move(last), loop_.reason(),      loop_.attempts(), loop_.elapsed(),
                loop_.waited(),  loop_.server_wait(), why.reason,       "",
                why.retry_after};
    set_name(loop_.policy().limits, r);
    return r;
  }

  /// Returns the numbers of the current attempt.
  [[nodiscard]] attempt_info info() const noexcept { return loop_.info(); }

  /// Returns the outcome of the last attempt.
  [[nodiscard]] outcome<T>& last() noexcept { return last_.result; }

  [[nodiscard]] auto const& policy() const noexcept { return loop_.policy(); }

 private:
  async_call(time_point start, Policy& policy, World& world)
      : loop_(static_cast<Policy&&>(policy), start, random_of(world)) {}

  /// Marks the outcome as a cancellation, which says nothing about the server. An attempt that fails after the call was
  /// asked to stop was most likely cancelled, whatever exception its library throws.
  TENAX_COLD void mark_cancelled() {
    auto const* const caught = last_.result.caught();
    if (caught == nullptr || caught->hinted() != nullptr) return;
    threw(caught_exception(caught->pointer(), caught->standard(), &cancelled_mark));
  }

  TENAX_COLD void never_started() { returned(loop_.template unstarted<T>()); }

  void forget_last() noexcept {
    if (!has_last_) return;
    has_last_ = false;
    last_.result.~outcome<T>();
  }

  // The flag has its place in the padding of the loop.
  TENAX_NO_UNIQUE_ADDRESS loop loop_;
  bool has_last_ = false;
  outcome_slot<T> last_{};
};

}  // namespace tenax::detail
